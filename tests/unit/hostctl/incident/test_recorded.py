"""Commands under an incident: what ran leaves a journal and a record, proven or not; what was refused, nothing."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import NotProven, Refused
from freqops.core.bot import layout
from freqops.hostctl.incident.journal import Journal
from freqops.hostctl.incident.recorded import Act, Command
from tests.unit.fakes import FakeClock, make_bot

SECRET = "s" * 20


@pytest.fixture
def command(tmp_path: Path) -> Command:
    home = make_bot(tmp_path, mode="live")
    (home / "conf" / "secrets.json").write_text(json.dumps({"exchange": {"secret": SECRET}}))
    return Command("flatten", layout.load_bot(home), "one", "why", "ann@host")


def under(command: Command, root: Path, act: Act) -> dict[str, Any]:
    return command.under(root, act, FakeClock(), "flat")


def files(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (root / "incidents").glob("one/*")}


def asks(journal: Journal) -> None:
    journal.note("act", "exchange", f"sell with {SECRET}")


@pytest.mark.parametrize("flat", [True, False])
def test_what_ran_is_written_down_proven_or_not(command: Command, tmp_path: Path, flat: bool) -> None:
    def act(journal: Journal) -> dict[str, Any]:
        asks(journal)
        return {"flat": flat, "sold": [1]}

    assert under(command, tmp_path, act) == {"flat": flat, "sold": [1], "detail": []}
    host = socket.gethostname()
    found = files(tmp_path)
    record = json.loads(found.pop(f"{host}-flatten-alpha-20260102T030405Z.json"))
    assert record == {
        "version": 1, "command": "flatten", "host": host, "bot": "alpha", "incident": "one", "reason": "why",
        "actor": "ann@host", "began": "2026-01-02T03:04:05Z", "ended": "2026-01-02T03:04:05Z", "proven": flat,
        "result": {"flat": flat, "sold": [1]},
    }  # fmt: skip
    assert list(found) == [f"{host}-alpha-flatten-20260102T030405Z.jsonl"]
    assert SECRET not in next(iter(found.values()))


def test_what_is_not_proven_is_written_down_and_raised(command: Command, tmp_path: Path) -> None:
    def act(journal: Journal) -> dict[str, Any]:
        asks(journal)
        raise NotProven("nobody knows")

    with pytest.raises(NotProven, match="nobody knows"):
        under(command, tmp_path, act)
    found = files(tmp_path)
    record = next(json.loads(text) for name, text in found.items() if name.endswith(".json"))
    assert (record["proven"], record["result"], len(found)) == (False, {"not_proven": "nobody knows"}, 2)


def test_what_was_refused_leaves_nothing(command: Command, tmp_path: Path) -> None:
    def act(_journal: Journal) -> dict[str, Any]:
        raise Refused("busy")

    with pytest.raises(Refused):
        under(command, tmp_path, act)
    assert not (tmp_path / "incidents").exists()


def test_an_incident_that_cannot_be_written_is_said_and_spoils_nothing(command: Command, tmp_path: Path) -> None:
    (tmp_path / "incidents").write_text("")

    def act(journal: Journal) -> dict[str, Any]:
        asks(journal)
        return {"flat": True, "detail": ["dust"]}

    result = under(command, tmp_path, act)
    assert result["flat"] is True
    assert result["detail"][0] == "dust"
    assert "the incident was not written" in result["detail"][1]
    assert "the journal was not written" in result["detail"][2]
