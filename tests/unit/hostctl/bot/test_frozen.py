"""Freezing and thawing real processes, and a command that is killed at each of its calls in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven
from freqops.core.bot import layout, processes
from freqops.core.bot.processes import Process
from freqops.core.halt import holds
from freqops.hostctl.bot import frozen, holds_file, start, stopped
from freqops.hostctl.bot.stopped import Stopped
from freqops.hostctl.recovery import recover
from tests.unit.fakes import FakeEngine, made_container, make_bot
from tests.unit.patience import PATIENCE

BY = Stopped(stopped.DRILL, "drill-1", "f00")
POLL = 0.01
CALLS = ("note", "first", "second", "end")


class Host:
    """A bot with two real processes."""

    def __init__(self, root: Path) -> None:
        self.root, self.home = root, make_bot(root)
        self.bot, self.clock, self.engine = layout.load_bot(self.home), Clock(), FakeEngine()
        self.engine.present = made_container()
        program = root / "freqtrade"
        program.write_text("import time; time.sleep(600)")
        self.running = [subprocess.Popen([sys.executable, "-S", program, "trade"]) for _ in "ab"]

    def alive(self, _bot: object = None) -> list[Process]:
        """Return the processes as /proc has them, but for the bot, whose files they have not mounted."""
        pids = [each.pid for each in self.running]
        return [replace(found, bot="alpha") for found in processes.scan() if found.pid in pids]

    def wait_until_frozen(self, count: int) -> None:
        """Wait until the signals have arrived."""
        give_up = time.monotonic() + PATIENCE
        while sum(self.frozen) != count:
            assert time.monotonic() < give_up, self.alive()
            time.sleep(POLL)

    @property
    def frozen(self) -> list[bool]:
        """Whether each of them is frozen."""
        return [each.frozen for each in self.alive()]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    made = Host(tmp_path)
    while len(made.alive()) < len(made.running):  # until each of them has become its program
        time.sleep(POLL)
    monkeypatch.setattr(frozen, "alive", made.alive)
    yield made
    for each in made.running:
        each.kill()
        each.wait()


def freeze_and_die(host: Host, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Freeze in a process of its own, which is killed right before one of its calls."""
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        return
    calls = iter(CALLS)
    kill, write = os.kill, durable.write_json

    def met() -> None:
        if next(calls) == call:
            kill(os.getpid(), signal.SIGKILL)

    def send(pid: int, number: int) -> None:
        met()
        kill(pid, number)

    def written(*arguments: object) -> None:
        met()
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(frozen, "send", send)
    monkeypatch.setattr(durable, "write_json", written)
    try:
        frozen.freeze(host.bot, BY, host.clock)
        met()
    finally:
        os._exit(0)


def freeze(host: Host) -> None:
    """Freeze the bot, and wait until its processes have taken the signal, which is not at once on a busy machine."""
    frozen.freeze(host.bot, BY, host.clock)
    host.wait_until_frozen(2)


@pytest.mark.parametrize(("call", "left"), list(zip(CALLS, (0, 0, 1, 2), strict=True)))
def test_what_a_killed_command_froze_goes_on_by_one_recovery(
    host: Host, call: str, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as inside:
        freeze_and_die(host, call, inside)
    host.wait_until_frozen(left)
    done, failed = recover.recover(host.root, "timer", host.clock, host.engine)
    assert (host.frozen, failed) == ([False, False], [])
    assert " ".join(done).count("was frozen, and goes on") == left
    assert stopped.note_of(host.home) is None
    assert recover.recover(host.root, "timer", host.clock, host.engine) == ([], [])
    assert host.engine.ups == [], "its container runs: nothing starts it"


def test_a_drill_that_lives_is_left_alone(host: Host) -> None:
    freeze(host)
    with durable.locked(layout.Home(host.home).drill_lock, 0, host.clock):
        assert recover.recover(host.root, "timer", host.clock, host.engine) == ([], [])
        assert (host.frozen, stopped.note_of(host.home) is None) == ([True, True], False)
    assert len(recover.recover(host.root, "timer", host.clock, host.engine)[0]) == 1
    assert host.frozen == [False, False]


@pytest.mark.parametrize("command", ["remove", "start"])
def test_the_note_of_a_later_command_thaws_too(host: Host, command: str) -> None:
    """A command that stops a frozen bot has its own note in the place of the drill's."""
    freeze(host)
    stopped.begin(host.home, Stopped(command, "one", "f00"), host.clock)
    assert recover.recover(host.root, "timer", host.clock, host.engine)[1] == []
    assert host.frozen == [False, False]


def test_nothing_goes_on_under_a_hold_of_level_3(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lives then is ended, and it does nothing before that."""
    freeze(host)
    hold = holds.Hold("halt", 3, "why", "ann@host", "drill-1", 0, "")
    assert holds_file.latch(host.home, hold, host.clock).error is None
    seen: list[bool] = []

    def ended(*_: object, **__: object) -> start.Started:
        seen.extend(host.frozen)
        stopped.end(host.home)
        return start.Started(host.bot.name, "held")

    monkeypatch.setattr(start, "start_locked", ended)
    recover.recover(host.root, "timer", host.clock, host.engine)
    assert seen == [True, True]


def test_a_bot_without_a_process_is_not_frozen_and_nothing_is_written(host: Host) -> None:
    for each in host.running:
        each.kill()
        each.wait()
    with pytest.raises(NotProven, match="nothing to freeze"):
        frozen.freeze(host.bot, BY, host.clock)
    assert stopped.note_of(host.home) is None


def test_what_ends_while_it_is_looked_at_is_no_error(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    found = host.alive()
    for each in host.running:
        each.kill()
        each.wait()
    monkeypatch.setattr(frozen, "alive", lambda _bot: found)
    frozen.freeze(host.bot, BY, host.clock)
    assert stopped.note_of(host.home) is not None
