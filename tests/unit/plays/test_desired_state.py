"""One fingerprint of everything that a deploy would bring: any change of it is another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from freqops.plays import desired_state, fleet

ROOT = Path(__file__).parents[3]
NAMES = ("freqtrade_bots", "freqtrade_packages", "secrets_exchange", "host_operators")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in (*desired_state.CODE, "strategies"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.py").write_text(name)
    desired_state.code.cache_clear()
    return tmp_path


def fingerprint(project: Path, **variables: Any) -> str:
    desired_state.code.cache_clear()
    return desired_state.fingerprint(variables, NAMES, project)


def test_the_same_is_the_same_and_what_no_role_reads_does_not_count(project: Path) -> None:
    assert fingerprint(project, host_operators=["a"]) == fingerprint(project, host_operators=["a"], other=1)


@pytest.mark.parametrize("name", desired_state.CODE)
def test_any_change_of_code_counts(project: Path, name: str) -> None:
    before = fingerprint(project)
    (project / name / "a.py").write_text("changed")
    assert fingerprint(project) != before


def test_variables_and_secrets_count(project: Path) -> None:
    assert len({fingerprint(project, secrets_exchange={"a": {"key": key}}) for key in "xyz"}) == 3
    assert fingerprint(project, host_operators=[]) != fingerprint(project)


def test_strategies_and_packages_that_are_named_count(project: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "S.py").write_text("code")
    (tmp_path / "packages.txt").write_text("a")
    variables: dict[str, Any] = {
        "freqtrade_bots": [{"name": "a"}, {"name": "b", "strategy_dir": str(own)}],
        "freqtrade_packages": str(tmp_path / "packages.txt"),
    }
    seen = {fingerprint(project, **variables)}
    (own / "S.json").write_text("{}")
    seen.add(fingerprint(project, **variables))
    (project / "strategies/a.py").write_text("changed")
    seen.add(fingerprint(project, **variables))
    (tmp_path / "packages.txt").unlink()
    seen.add(fingerprint(project, **variables))
    assert len(seen) == 4


def test_every_variable_of_every_role_counts() -> None:
    names = fleet.role_inputs(ROOT / "roles")
    seen = {
        desired_state.fingerprint({name: "changed"}, names, ROOT)
        for name in names - {"freqtrade_bots", "freqtrade_packages"}
    }
    assert len(seen) == len(names) - 2
