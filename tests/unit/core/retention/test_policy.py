"""The policy of retention: what the inventory may say, what deploy writes, and what a host believes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from freqops.core.base.errors import Refused
from freqops.core.base.strict_json import Unreadable
from freqops.core.preflight.fleet import Fleet
from freqops.core.retention import policy
from freqops.core.retention.policy import Policy
from freqops.plays.preflight import declared

ROOT = Path(__file__).parents[4]


def test_the_defaults_are_those_of_the_role() -> None:
    defaults = yaml.safe_load((ROOT / "roles/host/defaults/main.yml").read_text())
    kept = {name[len(policy.PREFIX) :]: value for name, value in defaults.items() if name.startswith(policy.PREFIX)}
    assert Policy(**kept) == Policy()
    written = yaml.safe_load((ROOT / "roles/host/vars/main.yml").read_text())["__host_retention"]
    assert list(written) == list(Policy().to_json())
    assert all(f"{policy.PREFIX}{name} |" in written[name] for name in policy.NAMES)


def test_what_deploy_writes_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "retention.json"
    wanted = Policy(log_days=0, run_days=7, runs=0, incident_days=30, removed_dump_days=3650, releases=2)
    path.write_text(json.dumps(wanted.to_json()))
    assert policy.load(path) == wanted


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 2}, {"version": True}, {"log_days": 6}, {"log_days": -1}, {"log_days": "30"}, {"log_days": True},
        {"run_days": 1.5}, {"incident_days": 36_501}, {"runs": -1}, {"releases": 1}, {"releases": 6}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_policy_that_is_none_is_never_replaced_by_the_defaults(tmp_path: Path, changed: dict[str, Any]) -> None:
    path = tmp_path / "retention.json"
    path.write_text(json.dumps({**Policy().to_json(), **changed}))
    with pytest.raises(Unreadable, match=r"retention\.json"):
        policy.load(path)


def test_a_policy_that_is_missing_says_what_writes_it(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"it is missing; deploy\.yml writes it"):
        policy.load(tmp_path / "retention.json")


@pytest.mark.parametrize(("name", "value"), [("log_days", 3), ("releases", 1), ("runs", -5)])
def test_an_inventory_with_a_value_that_is_none_is_refused(name: str, value: int) -> None:
    fleet = Fleet({"paper-1": {f"host_keep_{name}": value}}, {}, declared(ROOT / "roles"))
    [refusal] = policy.judge(fleet)
    assert f"host_keep_{name} is {value}" in refusal.line
    assert "allowed are" in refusal.line


def test_an_inventory_that_says_nothing_has_the_defaults() -> None:
    assert list(policy.judge(Fleet({"paper-1": {}}, {}, declared(ROOT / "roles")))) == []
    with pytest.raises(Refused):
        policy.checked("runs", None)
