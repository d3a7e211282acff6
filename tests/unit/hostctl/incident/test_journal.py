"""The journal: everything in its order, nothing secret, and no disk keeps a command waiting."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.clock import Clock
from freqops.core.bot import layout
from freqops.core.bot.redaction import redact_value
from freqops.core.incident.journal_file import entries_of
from freqops.hostctl.incident import journal
from freqops.hostctl.incident.journal import Journal
from tests.unit.fakes import FakeClock, make_bot
from tests.unit.patience import PATIENCE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return journal.path_of(tmp_path, "one", "alpha", "halt-20260102T030405Z")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_everything_in_its_order_with_its_time(path: Path) -> None:
    clock = FakeClock()
    diary = Journal(path, clock)
    diary.note("question", "exchange", "balances", answer={"BTC": "1"}, took=0.12345)
    clock.now = 1.5
    diary.note("act", "exchange", "sell", error="no")
    diary.note("note", "engine", "text")
    diary.close()
    assert diary.error is None
    assert lines(path) == [
        {
            "at": "2026-01-02T03:04:05.000Z", "s": 0.0, "kind": "question", "to": "exchange", "what": "balances",
            "answer": {"BTC": "1"}, "took_s": 0.123,
        },
        {"at": "2026-01-02T03:04:06.500Z", "s": 1.5, "kind": "act", "to": "exchange", "what": "sell", "error": "no"},
        {"at": "2026-01-02T03:04:06.500Z", "s": 1.5, "kind": "note", "to": "engine", "what": "text", "answer": None},
    ]  # fmt: skip
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_many_threads_lose_no_line(path: Path) -> None:
    diary = Journal(path, Clock())

    def note(name: int) -> None:
        for number in range(50):
            diary.note("note", "bot", f"{name} {number}")

    threads = [threading.Thread(target=note, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    diary.close()
    said = [line["what"] for line in lines(path)]
    assert len(said) == 200
    for name in range(4):
        assert [what for what in said if what.startswith(f"{name} ")] == [f"{name} {n}" for n in range(50)]


def test_what_was_asked_of_a_bot_is_an_act_unless_it_only_reads(path: Path) -> None:
    diary = Journal(path, FakeClock())
    for what in ("GET /status", 'POST /forceexit {"tradeid": "1"}', "DELETE /locks/1"):
        diary.call(what, None, None, 0.0)
    diary.close()
    assert [(line["kind"], line["to"]) for line in lines(path)] == [("question", "bot"), ("act", "bot"), ("act", "bot")]


def test_no_secret_of_the_bot_is_in_it(tmp_path: Path, path: Path) -> None:
    home = make_bot(tmp_path)
    secrets = {
        "exchange": {"key": "k" * 20, "secret": "s" * 20},
        "db_url": "postgresql+psycopg2://u:" + "d" * 20 + "@h/x",
    }
    (home / "conf" / "secrets.json").write_text(json.dumps(secrets))
    bot = layout.load_bot(home)
    diary = Journal(path, FakeClock(), lambda line: redact_value(line, bot))
    diary.note("question", "exchange", "sell " + "k" * 20, error="Exception at " + secrets["db_url"])  # type: ignore[operator]
    diary.note("note", "bot", "x", answer={"deep": ["d" * 20, {"s" * 20: 1}]})
    diary.close()
    text = path.read_text()
    assert all(letter * 20 not in text for letter in "ksd")
    assert lines(path)[0]["what"] == "sell [secret]"


def test_what_is_no_json_is_written_as_text(path: Path) -> None:
    diary = Journal(path, FakeClock())
    diary.note("note", "bot", "x", answer={"path": Path("/x")})
    diary.close()
    assert lines(path)[0]["answer"] == {"path": "/x"}


def test_where_nothing_happened_nothing_is_left(tmp_path: Path, path: Path) -> None:
    Journal(path, FakeClock()).close()
    assert list(tmp_path.iterdir()) == []


def test_a_silent_journal_keeps_nothing_and_starts_nothing() -> None:
    before = threading.active_count()
    diary = journal.silent(FakeClock())
    diary.note("act", "bot", "x", durable=True)
    diary.close()
    assert (threading.active_count(), diary.error) == (before, None)


@pytest.mark.parametrize("torn", ['{"at": "2026-01-02T03:04', "\0" * 20, "x"])
def test_a_line_that_a_crash_tore_costs_no_other(path: Path, torn: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text('{"what": "whole"}\n' + torn)
    diary = Journal(path, FakeClock())
    diary.note("note", "bot", "after")
    diary.close()
    assert path.read_text().splitlines()[1] == torn
    entries, problems = entries_of(path.read_text(), cut=False)
    assert [entry.what for entry in entries] == ["whole", "after"]
    assert problems == ["has 1 lines that cannot be read, the first is line 2"]


def test_a_second_command_goes_on_behind_a_whole_line(path: Path) -> None:
    for what in ("first", "second"):
        diary = Journal(path, FakeClock())
        diary.note("note", "bot", what)
        diary.close()
    assert [line["what"] for line in lines(path)] == ["first", "second"]


def test_beyond_its_size_only_what_must_not_be_lost_is_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MAX_BYTES", 350)
    diary = Journal(path, FakeClock())
    for number in range(10):
        diary.note("note", "bot", f"{number} {'x' * 60}")
    diary.note("act", "exchange", "sell", durable=True)
    diary.note("note", "bot", "y" * 60)
    diary.close()
    assert [line["what"][:4] for line in lines(path)] == ["0 xx", "1 xx", "sell"]
    assert diary.error == "the journal is full at 350 bytes"


# --- bad disks


def test_a_durable_line_is_on_the_disk_when_it_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda _descriptor: synced.append(path.read_text()))
    diary = Journal(path, FakeClock())
    diary.note("note", "bot", "before")
    diary.note("act", "exchange", "sell", durable=True)
    assert [json.loads(line)["what"] for line in synced[0].splitlines()] == ["before", "sell"]
    diary.close()


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A disk that takes nothing until the event is set."""
    over = threading.Event()
    assert (journal.CLOSE_SECONDS, journal.DURABLE_SECONDS) == (1.0, 2.0)
    monkeypatch.setattr(os, "fsync", lambda _descriptor: over.wait(2 * PATIENCE))
    monkeypatch.setattr(journal, "CLOSE_SECONDS", 0.1)
    monkeypatch.setattr(journal, "DURABLE_SECONDS", 0.2)
    yield over
    over.set()


def seconds(act: Callable[[], None]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def test_a_stuck_disk_is_waited_for_no_longer_than_said(path: Path, stuck: threading.Event) -> None:
    diary = Journal(path, Clock())
    assert seconds(lambda: diary.note("act", "exchange", "sell", durable=True)) < PATIENCE
    began = time.monotonic()
    for _ in range(1000):
        diary.note("note", "bot", "x")
    assert time.monotonic() - began < PATIENCE
    assert seconds(diary.close) < PATIENCE
    assert diary.error == "the journal was not written to its end: the disk did not answer"


def test_a_durable_line_waits_for_the_disk(path: Path, stuck: threading.Event) -> None:
    diary = Journal(path, Clock())
    assert seconds(lambda: diary.note("act", "exchange", "sell", durable=True)) >= 0.2
    stuck.set()
    diary.close()


def test_a_sync_that_fails_at_the_end_is_not_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    diary = Journal(path, Clock())
    diary.note("note", "bot", "x")
    diary.close()
    assert not diary._writer.is_alive()
    assert diary.error == "the journal was not written: [Errno 5] Input/output error"


@pytest.mark.parametrize("where", ["open", "write", "pread", "mkdir"])
def test_a_failing_disk_is_said_and_stops_nobody(path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setattr(journal, "DURABLE_SECONDS", 0.2)
    path.parent.mkdir(parents=True)
    if where == "pread":
        path.write_text("torn")

    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path if where == "mkdir" else os, where, fail)
    diary = Journal(path, Clock())
    assert seconds(lambda: diary.note("note", "bot", "x")) < 0.1
    for _ in range(3):
        assert seconds(lambda: diary.note("act", "exchange", "sell", durable=True)) < 1.0
    assert seconds(diary.close) < 1.0
    monkeypatch.undo()
    assert diary.error == "the journal was not written: [Errno 28] No space left on device"
    assert not diary._writer.is_alive()
