"""The module of retention: what it asks of freqops-host, and how it passes on its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freqops.core.retention.answer import Retained
from freqops.core.retention.things import GOES, GONE, LEFT, LOGS, Thing
from freqops.hostctl import cli
from library import freqops_retention
from tests.unit.library.conftest import Run

GIVEN = {"incident": "20260102T030405Z-retention-9f3c21", "reason": "it's; $(full)", "actor": "maria"}
OLD = Thing(LOGS, "bots/alpha/var/logs/freqtrade.log.3", 5, "its last line is old", (), "alpha")


@pytest.fixture
def answers(stub: Callable[..., tuple[str, Path]], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    def give(document: Any, status: int = 0) -> Path:
        tool, noted = stub(json.dumps(document), status)
        monkeypatch.setattr("library.freqops_retention.host_command.TOOL", tool)
        return noted

    return give


def said(verdict: str, *, looked: bool = False) -> dict[str, Any]:
    found = Retained(looked=looked, changed=verdict in (GOES, GONE))
    found.add(OLD, verdict)
    return found.to_json()


def test_it_says_what_went(run: Run, answers: Callable[..., Path]) -> None:
    noted = answers(said(GONE))
    done = run(freqops_retention, only="logs", bots=["alpha", "beta"], **GIVEN)
    assert (done["changed"], done["rows"][0]["name"]) == (True, OLD.name)
    assert "ALL PROVEN" in done["lines"]
    assert "--accept-clock" not in noted.read_text().splitlines()
    words = noted.read_text().splitlines()
    assert words == [
        "retention", "--json", "--incident=20260102T030405Z-retention-9f3c21", "--reason=it's; $(full)",
        "--actor=maria", "--only=logs", "--bots=alpha,beta",
    ]  # fmt: skip
    assert cli._parser(words).parse_args(words).bots == "alpha,beta"


def test_that_the_clock_is_right_is_passed_on(run: Run, answers: Callable[..., Path]) -> None:
    noted = answers(said(GONE))
    run(freqops_retention, accept_clock=True, **GIVEN)
    words = noted.read_text().splitlines()
    assert cli._parser(words).parse_args(words).accept_clock is True


def test_a_check_only_looks_and_says_what_would_go(run: Run, answers: Callable[..., Path]) -> None:
    noted = answers(said(GOES, looked=True))
    done = run(freqops_retention, check=True, **GIVEN)
    assert done["changed"] is True
    assert "--look" in noted.read_text().splitlines()
    answers(Retained(looked=True).to_json())
    assert run(freqops_retention, check=True, **GIVEN)["changed"] is False


def test_what_acted_instead_of_looking_is_a_failure(run: Run, answers: Callable[..., Path]) -> None:
    answers(said(GONE))
    assert run(freqops_retention, check=True, **GIVEN)["failed"] is True
    answers(said(GOES, looked=True))
    assert run(freqops_retention, **GIVEN)["failed"] is True


def test_what_was_not_removed_is_a_failure(run: Run, answers: Callable[..., Path]) -> None:
    answers(said(LEFT), 2)
    done = run(freqops_retention, **GIVEN)
    assert done["failed"] is True
    assert done["msg"].startswith(f"NOT PROVEN: logs: {OLD.name}")
    answers({"refused": "another retention is under way on this host"}, 1)
    assert "under way" in run(freqops_retention, **GIVEN)["msg"]
