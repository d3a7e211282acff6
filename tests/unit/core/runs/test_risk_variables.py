"""The RISK_* variables: one table, and the page, the inventory and the file on the host that must say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base.errors import Refused
from freqops.core.base.strict_json import Unreadable
from freqops.core.preflight.fleet import BOTS
from freqops.core.preflight.renamed import OF_THE_RUNBOOK, PREFIXES
from freqops.core.runs import declared_risk, risk_variables
from freqops.core.runs.risk_variables import OF_A_BOT, OF_A_HOST, VARIABLES, HostRisk
from tests.unit.core.preflight.fleets import KNOWN, ROOT, fleet, inventory

RUNBOOKS = {
    "RISK_MAX_CONCURRENT_BACKTESTS", "RISK_CONCURRENCY_TTL_SEC", "RISK_STATE_DIR", "RISK_CIRCUIT_BREAKER_FILE",
    "RISK_ALLOW_WHEN_CB", "RISK_MAX_BACKTEST_DRAWDOWN_PCT", "RISK_DB_PATH", "RISK_LIVE_MAX_CONCURRENT_TRADES",
    "RISK_LIVE_MAX_PER_MARKET_EXPOSURE_PCT",
}  # fmt: skip
TYPES = {"whole number": "int", "fraction": "float"}
HOST_VARIABLES = [variable for variable in VARIABLES if variable.kind == OF_A_HOST]
WHOLE = HostRisk(2, 600, 0.2, 3)


def test_all_of_the_runbook_are_there_once() -> None:
    assert sorted(variable.name for variable in VARIABLES if variable.name) == sorted(RUNBOOKS)


def test_the_page_has_the_table() -> None:
    page = (ROOT / "docs" / "risk.md").read_text()
    rows = [
        f"| {f'`{each.name}`' if each.name else '-'} | `{each.here}`{' of a bot' if each.kind == OF_A_BOT else ''} | "
        f"{each.type} | {each.unit or '-'} | {each.default} | {each.acts} |"
        for each in VARIABLES
    ]
    assert re.findall(r"^\| (?:`RISK|-).*$", page, re.MULTILINE) == rows


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.here)
def test_the_inventory_has_it_where_the_table_says(variable: risk_variables.RiskVariable) -> None:
    places = {OF_A_HOST: KNOWN, OF_A_BOT: KNOWN[BOTS]["options"]}
    for kind, place in places.items():
        assert (variable.here in place) == (variable.kind == kind)
    if variable.kind in places:
        spec = places[variable.kind][variable.here]
        assert spec["type"] == TYPES[variable.type]
        if "default" in spec:
            assert variable.default.partition(":")[0] == f"{spec['default']:g}"


def test_defaults_are_those_of_the_roles() -> None:
    assert risk_variables.of_host({each.here: KNOWN[each.here]["default"] for each in HOST_VARIABLES}) == HostRisk()


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("host_risk_max_backtest_drawdown", 25, "25 is above 1, and thresholds are fractions; 25 % is written 0.25"),
        ("host_risk_max_backtest_drawdown", 1.05, "1.05 % is written 0.0105"),
        ("host_risk_max_backtest_drawdown", -0.1, "write a number above 0 and up to 1"),
        ("host_risk_max_concurrent_backtests", 0, "write a whole number from 1 to 1000"),
        ("host_risk_max_concurrent_backtests", -2, "write a whole number from 1 to 1000"),
        ("host_risk_concurrency_ttl_sec", 0, "write a whole number from 1 to 86400"),
        ("host_risk_backtest_drawdown_runs", 1001, "write a whole number from 1 to 1000"),
    ],
)
def test_a_value_that_is_none_is_refused_with_its_place(name: str, value: Any, why: str) -> None:
    hosts = inventory()
    hosts["paper-1"][name] = value
    [refusal] = declared_risk.judge(fleet(hosts))
    assert refusal.line.startswith(f"paper-1: {name}: ")
    assert why in refusal.line
    assert refusal.paths == ((name,),)


def test_a_sound_inventory_has_no_objection() -> None:
    hosts = inventory()
    hosts["paper-1"] |= {"host_risk_max_backtest_drawdown": 0.2, "host_risk_max_concurrent_backtests": 2}
    assert list(declared_risk.judge(fleet(hosts))) == []


@pytest.mark.parametrize("name", sorted(RUNBOOKS))
def test_a_name_of_the_runbook_is_refused_with_what_stands_for_it(name: str) -> None:
    hosts = inventory()
    hosts["paper-1"][name] = 0.2
    [refusal] = declared_risk.judge(fleet(hosts))
    here = next(variable.here for variable in VARIABLES if variable.name == name)
    assert f"{name} is the runbook's name, and is read by nothing" in refusal.line
    assert here in refusal.line
    assert name.startswith(OF_THE_RUNBOOK)
    assert OF_THE_RUNBOOK in PREFIXES, "so that it is looked at"


# --- the file on the host


def rendered(**given: Any) -> Any:
    """Return what the role writes, by its own template and defaults."""
    role = ROOT / "roles" / "host"
    values = {**yaml.safe_load((role / "defaults/main.yml").read_text()), **given}
    template = yaml.safe_load((role / "vars/main.yml").read_text())["__host_risk"]
    environment = jinja2.nativetypes.NativeEnvironment()
    return {
        name: environment.from_string(text).render(values) if isinstance(text, str) else text
        for name, text in template.items()
    }


def test_the_role_writes_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "risk.json"
    for given_values, expected in (({}, HostRisk()), (
        {"host_risk_max_backtest_drawdown": 0.2, "host_risk_backtest_drawdown_runs": 3,
         "host_risk_max_concurrent_backtests": 2, "host_risk_concurrency_ttl_sec": "600"}, WHOLE,
    )):  # fmt: skip
        path.write_text(json.dumps(rendered(**given_values)))
        assert risk_variables.load(path) == expected


@given(
    st.builds(
        HostRisk, st.integers(1, 1000), st.integers(1, 86_400), st.none() | st.floats(0.001, 1), st.integers(1, 1000)
    )
)
def test_what_is_written_is_read(risk: HostRisk) -> None:
    path = Path("/dev/shm") / f"freqops-risk-{id(risk)}.json"  # noqa: S108  a file in memory
    path.write_text(json.dumps(risk.to_json()))
    try:
        assert risk_variables.load(path) == risk
    finally:
        path.unlink()


@pytest.mark.parametrize(
    "document",
    [
        None, [], {}, {**WHOLE.to_json(), "more": 1}, {**WHOLE.to_json(), "version": 2},
        {**WHOLE.to_json(), "version": True}, {**WHOLE.to_json(), "max_backtest_drawdown": 20},
        {**WHOLE.to_json(), "max_backtest_drawdown": True}, {**WHOLE.to_json(), "backtest_drawdown_runs": 0},
        {**WHOLE.to_json(), "concurrency_ttl_sec": "900"}, {**WHOLE.to_json(), "max_concurrent_backtests": 1.5},
    ],
)  # fmt: skip
def test_anything_else_is_unreadable(tmp_path: Path, document: Any) -> None:
    (tmp_path / "risk.json").write_text(json.dumps(document))
    with pytest.raises(Unreadable):
        risk_variables.load(tmp_path / "risk.json")


def test_a_missing_file_is_not_one_without_a_guard(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="missing"):
        risk_variables.load(tmp_path / "risk.json")


def test_only_what_is_declared_is_refused() -> None:
    with pytest.raises(Refused, match="host_risk_concurrency_ttl_sec: '900' is not allowed"):
        risk_variables.of_host({"host_risk_concurrency_ttl_sec": "900"})
