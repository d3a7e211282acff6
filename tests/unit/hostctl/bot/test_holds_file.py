"""Holds on the disk: latched within a second or said not to be, and ``initial_state`` follows from them."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.halt import checksum, holds, start_gate
from freqops.hostctl.bot import holds_file
from tests.unit.fakes import START, FakeClock, make_bot
from tests.unit.patience import PATIENCE

CLOCK = Clock()


def hold(level: int = 1, incident: str = "one", holder: str = "halt") -> holds.Hold:
    return holds.Hold(holder, level, "why", "ann@host", incident, 0, "")


def state(home: Path) -> str:
    return str(json.loads((home / "conf" / "state.json").read_text())["initial_state"])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_bot(tmp_path)


def test_a_latched_hold_is_on_the_disk_with_its_state(home: Path) -> None:
    latched = holds_file.latch(home, hold(), CLOCK)
    assert (latched.error, latched.raised) == (None, True)
    assert latched.holds == holds.load(home / "conf" / "holds.json")
    assert holds.effective_level(home / "conf" / "holds.json") == 1
    assert state(home) == "paused"
    assert (home / "conf" / "holds.json").stat().st_mode & 0o777 == 0o444


def test_the_same_book_again_changes_nothing(home: Path) -> None:
    holds_file.latch(home, hold(3), CLOCK)
    before = (home / "conf" / "holds.json").stat()
    for level, incident in ((3, "two"), (1, "three")):
        latched = holds_file.latch(home, hold(level, incident), CLOCK)
        assert (latched.error, latched.raised) == (None, False)
        assert latched.holds is not None
        assert latched.holds.level == 3
    after = (home / "conf" / "holds.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_again_mends_a_state_that_does_not_follow(home: Path) -> None:
    holds_file.latch(home, hold(), CLOCK)
    (home / "conf" / "state.json").unlink()
    assert holds_file.latch(home, hold(), CLOCK).error is None
    assert state(home) == "paused"


@pytest.mark.parametrize("content", [b"", b'{"version": 1', b"\xff", b"[" * 60000, None])
def test_an_unreadable_book_becomes_level_3_and_is_kept_aside(home: Path, content: bytes | None) -> None:
    path = home / "conf" / "holds.json"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    latched = holds_file.latch(home, hold(1), FakeClock())
    assert latched.error is None
    only = holds.load(path).holds[0]
    assert (only.level, only.incident) == (3, "one")
    assert "could not be read" in only.reason
    kept = home / "conf" / f"holds.json.unreadable-{START:%Y%m%dT%H%M%SZ}"
    assert (kept.read_bytes() if kept.exists() else None) == content


def test_a_bad_file_stays_until_the_new_one_is_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "conf" / "holds.json"
    path.write_bytes(b"{")
    monkeypatch.setattr(os, "fsync", refuse(errno.ENOSPC))
    for _ in range(2):
        assert "No space" in str(holds_file.latch(home, hold(1), FakeClock()).error)
        assert path.read_bytes() == b"{"
    monkeypatch.undo()
    assert holds_file.latch(home, hold(1), FakeClock()).error is None
    assert [kept.read_bytes() for kept in path.parent.glob("*unreadable*")] == [b"{"]


def test_what_an_older_version_wrote_gets_its_checksum_with_the_next_start(home: Path) -> None:
    path = home / "conf" / "holds.json"
    held = holds.Holds().raised(hold(3), START)
    path.write_bytes(durable.as_json(held.to_json()))
    assert holds_file.synchronise(home, CLOCK) == held
    assert path.read_bytes() == checksum.with_checksum(durable.as_json(held.to_json()))
    before = path.stat().st_ino
    assert holds_file.synchronise(home, CLOCK) == held
    assert path.stat().st_ino == before


def test_holds_begin_where_there_are_none_and_stay_where_there_are(home: Path) -> None:
    path = home / "conf" / "holds.json"
    path.unlink()
    assert holds_file.begin(home, CLOCK) == holds.Holds()
    assert holds_file.latch(home, hold(3), CLOCK).error is None
    assert holds_file.begin(home, CLOCK).level == 3
    path.write_text("{")
    with pytest.raises(holds.HoldsUnreadable):
        holds_file.begin(home, CLOCK)
    with durable.locked(home / ".holds.lock", 0, CLOCK), pytest.raises(Refused, match="another command"):
        holds_file.begin(home, FakeClock())


def refuse(number: int) -> Any:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number), "holds.json")

    return fail


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("where", ["os.fsync", "freqops.core.base.durable.beside"])
def test_a_failing_disk_is_said_at_once(home: Path, monkeypatch: pytest.MonkeyPatch, where: str, number: int) -> None:
    monkeypatch.setattr(where, refuse(number))
    monkeypatch.setattr(holds_file, "LATCH_SECONDS", 2 * PATIENCE)
    began = time.monotonic()
    latched = holds_file.latch(home, hold(), CLOCK)
    assert time.monotonic() - began < PATIENCE, "nothing is waited for"
    assert os.strerror(number) in str(latched.error)
    assert not latched.raised


def test_a_stuck_disk_is_waited_for_a_second(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda _: released.wait(2 * PATIENCE))
    began = time.monotonic()
    latched = holds_file.latch(home, hold(), CLOCK)
    assert holds_file.LATCH_SECONDS == 1.0
    assert 0.9 < time.monotonic() - began < PATIENCE
    assert latched.error == "the disk did not answer within a second"
    released.set()


def test_a_missing_declaration_is_not_latched_but_the_gate_knows(home: Path) -> None:
    (home / "bot.json").unlink()
    assert "bot.json" in str(holds_file.latch(home, hold(3), CLOCK).error)
    assert start_gate.verdict(home / "conf") == "held at level 3: why (one)"


def test_a_hold_written_beside_another_writer_is_not_called_latched(home: Path) -> None:
    """That writer may have read the holds before and write them after: a slow release would undo the hold."""
    with durable.locked(home / ".holds.lock", 0, CLOCK) as held:
        assert held
        latched = holds_file.latch(home, hold(), FakeClock())
    assert holds.effective_level(home / "conf" / "holds.json") == 1
    assert "another command was writing" in str(latched.error)
    assert holds_file.latch(home, hold(), CLOCK).error is None


def test_on_a_disk_that_takes_no_lock_what_stands_there_stands_there(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert holds_file.latch(home, hold(), CLOCK).error is None
    monkeypatch.setattr(durable, "locked", lambda *_: contextlib.nullcontext())
    assert holds_file.latch(home, hold(), CLOCK).error is None
    assert "another command may have been writing" in str(holds_file.latch(home, hold(3), CLOCK).error)


def test_a_change_waits_for_other_writers_and_then_refuses(home: Path) -> None:
    clock = FakeClock()
    with durable.locked(home / ".holds.lock", 0, clock):
        with pytest.raises(Refused, match="another command"):
            holds_file.synchronise(home, clock)
        with pytest.raises(Refused, match="another command"):
            holds_file.unless_held(home, pytest.fail, clock)
    assert clock.now >= 10


def test_a_change_of_unreadable_holds_is_refused(home: Path) -> None:
    (home / "conf" / "holds.json").write_text("")
    with pytest.raises(holds.HoldsUnreadable):
        holds_file.synchronise(home, CLOCK)
    assert holds_file.unless_held(home, lambda: pytest.fail("acted"), CLOCK) == 3


def test_a_change_that_cannot_be_written_leaves_the_holds(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holds_file.latch(home, hold(), CLOCK)
    monkeypatch.setattr(os, "fsync", refuse(errno.ENOSPC))
    with pytest.raises(OSError, match="No space"):
        holds_file.change(home, lambda present: present.resumed("one", START), CLOCK)
    assert holds.effective_level(home / "conf" / "holds.json") == 1


def test_no_hold_is_latched_while_something_is_done_unless_held(home: Path) -> None:
    """Either the halt comes first and nothing is done, or it comes after and finds what was done."""
    order: list[str] = []

    def latch() -> None:
        holds_file.latch(home, hold(), CLOCK)
        order.append("latched")

    def act() -> None:
        halt = threading.Thread(target=latch)
        halt.start()
        time.sleep(0.1)
        order.append("acted")
        threads.append(halt)

    threads: list[threading.Thread] = []
    assert holds_file.unless_held(home, act, CLOCK) == 0
    threads[0].join(5)
    assert order == ["acted", "latched"]
    assert holds.effective_level(home / "conf" / "holds.json") == 1
    assert holds_file.unless_held(home, lambda: pytest.fail("acted"), CLOCK) == 1


class Crash(OSError):
    """The power fails."""


class Books(RuleBasedStateMachine):
    """What may happen to one bot's holds; the model is a plain dictionary of holder to level and incident."""

    @initialize()
    def begin(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="freqops-holds-"))
        self.home = make_bot(self.root)
        self.model: dict[str, tuple[int, str]] = {}
        self.count = 0
        self.crashes: str | None = None

    def teardown(self) -> None:
        if hasattr(self, "root"):
            shutil.rmtree(self.root)

    def _store(self, how: Any) -> bool:
        """Run ``how``, crashing where we are told to, and return whether the holds reached the disk."""
        written, replace = [], Path.replace
        crashes, self.crashes = self.crashes, None

        def recorded(path: Path, target: Path) -> Path:
            if crashes == Path(target).name:
                raise Crash(errno.EIO, "power failure", str(target))
            written.append(Path(target).name)
            return replace(path, target)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "replace", recorded)
            with contextlib.suppress(Crash):
                how()
        return "holds.json" in written

    @rule(where=st.sampled_from(["holds.json", "state.json"]))
    def crash_at_the_next_writing_of(self, where: str) -> None:
        self.crashes = where

    @rule(holder=st.sampled_from(holds.HOLDERS), level=st.sampled_from(holds.LEVELS))
    def latch(self, holder: str, level: int) -> None:
        self.count += 1
        incident = f"i{self.count}"
        if self._store(lambda: holds_file.latch(self.home, hold(level, incident, holder), CLOCK)):
            assert self.model.get(holder, (0, ""))[0] < level
            self.model[holder] = (level, incident)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        holder = data.draw(st.sampled_from(sorted(self.model)))
        level, incident = self.model[holder]

        def how() -> None:
            holds_file.change(self.home, lambda present: present.resumed(incident, START), CLOCK)

        if self._store(how):
            if level == holds.HARD:
                self.model[holder] = (holds.ENTRIES, incident)
            else:
                del self.model[holder]

    @rule(holder=st.sampled_from(holds.HOLDERS), rest=st.sampled_from(holds.TRADER_STATES_AT_REST))
    def rest(self, holder: str, rest: str) -> None:
        self._store(lambda: holds_file.change(self.home, lambda present: present.resting(holder, rest), CLOCK))

    @rule()
    def release_of_what_is_not_held(self) -> None:
        with pytest.raises(Refused):
            holds_file.change(self.home, lambda present: present.resumed("nothing", START), CLOCK)

    @rule()
    def synchronise(self) -> None:
        if self._store(lambda: holds_file.synchronise(self.home, CLOCK)) or self.crashes:
            return
        expected = holds_file.synchronise(self.home, CLOCK)
        assert state(self.home) == (expected.rest if self.model else "running")

    @invariant()
    def the_disk_says_what_was_done(self) -> None:
        if not hasattr(self, "home"):
            return
        present = holds.load(self.home / "conf" / "holds.json")
        assert {each.holder: (each.level, each.incident) for each in present.holds} == self.model

    @invariant()
    def the_gate_lets_no_held_bot_trade(self) -> None:
        if not hasattr(self, "home"):
            return
        level = max((level for level, _ in self.model.values()), default=0)
        if level and start_gate.verdict(self.home / "conf") is None:
            assert level == 1
            assert state(self.home) in holds.TRADER_STATES_AT_REST


Books.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestBooks = Books.TestCase


@pytest.fixture(autouse=True)
def no_stray_threads() -> Iterator[None]:
    yield
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and "_latch" in thread.name:
            thread.join(2)
