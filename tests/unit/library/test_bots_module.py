"""freqops_bots: what it asks of freqops-host, its rows, and how it fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from library import freqops_bots
from tests.unit.library.conftest import Run
from tests.unit.library.test_host_command_modules import Stub, use

WORDS = {"incident": "20260102T030405Z-bots-9f3c21", "reason": "it's; $(over)", "actor": "maria"}
DONE = {"bot": "alpha", "outcome": "running", "changed": True, "proven": True, "level": 0, "detail": ["1 open trade"]}
REFUSED = {**DONE, "bot": "beta", "outcome": "refused", "changed": False, "proven": False, "detail": ["held"]}
OPTIONS = [f"--{name}={value}" for name, value in WORDS.items()]


def said(*rows: dict[str, Any]) -> str:
    return json.dumps({"version": 1, "bots": list(rows)})


def test_it_names_the_action_bots_incident_reason_and_actor(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, noted = stub(said(DONE))
    use(monkeypatch, freqops_bots, tool)
    answer = run(freqops_bots, action="restart", bots=["alpha", "beta"], **WORDS)
    assert (answer["changed"], answer["bots"]) == (True, [DONE])
    assert answer["lines"] == [
        "bot    outcome  changed  proven  level",
        "-----  -------  -------  ------  -----",
        "alpha  running  true     yes     0",
        "alpha: 1 open trade",
    ]
    assert noted.read_text().splitlines() == ["bots", "restart", "alpha,beta", *OPTIONS]


def test_a_check_only_looks_and_says_that_trades_may_stay_open(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, noted = stub(said({**DONE, "outcome": "would stop"}))
    use(monkeypatch, freqops_bots, tool)
    answer = run(freqops_bots, check=True, action="stop", bots=["alpha"], unmanaged_ok=True, **WORDS)
    assert answer["changed"]
    assert noted.read_text().splitlines() == ["bots", "stop", "alpha", *OPTIONS, "--unmanaged-ok", "--look"]


@pytest.mark.parametrize(
    ("check", "title"), [(False, "NOT DONE WITH ALL BOTS"), (True, "IT WOULD NOT BE DONE WITH ALL BOTS")]
)
def test_one_that_is_not_proven_fails_all_and_each_has_its_row(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, check: bool, title: str
) -> None:
    tool, _ = stub(said(DONE, REFUSED), 1)
    use(monkeypatch, freqops_bots, tool)
    answer = run(freqops_bots, check=check, action="start", bots=["alpha", "beta"], **WORDS)
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert answer["msg"].splitlines()[0] == title
    assert "beta   refused  false    NO      0" in answer["msg"].splitlines()


def test_a_refusal_as_a_whole_says_why(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, _ = stub(json.dumps({"refused": "unknown bot gamma"}), 1)
    use(monkeypatch, freqops_bots, tool)
    answer = run(freqops_bots, action="start", bots=["gamma"], **WORDS)
    assert (answer["failed"], answer["changed"], answer["msg"]) == (True, False, "unknown bot gamma")


def test_an_action_that_there_is_not_is_refused(run: Run) -> None:
    answer = run(freqops_bots, action="pause", bots=["alpha"], **WORDS)
    assert (answer["failed"], "pause" in answer["msg"]) == (True, True)
