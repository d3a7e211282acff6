"""Logs read from their ends: rotated, truncated, removed and unreadable files, and lines of any kind."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.logs import events, json_line
from freqops.core.logs.query import Query
from freqops.core.logs.redaction import Redactor
from freqops.hostctl import cli
from freqops.hostctl.logs import files, reading
from freqops.hostctl.logs.files import Log

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAME = "freqtrade.log"


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Log:
    monkeypatch.setattr(files, "CHUNK", 1000)  # so that every test reads over many pieces
    (tmp_path / "logs").mkdir()
    return Log(tmp_path, "logs", NAME)


def raw(message: str, minutes: float = 1, level: str = "INFO", now: datetime = NOW) -> bytes:
    text = json_line.form(Redactor(), now - timedelta(minutes=minutes), level, "l", message, [("correlation_id", "c")])
    return f"{text}\n".encode()


def put(log: Log, *lines: bytes, name: str = NAME) -> Path:
    path = log.home / "logs" / name
    path.write_bytes(b"".join(lines))
    return path


def asked(since: timedelta = HOUR, **more: Any) -> Query:
    return Query(NOW - since, NOW, **more)


def messages(log: Log, query: Query | None = None, limit: int = 1000) -> list[str]:
    return [line.message for line in reading.lines(log, query or asked(), limit).lines]


def test_the_lines_of_a_window_are_found_over_rotated_files(log: Log) -> None:
    ages = [90 - number / 4 for number in range(360)]
    for first, name in ((240, NAME), (120, f"{NAME}.1"), (0, f"{NAME}.2")):
        put(log, *(raw(f"{age}", age) for age in ages[first : first + 120]), name=name)
    put(log, b"not ours\n", name=f"{NAME}.gz")
    assert messages(log) == [f"{age}" for age in reversed(ages) if age <= 60]
    assert (log.wrong, log.unread) == ([], 0)


def test_no_more_is_read_than_the_window_needs(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(log, *(raw(f"{number}", 5000 - number) for number in range(5000)))
    read: list[int] = []
    real = os.pread

    def pread(descriptor: int, size: int, begin: int) -> bytes:
        read.append(size)
        return real(descriptor, size, begin)

    monkeypatch.setattr(os, "pread", pread)
    assert len(messages(log)) == 60
    assert sum(read) < path.stat().st_size / 20


@pytest.mark.parametrize("size", [1, 2, 7, 64, 150, 151, 152, 5000])
def test_every_line_is_given_once_however_the_pieces_fall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(files, "CHUNK", size)
    lines = [b"a" * (number % 9) + b"%d" % number for number in range(60)]
    path = tmp_path / "it"
    path.write_bytes(b"".join(line + b"\n" for line in lines) + b"being written")
    descriptor = os.open(path, os.O_RDONLY)
    found = [line for piece in files.backward(descriptor, path.stat().st_size) for line in piece]
    os.close(descriptor)
    assert found == lines[::-1]


def test_a_line_of_ten_megabytes_is_left_out_and_those_around_it_are_not(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK", 256 * 1024)
    put(log, raw("before"), b'{"ts": "' + b"x" * 10_000_000 + b"\n", raw("after"))
    assert messages(log) == ["after", "before"]
    assert log.unread == 1
    assert max(len(line) for piece in log.chunks() for line in piece) < json_line.LONGEST, (
        "none of it is kept in memory"
    )


def test_hostile_lines_are_left_out_and_counted(log: Log) -> None:
    put(log, raw("first"), b"\xff\xfe\x00\n", b"{}\n", b"[" * 900 + b"\n", raw("t")[:50] + b"\n", raw("last"))
    assert messages(log) == ["last", "first"]
    assert log.unread == 4


def test_a_line_that_is_no_utf_8_is_shown(log: Log) -> None:
    put(log, raw("XY").replace(b"XY", b"\xff\xfe"))
    assert messages(log) == ["\ufffd\ufffd"]


def test_lines_whose_clock_was_wrong_hide_no_other(log: Log) -> None:
    """Lines from the future and from long ago stand among those of the window."""
    good = [raw(f"{number}", 50 - number) for number in range(50)]
    put(log, raw("old", 500), *good[:20], raw("to come", -600), raw("past", 60_000), *good[20:])
    assert messages(log) == [f"{number}" for number in reversed(range(50))]


def test_the_newest_are_shown_and_that_there_are_more_is_known(log: Log) -> None:
    put(log, *(raw(f"{number}", 50 - number) for number in range(50)))
    found = reading.lines(log, asked(), 3)
    assert ([line.message for line in found.lines], found.more) == (["49", "48", "47"], True)
    assert not reading.lines(log, asked(), 50).more


@pytest.mark.parametrize("match", ["BTC", "btc", 'say "btc"', "é"])
def test_what_is_matched_is_what_is_said_not_how_json_writes_it(log: Log, match: str) -> None:
    put(log, raw("no"), raw('it did say "BTC" é'), raw("no"))
    assert messages(log, asked(match=match)) == ['it did say "BTC" é']


def test_level_and_correlation_choose(log: Log) -> None:
    put(log, raw("a"), raw("b", level="ERROR"), raw("c", level="ERROR").replace(b'"c"}', b'"d"}'))
    assert messages(log, asked(rank=40, correlation="c")) == ["b"]


def test_records_errors_and_events_are_counted(log: Log) -> None:
    put(
        log, raw("before", 61, "ERROR"), *(raw("x", 30) for _ in range(197)), raw("boom", 20, "ERROR"),
        raw("Updated HRP weights", 10), raw("later", -10, "ERROR"), raw("dead", 1, "CRITICAL"),
    )  # fmt: skip
    found = reading.counted(log, asked())
    assert (found.rate.records, found.rate.errors, found.rate.rate) == (200, 2, 0.01)
    assert found.seen[events.HRP].count == 1
    assert found.seen[events.HRP].last == NOW - timedelta(minutes=10)


def test_how_often_in_this_window_and_when_last(log: Log) -> None:
    put(log, *(raw("Updated HRP weights", minutes) for minutes in (61, 60, 5, 30, -3)))
    found = reading.counted(log, asked()).seen
    assert (found[events.HRP].count, found[events.HRP].last) == (3, NOW - timedelta(minutes=5))
    assert found[events.BREAKER].to_json() == {"kind": events.BREAKER, "count": 0, "last": None}


def test_the_error_rate_is_errors_by_all_records_over_the_window(log: Log) -> None:
    there = [raw("a", 2, "ERROR"), raw("b", 3, "CRITICAL"), raw("c", 4, "WARNING"), *(raw("x") for _ in range(97))]
    put(log, raw("old", 61, "ERROR"), *there, raw("to come", -1, "ERROR"))
    found = reading.counted(log, asked()).rate
    assert (found.records, found.errors, found.rate) == (100, 2, 0.02)


def test_a_file_that_is_rotated_while_it_is_read_loses_nothing(log: Log) -> None:
    put(log, *(raw(f"{number}", 30) for number in range(20, 40)))
    put(log, *(raw(f"{number}", 40) for number in range(20)), name=f"{NAME}.1")
    pieces: Iterator[list[bytes]] = log.chunks()
    found = [*next(pieces)]
    place = log.home / "logs"
    (place / f"{NAME}.1").replace(place / f"{NAME}.2")
    (place / NAME).replace(place / f"{NAME}.1")
    put(log, raw("new"))
    found += [line for piece in pieces for line in piece]
    assert [json.loads(line)["message"] for line in found] == [f"{number}" for number in reversed(range(40))]


def test_a_file_that_is_truncated_or_removed_while_it_is_read_ends(log: Log) -> None:
    path = put(log, *(raw(f"{number}") for number in range(40)))
    pieces = log.chunks()
    next(pieces)
    path.write_bytes(b"")
    path.unlink()
    assert list(pieces) == []
    assert log.wrong == []


def test_what_cannot_be_read_is_said_and_the_rest_is_read(log: Log, tmp_path: Path) -> None:
    put(log, raw("here"))
    place = log.home / "logs"
    (tmp_path / "secret").write_text("root:x")
    (place / f"{NAME}.1").symlink_to(tmp_path / "secret")
    os.mkfifo(place / f"{NAME}.2")
    (place / f"{NAME}.3").mkdir()
    assert messages(log) == ["here"]
    assert [text.partition(":")[0] for text in log.wrong] == [f"logs/{NAME}.{number}" for number in (1, 2, 3)]


@pytest.mark.parametrize("wrong", ["missing", "link", "empty"])
def test_a_log_that_is_not_there_is_no_empty_log(tmp_path: Path, wrong: str) -> None:
    place = tmp_path / "logs"
    if wrong == "link":
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / NAME).write_bytes(raw("of another"))
        place.symlink_to(tmp_path / "other")
    elif wrong == "empty":
        place.mkdir()
    log = Log(tmp_path, "logs", NAME)
    assert messages(log) == []
    assert len(log.wrong) == 1


@pytest.fixture
def root(tmp_path: Path) -> Path:
    now = datetime.now(UTC)
    for bot in ("alpha", "beta"):
        (tmp_path / "bots" / bot / "var/logs").mkdir(parents=True)
        (tmp_path / "bots" / bot / "bot.json").write_text("{}")
        put(
            Log(tmp_path / "bots" / bot / "var", "logs", NAME),
            raw(f"of {bot}", 3 if bot == "beta" else 1, "ERROR", now),
        )
    (tmp_path / "user_data/logs").mkdir(parents=True)
    own = raw("resume", 2, now=now).replace(b'"c"}', b'"c", "bot": "alpha"}')
    put(Log(tmp_path / "user_data", "logs", "freqops.log"), own, raw("deploy", 2, now=now), name="freqops.log")
    return tmp_path


def said(root: Path, capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> dict[str, Any]:
    assert cli.main(["logs", *words, "--json"], root) == status
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def test_all_logs_of_a_host_are_merged_by_time(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(root, capsys)
    assert [line["source"] for line in found["lines"]] == ["beta", "(freqops)", "(freqops)", "alpha"]
    assert found["lines"][-1]["text"] == "l: of alpha correlation_id=c"


def test_of_a_bot_there_are_its_own_lines_and_what_freqops_did_to_it(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = said(root, capsys, "--bots=alpha")
    assert [line["source"] for line in found["lines"]] == ["(freqops)", "alpha"]


def test_what_the_start_gate_said_is_among_the_lines_of_its_bot(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Log(root / "bots/beta/var", "logs", "freqops.log")
    put(place, raw("not started", 2, "WARNING", datetime.now(UTC)), name=place.name)
    found = said(root, capsys, "--bots=beta")
    assert [line["text"].split(" c")[0] for line in found["lines"]] == ["l: of beta", "l: not started"]


def test_the_errors_of_each_bot_are_counted(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(root, capsys, "errors")
    assert [(row["source"], row["records"], row["errors"], row["rate"]) for row in found["sources"]] == [
        ("alpha", 1, 1, 1.0), ("beta", 1, 1, 1.0), ("(freqops)", 2, 0, 0.0),
    ]  # fmt: skip


def test_a_bot_without_a_log_is_said_and_the_status_is_not_0(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "bots/beta/var/logs" / NAME).unlink()
    found = said(root, capsys, status=2)
    assert "beta" in found["wrong"][0]
    assert found["lines"]


@pytest.mark.parametrize(
    "words", [["--since=soon"], ["--level=loud"], ["--bots=nobody"], ["--correlation=a b"], ["--match="]]
)
def test_an_input_that_means_nothing_is_refused(
    root: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    status = 0 if words == ["--match="] else 1
    assert ("refused" in said(root, capsys, *words, status=status)) is bool(status)


def test_a_person_gets_lines(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["logs"], root) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
