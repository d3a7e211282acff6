"""Commands under an incident: what ran leaves a journal and a record, proven or not; what was refused, nothing."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.base.outcome import Outcome
from freqops.core.bot import layout
from freqops.hostctl.incident.journal import Journal
from freqops.hostctl.incident.recorded import Command
from tests.unit.fakes import FakeClock, make_bot

SECRET = "s" * 20


@pytest.fixture
def command(tmp_path: Path) -> Command:
    home = make_bot(tmp_path, mode="live")
    (home / "conf" / "secrets.json").write_text(json.dumps({"exchange": {"secret": SECRET}}))
    return Command("flatten", Mandate("one", "why", "ann@host"), tmp_path, FakeClock())


@dataclass
class Sold(Outcome):
    """What a command of these tests achieves."""

    sold: int = 0


Act = Callable[[Journal], Sold]


def done(command: Command, act: Act, touched: Callable[[Sold], bool] = lambda _: True) -> Sold:
    return command.on(layout.load_bot(command.root / "bots" / "alpha"), act, touched)


def files(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (root / "incidents").glob("one/*")}


def asks(journal: Journal) -> None:
    journal.note("act", "exchange", f"sell with {SECRET}")


@pytest.mark.parametrize("proven", [True, False])
def test_what_ran_is_written_down_proven_or_not(command: Command, tmp_path: Path, proven: bool) -> None:
    def act(journal: Journal) -> Sold:
        asks(journal)
        return Sold("alpha", proven=proven, sold=1)

    assert done(command, act) == Sold("alpha", proven=proven, sold=1)
    host = socket.gethostname()
    found = files(tmp_path)
    record = json.loads(found.pop(f"{host}-flatten-alpha-20260102T030405Z.json"))
    assert set(record.pop("run_by")) == {"account", "login", "address", "key"}
    assert record == {
        "version": 1, "command": "flatten", "host": host, "bot": "alpha", "incident": "one", "reason": "why",
        "actor": "ann@host", "began": "2026-01-02T03:04:05Z", "ended": "2026-01-02T03:04:05Z", "proven": proven,
        "result": Sold("alpha", proven=proven, sold=1).to_json(),
    }  # fmt: skip
    assert list(found) == [f"{host}-alpha-flatten-20260102T030405Z.jsonl"]
    assert SECRET not in next(iter(found.values()))


def test_what_is_not_proven_is_written_down_and_raised(command: Command, tmp_path: Path) -> None:
    def act(journal: Journal) -> Sold:
        asks(journal)
        raise NotProven("nobody knows")

    with pytest.raises(NotProven, match="nobody knows"):
        done(command, act)
    found = files(tmp_path)
    record = next(json.loads(text) for name, text in found.items() if name.endswith(".json"))
    assert (record["proven"], record["result"], len(found)) == (False, {"not_proven": "nobody knows"}, 2)


def test_what_touched_nothing_leaves_only_its_journal(command: Command, tmp_path: Path) -> None:
    def act(journal: Journal) -> Sold:
        asks(journal)
        return Sold("alpha", proven=True)

    assert done(command, act, lambda row: row.changed) == Sold("alpha", proven=True)
    assert [name for name in files(tmp_path) if name.endswith(".json")] == []


def test_a_failing_disk_is_not_proven_and_never_a_refusal(command: Command, tmp_path: Path) -> None:
    def act(_journal: Journal) -> Sold:
        raise OSError(28, "No space left on device")

    with pytest.raises(NotProven, match="No space left"):
        done(command, act)
    assert [json.loads(text)["proven"] for name, text in files(tmp_path).items() if name.endswith(".json")] == [False]


def test_what_was_refused_leaves_nothing(command: Command, tmp_path: Path) -> None:
    def act(_journal: Journal) -> Sold:
        raise Refused("busy")

    with pytest.raises(Refused):
        done(command, act)
    assert not (tmp_path / "incidents").exists()


def test_an_incident_that_cannot_be_written_is_said_and_spoils_nothing(command: Command, tmp_path: Path) -> None:
    (tmp_path / "incidents").write_text("")

    def act(journal: Journal) -> Sold:
        asks(journal)
        return Sold("alpha", proven=True, detail=["dust"])

    result = done(command, act)
    assert (result.proven, result.detail[0]) == (True, "dust")
    assert "the incident was not written" in result.detail[1]
    assert "the journal was not written" in result.detail[2]
