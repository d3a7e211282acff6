"""The module that runs backups: what it asks of the host, and what fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup.answer import Answer, Row
from freqops.hostctl import cli
from library import freqops_backup
from tests.unit.library.conftest import Run

Stub = Callable[..., tuple[str, Path]]
WELL = Answer("run", [Row("local", proven=True, changed=True, detail=["said"])])


@pytest.fixture
def answers(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    def give(document: Any, status: int = 0) -> Path:
        tool, noted = stub(json.dumps(document), status)
        monkeypatch.setattr("library.freqops_backup.host_command.TOOL", tool)
        return noted

    return give


def test_it_asks_for_what_is_wanted_and_shows_what_came_of_it(run: Run, answers: Callable[..., Path]) -> None:
    noted = answers(WELL.to_json())
    done = run(freqops_backup, action="export", only="trades", to="/root/out", repository="local")
    assert (done["changed"], done["lines"]) == (True, ["local: said"])
    words = noted.read_text().splitlines()
    assert words == ["backup", "export", "--json", "--only=trades", "--repository=local", "--to=/root/out"]
    assert cli._parser(words).parse_args(words).action == "export"
    noted = answers(WELL.to_json())
    run(freqops_backup, action="check", read_data=True)
    assert noted.read_text().splitlines() == ["backup", "check", "--json", "--read-data"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (Answer("run", [Row("local", problems=["boom"])]).to_json(), "NOT PROVEN: local: boom"),
        (Answer("run").to_json(), "NOT PROVEN: no repository was touched"),
        ({**Answer("run", [Row("local", problems=["boom"])]).to_json(), "exit": 0}, "is understood"),
        ({"repositories": 1, "action": "run", "exit": 0}, "is understood"),
        ({"refused": "another backup is under way"}, "another backup is under way"),
    ],
)
def test_what_is_not_proven_fails(run: Run, answers: Callable[..., Path], document: Any, said: str) -> None:
    answers(document, 2)
    done = run(freqops_backup)
    assert done["failed"] is True
    assert said in done["msg"]


def test_a_check_does_nothing_but_list(run: Run, answers: Callable[..., Path]) -> None:
    noted = answers(WELL.to_json())
    assert "NOTHING DONE" in run(freqops_backup, check=True)["msg"]
    assert not noted.exists()
    assert "failed" not in run(freqops_backup, check=True, action="list")
