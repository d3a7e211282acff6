"""``freqops-host logs --follow``, in a process of its own, whatever becomes of the files meanwhile."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.bot import host_command
from freqops.core.logs import json_line
from freqops.core.logs.query import ALWAYS, Query
from freqops.core.logs.redaction import Redactor
from freqops.hostctl import cli
from freqops.hostctl.logs.files import Log
from freqops.hostctl.logs.tail import Tail
from lab.base.wait import until
from tests.unit.patience import PATIENCE

GIVE_UP = 2 * PATIENCE
ROOT = Path(__file__).parents[4]
NAME, OWN = "freqtrade.log", "freqops.log"
HOST = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever began the tests may ignore it
from freqops.hostctl import cli
sys.exit(cli.main(sys.argv[2:], Path(sys.argv[1])))
"""
WRITER = """
import logging, logging.handlers, sys
from freqops.core.logs.freqtrade_formatter import JsonLines
handler = logging.handlers.RotatingFileHandler(sys.argv[1], maxBytes=int(sys.argv[3]), backupCount=40)
handler.setFormatter(JsonLines())
logging.getLogger().addHandler(handler)
for number in range(int(sys.argv[2])):
    logging.error("%d", number)
"""
BEGUN: list[subprocess.Popen[bytes]] = []


def raw(message: str, **later: float) -> bytes:
    at = datetime.now(UTC) + timedelta(**later)
    return f"{json_line.form(Redactor(), at, 'INFO', 'l', message)}\n".encode()


def python(code: str, *words: str, **more: Any) -> subprocess.Popen[bytes]:
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": os.environ["PATH"]}
    return subprocess.Popen([sys.executable, "-S", "-c", code, *words], env=environment, **more)


class Follower:
    """The command, and what it told."""

    def __init__(self, root: Path, *words: str) -> None:
        self.events: list[dict[str, Any]] = []
        self.answer: dict[str, Any] = {}
        self.process = python(HOST, str(root), "logs", "--follow", "--json", *words, stdout=-1, stderr=-1)
        BEGUN.append(self.process)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(host_command.TOLD.encode()):
                self.events.append(host_command.event_of(line))
            else:
                self.answer = json.loads(line)

    @property
    def lines(self) -> list[str]:
        texts = [event["line"]["text"] for event in list(self.events) if "line" in event]
        return [text.removeprefix("l: ").removeprefix("root: ") for text in texts]

    @property
    def notes(self) -> list[str]:
        return [event["note"]["text"] for event in list(self.events) if "note" in event]

    def sees(self, condition: Callable[[], bool], what: str) -> None:
        def there() -> bool:
            assert self.process.poll() is None, "it ended"
            return condition()

        until(there, GIVE_UP, f"{what}; it told {self.events[-5:]}")

    def reads(self) -> None:
        self.sees(lambda: {"reading": True} in self.events, "it reads")

    def shows(self, *messages: str) -> None:
        self.sees(lambda: self.lines[-len(messages) :] == list(messages), f"it shows {messages}")

    def says(self, note: str) -> None:
        self.sees(lambda: any(note in each for each in self.notes), f"it says {note}")

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        status = self.process.wait(GIVE_UP)
        self._reader.join(GIVE_UP)
        return status


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for bot in ("alpha", "beta"):
        (tmp_path / "bots" / bot / "var/logs").mkdir(parents=True)
        (tmp_path / "bots" / bot / "bot.json").write_text("{}")
        (tmp_path / "bots" / bot / "var/logs" / NAME).write_bytes(b"")
    (tmp_path / "user_data/logs").mkdir(parents=True)
    (tmp_path / "user_data/logs" / OWN).write_bytes(b"")
    return tmp_path


@pytest.fixture
def log(root: Path) -> Path:
    path = root / "bots/alpha/var/logs" / NAME
    path.write_bytes(raw("old", hours=-2) + raw("first", minutes=-1))
    return path


@pytest.fixture
def follower(root: Path, log: Path) -> Follower:
    made = Follower(root)
    made.reads()
    return made


@pytest.fixture(autouse=True)
def _nobody_is_left() -> Iterator[None]:
    yield
    for process in BEGUN:
        process.kill()
        process.wait()
    BEGUN.clear()


def spoil(path: Path, wrong: str, target: Path) -> None:
    """Put something in the place of a file that is none."""
    if wrong == "directory":
        path.mkdir()
    elif wrong == "link":
        path.symlink_to(target)
    else:
        os.mkfifo(path)


def append(path: Path, *lines: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(b"".join(lines))


def test_what_was_there_is_shown_and_then_what_comes(follower: Follower, log: Path, root: Path) -> None:
    assert follower.lines == ["first"]
    append(log, raw("one"), raw("two"))
    follower.shows("first", "one", "two")
    append(root / "user_data/logs" / OWN, raw("halted"))
    follower.shows("two", "halted")
    assert follower.end() == 0
    assert follower.answer["wrong"] == []
    assert follower.notes == []


def test_a_rotated_file_is_read_to_its_end_and_then_the_new_one(follower: Follower, log: Path) -> None:
    append(log, raw("one"))
    log.replace(log.with_name(f"{NAME}.1"))
    append(log.with_name(f"{NAME}.1"), raw("two"))
    log.write_bytes(raw("three"))
    follower.shows("first", "one", "two", "three")
    assert follower.notes == []


def test_what_is_written_between_a_look_and_a_rotation_is_read(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    asked = Query(now - timedelta(hours=1), ALWAYS)
    tail = Tail(Log(log.parents[1], "logs", NAME))
    assert [line.message for line in tail.begin(asked, 10).lines] == ["first"]
    real = Path.lstat

    def lstat(path: Path) -> os.stat_result:
        monkeypatch.setattr(Path, "lstat", real)
        append(log, raw("late"))
        log.replace(log.with_name(f"{NAME}.1"))
        log.write_bytes(raw("new"))
        return real(path)

    monkeypatch.setattr(Path, "lstat", lstat)
    assert [line.message for line in tail.look(asked)] == ["late", "new"]
    tail.close()


def test_files_that_are_rotated_while_it_does_not_look_are_all_read(follower: Follower, log: Path) -> None:
    follower.process.send_signal(signal.SIGSTOP)
    append(log, raw("one"))
    for message in ("two", "three"):
        for newer, older in ((f"{NAME}.1", f"{NAME}.2"), (NAME, f"{NAME}.1")):
            if log.with_name(newer).exists():
                log.with_name(newer).replace(log.with_name(older))
        log.write_bytes(raw(message))
    follower.process.send_signal(signal.SIGCONT)
    follower.shows("first", "one", "two", "three")
    assert follower.notes == []


@pytest.mark.parametrize("rotated", [1, 2])
def test_a_file_that_is_rotated_away_while_all_are_opened_is_among_them(
    log: Path, monkeypatch: pytest.MonkeyPatch, rotated: int
) -> None:
    log.with_name(f"{NAME}.1").write_bytes(raw("of old"))
    opened, left = os.open, [rotated]

    def open_late(path: Any, *words: Any, **more: Any) -> int:
        if path == NAME and left[0]:
            left[0] -= 1
            for number in (2, 1, 0):
                older = log.with_name(f"{NAME}.{number}" if number else NAME)
                if older.exists():
                    older.replace(log.with_name(f"{NAME}.{number + 1}"))
            log.write_bytes(raw("new"))
        return opened(path, *words, **more)

    monkeypatch.setattr(os, "open", open_late)
    place = log.parent
    with ExitStack() as stack:
        found = Log(place.parent, place.name, NAME).opened(stack)
        assert len(found) == 2 + rotated
        assert b"of old" in os.pread(found[-1].descriptor, 1000, 0)


@pytest.mark.parametrize("begun", ["before", "meanwhile"])
def test_no_line_of_a_log_that_is_rotated_all_the_time_is_lost_or_shown_twice(
    root: Path, log: Path, begun: str
) -> None:
    count = 6_000
    log.unlink()
    follower = None
    if begun == "before":
        follower = Follower(root)
        follower.reads()
    with python(WRITER, str(log), str(count), "30000") as writer:
        until(log.exists, GIVE_UP, "it writes")
        follower = follower or Follower(root)
        follower.sees(lambda: follower.lines[-1:] == [str(count - 1)], "it has read everything")
        assert writer.wait(GIVE_UP) == 0
    found = [int(text) for text in follower.lines]
    assert found == list(range(found[0], count))
    assert found[0] == 0 or begun == "meanwhile"
    assert follower.end() == 0


def test_a_file_that_is_truncated_is_read_from_its_beginning_and_that_is_said(follower: Follower, log: Path) -> None:
    os.truncate(log, 0)
    follower.says("truncated")
    append(log, raw("one"))
    follower.shows("first", "one")


def test_a_file_that_is_truncated_and_has_grown_beyond_is_noticed(follower: Follower, log: Path) -> None:
    follower.process.send_signal(signal.SIGSTOP)
    with log.open("r+b") as stream:
        stream.truncate()
        stream.write(raw("x" * 2000) + raw("one"))
    follower.process.send_signal(signal.SIGCONT)
    follower.says("truncated")
    follower.shows("one")


def test_a_file_that_is_removed_and_made_again_is_read_on(follower: Follower, log: Path) -> None:
    with log.open("ab") as kept:
        log.unlink()
        follower.says("No such file")
        kept.write(raw("into what was removed"))
        kept.flush()
        follower.shows("into what was removed")
    log.write_bytes(raw("one"))
    follower.shows("into what was removed", "one")
    assert [text.partition(" ")[0] for text in follower.notes] == ["NOT", "the", "it"], "each once"
    assert follower.end() == 0, "it can be read at the end"


@pytest.mark.parametrize("wrong", ["directory", "link", "fifo", "no directory of logs"])
def test_what_cannot_be_read_is_said_once_and_read_on_when_it_can(
    follower: Follower, log: Path, root: Path, wrong: str
) -> None:
    (root / "secret").write_bytes(raw("the secret of somebody"))
    aside = log.with_name("aside")
    if wrong == "no directory of logs":
        log.parent.replace(root / "aside")
    else:
        log.replace(aside)
        spoil(log, wrong, root / "secret")
    follower.says("NOT READ")
    append(root / "bots/beta/var/logs" / NAME, raw("of beta"))
    follower.shows("first", "of beta")
    if wrong == "no directory of logs":
        (root / "aside").replace(log.parent)
    else:
        log.rmdir() if wrong == "directory" else log.unlink()
        aside.replace(log)
    append(log, raw("one"))
    follower.shows("of beta", "one")
    follower.says("it is read again")
    assert len(follower.notes) == 2
    assert follower.end() == 0


def test_a_log_that_cannot_be_read_at_the_end_is_not_0(follower: Follower, log: Path) -> None:
    log.replace(log.with_name("aside"))
    log.mkdir()
    follower.says("NOT READ")
    assert follower.end() == 2
    assert follower.answer["wrong"] == [f"alpha: logs/{NAME}: it is no plain file"]


def test_a_log_that_is_not_there_yet_is_read_when_it_is(root: Path, log: Path) -> None:
    log.unlink()
    follower = Follower(root)
    follower.says(f"there is no {NAME}")
    log.write_bytes(raw("old", hours=-2) + raw("one"))
    follower.shows("one")
    follower.says("it is read again")
    assert follower.end() == 0


def test_a_log_that_is_rotated_before_it_is_seen_is_read_from_its_first_line(root: Path, log: Path) -> None:
    log.replace(log.with_name(f"{NAME}.1"))
    follower = Follower(root)
    follower.reads()
    follower.process.send_signal(signal.SIGSTOP)
    log.with_name(f"{NAME}.1").replace(log.with_name(f"{NAME}.2"))
    log.with_name(f"{NAME}.1").write_bytes(raw("one"))
    log.write_bytes(raw("two"))
    follower.process.send_signal(signal.SIGCONT)
    follower.shows("first", "one", "two")


def test_a_line_of_many_megabytes_is_left_out_and_said(follower: Follower, log: Path) -> None:
    for _ in range(40):
        append(log, b"x" * 1_000_000)
    append(log, b"\n", raw("one"))
    follower.shows("first", "one")
    assert follower.notes == ["1 lines are no lines of JSON, or too long, and were left out"]
    assert int(re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{follower.process.pid}/status").read_text())[0]) < 60_000


def test_a_long_line_that_was_begun_before_is_left_out(root: Path, log: Path) -> None:
    append(log, b"x" * 3_000_000)
    follower = Follower(root)
    follower.reads()
    append(log, b"y\n", raw("one"))
    follower.shows("one")
    assert follower.end() == 0
    assert follower.answer["unread"] == 1


def test_hostile_lines_and_those_of_no_utf_8_are_survived(follower: Follower, log: Path) -> None:
    append(log, b"\xff\xfe\x00\n", b"[" * 5000 + b"\n", raw("XY").replace(b"XY", b"\xff"), raw("one"))
    follower.shows("first", "\ufffd", "one")
    assert sum(int(text.split()[0]) for text in follower.notes) == 2


def test_a_line_of_a_clock_that_is_ahead_is_shown_and_holds_up_nothing(
    follower: Follower, log: Path, root: Path
) -> None:
    append(log, raw("to come", days=300), raw("one"))
    append(root / "bots/beta/var/logs" / NAME, raw("of beta"))
    follower.sees(lambda: sorted(follower.lines) == ["first", "of beta", "one", "to come"], "all are shown")
    assert follower.lines.index("to come") < follower.lines.index("one"), "those of a log keep their order"


def test_a_line_that_a_full_disk_tore_costs_no_other(follower: Follower, log: Path) -> None:
    append(log, raw("torn")[:40])
    append(log, b"\n", raw("after"))
    follower.shows("first", "after")
    follower.says("left out")


def test_a_line_is_shown_when_it_is_whole_and_not_before(follower: Follower, log: Path, root: Path) -> None:
    line = raw("one")
    append(log, line[:40])
    append(root / "bots/beta/var/logs" / NAME, raw("of beta"))
    follower.shows("first", "of beta")
    append(log, line[40:])
    follower.shows("of beta", "one")
    assert follower.notes == []


@pytest.mark.parametrize("words", [("--json",), ()], ids=["program", "person"])
def test_it_ends_when_nobody_reads_any_more_though_no_line_comes(root: Path, log: Path, words: tuple[str, ...]) -> None:
    process = python(HOST, str(root), "logs", "--follow", *words, stdout=-1, stderr=-1)
    BEGUN.append(process)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(GIVE_UP) == 2
    assert process.stderr.read() == b""


def test_only_what_is_asked_for_is_followed(root: Path, log: Path) -> None:
    follower = Follower(root, "--bots=alpha", "--level=ERROR", "--match=boom")
    follower.reads()
    append(root / "bots/beta/var/logs" / NAME, raw("boom").replace(b"INFO", b"ERROR"))
    append(root / "user_data/logs" / OWN, raw("boom").replace(b"INFO", b"ERROR"))
    append(log, raw("boom"), raw("bang").replace(b"INFO", b"ERROR"), raw("BOOM").replace(b"INFO", b"ERROR"))
    follower.shows("BOOM")
    assert follower.lines == ["BOOM"]
    assert follower.end() == 0


def test_it_ends_by_itself_after_its_duration(root: Path, log: Path) -> None:
    follower = Follower(root, "--duration=1s")
    assert follower.process.wait(GIVE_UP) == 0
    until(lambda: bool(follower.answer), GIVE_UP, "it has answered")
    assert (follower.answer["wrong"], follower.answer["lines"], follower.lines) == ([], [], ["first"])


def test_a_person_gets_lines_as_they_come(root: Path, log: Path) -> None:
    process = python(HOST, str(root), "logs", "--follow", stdout=-1)
    assert process.stdout is not None
    assert process.stdout.readline().endswith(b" alpha INFO l: first\n")
    append(log, b"junk\n", raw("one"))
    found = [process.stdout.readline() for _ in range(2)]
    assert found[0].endswith(b" alpha INFO l: one\n")
    assert found[1].endswith(b" alpha: 1 lines are no lines of JSON, or too long, and were left out\n")
    process.send_signal(signal.SIGINT)
    assert process.wait(GIVE_UP) == 0
    assert b"1 lines" in process.stdout.read()


@pytest.mark.parametrize(
    "words", [["errors", "--follow"], ["--duration=30s"], ["--follow", "--duration=soon"], ["--follow", "--since=soon"]]
)
def test_what_cannot_be_followed_is_refused(root: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert cli.main(["logs", "--json", *words], root) == 1
    assert "refused" in json.loads(capsys.readouterr().out)
