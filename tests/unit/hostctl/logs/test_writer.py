"""The writer of a host's log: it never raises, is rotated, takes secrets out, and says what it lost."""

from __future__ import annotations

import argparse
import errno
import fcntl
import json
import multiprocessing
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.clock import Clock
from freqops.core.logs.redaction import MARK
from freqops.core.runs import registry, registry_migration
from freqops.hostctl import cli
from freqops.hostctl.bot import start_gate
from freqops.hostctl.logs import ended, of_gate, writer
from freqops.hostctl.logs.writer import DIRECTORY, FILE, Writer, of_text

INCIDENT = "20260102T030405Z-halt1-9f3c21"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / DIRECTORY).mkdir(parents=True)
    monkeypatch.setattr(writer, "LOST", tmp_path / "lost")
    return tmp_path


def log(root: Path) -> Writer:
    return Writer(root, Clock(), root / "lost")


def lines(root: Path, name: str = FILE) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (root / DIRECTORY / name).read_text().splitlines()]


def test_a_line_has_what_was_said_and_no_secret_of_any_bot(root: Path) -> None:
    conf = root / "bots/alpha/conf"
    conf.mkdir(parents=True)
    (conf / "secrets.json").write_text('{"exchange": {"key": "tiny key", "secret": "q%1"}}')
    log(root).write("INFO", "risk", "asked with q%251 and tiny+key", correlation_id="c", why=["tiny key"])
    [line] = lines(root)
    assert list(line)[1:] == ["level", "logger", "message", "correlation_id", "why"]
    assert (line["message"], line["why"]) == (f"asked with {MARK} and {MARK}", [MARK])
    assert (root / DIRECTORY / FILE).stat().st_mode & 0o777 == 0o600


def test_where_nothing_is_deployed_nothing_is_written(tmp_path: Path) -> None:
    Writer(tmp_path, Clock(), tmp_path / "lost").write("INFO", "risk", "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", ["directory", "link", "fifo"])
def test_what_stands_in_its_place_is_not_followed_and_nothing_is_raised(root: Path, wrong: str) -> None:
    path = root / DIRECTORY / FILE
    elsewhere = root / "elsewhere"
    elsewhere.write_text("")
    if wrong == "link":
        path.symlink_to(elsewhere)
    else:
        path.mkdir() if wrong == "directory" else os.mkfifo(path)
    log(root).write("INFO", "risk", "lost")
    assert elsewhere.read_text() == ""
    assert (root / "lost").stat().st_size == 1
    path.rmdir() if wrong == "directory" else path.unlink()
    log(root).write("INFO", "risk", "kept")
    kept, said = lines(root)
    assert (kept["message"], said["message"], said["lost"], said["level"]) == (
        "kept", "1 lines before this one could not be written", 1, "ERROR",
    )  # fmt: skip
    assert not (root / "lost").exists()


def test_a_full_disk_raises_nothing_and_the_loss_is_said_once_there_is_room(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(root).write("INFO", "risk", "before")
    real, full = os.write, True
    own = (root / DIRECTORY / FILE).stat().st_ino

    def write(descriptor: int, data: bytes) -> int:
        if not full or os.fstat(descriptor).st_ino != own:
            return real(descriptor, data)
        if len(taken) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken.append(real(descriptor, data[:10]))
        return taken[0]

    taken: list[int] = []
    monkeypatch.setattr(os, "write", write)
    log(root).write("INFO", "risk", "torn")
    log(root).write("INFO", "risk", "lost")
    full = False
    log(root).write("INFO", "risk", "after")
    log(root).write("INFO", "risk", "later")
    first, torn, *rest = (root / DIRECTORY / FILE).read_bytes().splitlines()
    assert json.loads(first)["message"] == "before"
    assert len(torn) == 10, "what a full disk took of a line ends before the next one"
    found = [json.loads(line) for line in rest]
    assert [line["message"] for line in found] == [
        "after", "2 lines before this one could not be written", "later",
    ]  # fmt: skip


def test_a_disk_that_does_not_answer_costs_a_second_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "PATIENCE", 0.01)
    held = threading.Event()
    monkeypatch.setattr(Writer, "_append", lambda *_: held.wait(20))
    one = log(root)
    for _ in range(3):
        one.write("INFO", "risk", "x")
    assert (root / "lost").stat().st_size == 2, "the first may still be written; the others are counted at once"
    held.set()


def test_it_is_rotated_and_nothing_is_lost_in_any_of_many_processes(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LARGEST", 5_000)
    monkeypatch.setattr(writer, "KEPT", 100)

    def work(number: int) -> None:
        one = log(root)
        for count in range(50):
            one.write("INFO", "risk", f"{number} {count}")

    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=work, args=(number,)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    names = [path.name for path in (root / DIRECTORY).iterdir()]
    assert len(names) > 3
    found = [line["message"] for name in names for line in lines(root, name)]
    assert sorted(found) == sorted(f"{number} {count}" for number in range(4) for count in range(50))


def test_a_line_is_not_written_into_a_file_that_is_rotated_away_meanwhile(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = root / DIRECTORY / FILE
    log(root).write("INFO", "risk", "old")
    real = fcntl.flock

    def flock(descriptor: int, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", real)
        path.replace(path.with_name(f"{FILE}.1"))  # by another process, which had the lock before
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    log(root).write("INFO", "risk", "new")
    assert [line["message"] for line in lines(root)] == ["new"]
    assert [line["message"] for line in lines(root, f"{FILE}.1")] == ["old"]


def test_no_more_files_are_kept_than_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LARGEST", 200)
    monkeypatch.setattr(writer, "KEPT", 2)
    one = log(root)
    for number in range(20):
        one.write("INFO", "risk", f"line {number}")
    assert sorted(path.name for path in (root / DIRECTORY).iterdir()) == [FILE, f"{FILE}.1", f"{FILE}.2"]
    assert lines(root)[-1]["message"] == "line 19"


def test_a_line_for_people_says_its_bot_and_its_incident(root: Path) -> None:
    (root / "bots/alpha").mkdir(parents=True)
    said = f"alpha: HALTED by the operator breaker under {INCIDENT}: feed"
    assert of_text(root, said) == {"correlation_id": INCIDENT, "bot": "alpha"}
    assert of_text(root, "gone: it is not") == {}


def test_the_end_of_a_command_has_the_incident_that_the_control_node_gave_it(root: Path) -> None:
    options = argparse.Namespace(root=root, command="resume", incident=INCIDENT, bot="alpha", reason="a", actor="ann@c")
    ended.write(options, "freqops-host", 2, ["it did not answer"], 1.23456)
    [line] = lines(root)
    assert {name: value for name, value in line.items() if name != "ts"} == {
        "level": "ERROR", "logger": "freqops-host", "message": "resume: not proven", "correlation_id": INCIDENT,
        "command": "resume", "bot": "alpha", "actor": "ann@c", "reason": "a", "exit": 2, "seconds": 1.235,
        "why": "it did not answer",
    }  # fmt: skip


def test_the_start_gate_says_in_the_bots_own_log_why_it_waits(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/secrets.json").write_text('{"api_server": {"password": "pw-of-it"}}')
    of_gate.write(tmp_path, tmp_path / "logs", f"held at level 3 under {INCIDENT}, pw-of-it")
    [line] = [json.loads(text) for text in (tmp_path / "logs" / FILE).read_text().splitlines()]
    assert (line["level"], line["logger"], line["correlation_id"]) == ("WARNING", "start_gate", INCIDENT)
    assert line["message"] == f"Freqtrade is not started: held at level 3 under {INCIDENT}, {MARK}"
    of_gate.write(tmp_path, tmp_path / "nowhere" / "logs", "held")


def test_a_gate_that_waits_says_so_in_the_log_of_its_bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "var").mkdir()
    monkeypatch.setattr(start_gate, "CONF", tmp_path / "conf")
    monkeypatch.setattr(start_gate, "VAR", tmp_path / "var")
    monkeypatch.setattr(start_gate, "COMM", tmp_path / "comm")
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    start_gate._wait("it crashed", 0.0)
    assert "it crashed" in (tmp_path / "var/logs" / FILE).read_text()


def test_a_command_about_several_bots_names_each(root: Path) -> None:
    options = argparse.Namespace(root=root, command="halt", incident=INCIDENT, bots=["alpha", "beta"])
    ended.write(options, "freqops-host", 0, [], 0)
    assert lines(root)[0]["bots"] == "alpha,beta"


def test_a_step_of_an_incident_is_named_and_a_look_at_it_says_nothing(root: Path) -> None:
    registry_migration.prepare(registry.place(root), Clock(), os.geteuid())
    assert cli.main(["incidents", "open", "--description=a", "--severity=info", f"--incident={INCIDENT}"], root) == 0
    assert cli.main(["incidents", "close", INCIDENT, "--root-cause=a", "--action=check"], root) == 0
    assert cli.main(["incidents", "list"], root) == 0
    messages = [line["message"] for line in lines(root) if line["logger"] == "freqops-host"]
    assert messages == ["incidents open: proven", "incidents close: proven"]


def test_what_only_looks_says_nothing(root: Path) -> None:
    ended.write(argparse.Namespace(root=root, command="status"), "freqops-host", 0, [], 0)
    ended.write(argparse.Namespace(root=root, command="breaker", action="status"), "freqops-host", 3, [], 0)
    assert not (root / DIRECTORY / FILE).exists()


def test_a_command_that_is_refused_says_why_and_has_an_id_of_its_own(root: Path) -> None:
    assert cli.main(["start", "nobody"], root) == 1
    [line] = lines(root)
    assert (line["level"], line["message"], line["exit"]) == ("WARNING", "start: refused", 1)
    assert "no bots below" in line["why"] or "nobody" in line["why"]
    assert writer.INCIDENT.fullmatch(line["correlation_id"])


def test_the_runbooks_slot_line_is_what_taking_a_slot_says(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = root / "user_data/state"
    state.mkdir()
    (state / "circuit_breaker.json").write_text('{"active": false, "reason": "", "until_iso": null}')
    words = ["slot", "acquire", f"--pid={os.getpid()}", "--kind=backtest", "--cid=abc123", "--limit=3"]
    assert cli.main(words, root) == 0
    file = json.loads(capsys.readouterr().out)["file"]
    [line] = lines(root)
    assert list(line.items())[1:] == [
        ("level", "INFO"), ("logger", "risk"), ("message", "slot_acquired"), ("correlation_id", "abc123"),
        ("kind", "backtest"), ("active_before", 0), ("lock", f"user_data/state/running/{file}"),
    ]  # fmt: skip
