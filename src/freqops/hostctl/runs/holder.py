"""The holder of a slot: a process that begins a run, writes heartbeats meanwhile, and ends the run where it cannot.

It looks every second at most. A holder that was stopped, or slept with its machine, finds its heartbeat late when it
goes on, and ends its run: the slot was not taken before, because the holder was not gone. Where the slot
cannot be read or written, nothing was heard of it: that is tried again until it is late. No error of a look leaves a
run behind.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Callable

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.runs import slot_processes, slots
from freqops.core.runs.slot_directory import SlotDirectory
from freqops.core.runs.slots import Acquired, Lost, Slot, Wanted

from . import own_processes
from .own_processes import Session

LOOK_SECONDS, LOOKS_IN_TTL = 1.0, 20
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LOST = 124  # as timeout(1) has it for a command that it ended


@dataclass(frozen=True)
class Ended:
    """The end of a run.

    Attributes:
        status: The exit status: of the command, `LOST`, or 128 and the signal that ended it.
        why: Why it was ended; empty where it ended by itself.
        slot_lost: Whether it was ended because its slot was lost or late.
    """

    status: int
    why: str = ""
    slot_lost: bool = False


def run(
    directory: SlotDirectory, wanted: Wanted, words: list[str], clock: Clock, tell: Callable[[Acquired], object]
) -> Ended:
    """Take a slot, run a command under it, and give it back.

    Args:
        directory: The slots of this host.
        wanted: The slot.
        words: The command and its arguments.
        clock: The source of the time.
        tell: Is given the slot before the command begins.

    Raises:
        Refused: There was no slot, and nothing ran.
        NotProven: The rest of the run could not be ended, or the slot was not given back, and had not been lost.
    """
    acquired = directory.acquire(wanted)
    try:
        tell(acquired)
        ended = _run(directory, words, clock, Kept(directory, acquired.token, acquired.slot))
    except BaseException:
        with suppress(FreqopsError, OSError):  # where the run goes on, the slot is refused, and stays
            directory.release(acquired.token)
        raise
    try:
        directory.release(acquired.token)
    except (FreqopsError, OSError) as error:
        if not ended.slot_lost:
            raise NotProven(f"the run ended with {ended.status}, and its slot was not given back: {error}") from None
        return replace(ended, why=f"{ended.why}; its slot was not given back: {error}")
    return ended


def run_under(directory: SlotDirectory, token: str, words: list[str], clock: Clock) -> Ended:
    """Run a command under a slot that somebody else holds, for as long as that one is heard.

    Raises:
        Refused: Another run is under the slot; nothing ran.
        NotProven: The slot is not held any more, or what is left of the run could not be ended.
    """
    return _run(directory, words, clock, Watched(directory, token, directory.held(token)))


@dataclass
class Watched:
    """A slot that somebody else keeps.

    Attributes:
        directory: The slots of this host.
        token: The token of the slot.
        slot: The slot as it was seen last.
    """

    directory: SlotDirectory
    token: str
    slot: Slot

    def look(self) -> None:
        """Look at the slot; one that cannot be read for a while is tried again.

        Raises:
            Lost: It is not held any more, or its heartbeat is late.
        """
        self._ask(self.directory.held)

    def _ask(self, question: Callable[[str], Slot]) -> None:
        """Ask for the slot; that there is no answer is nothing, until the slot that was seen last is late."""
        try:
            self.slot = question(self.token)
        except Lost:
            raise
        except (FreqopsError, OSError) as error:
            present = self.directory.now().boot
            if self.slot.is_late(present):
                raise Lost(f"nothing was heard of the slot for {self.slot.silence(present):.1f} s: {error}") from None


class Kept(Watched):
    """A slot that is kept by heartbeats."""

    def look(self) -> None:
        """Be heard where it is time; what fails for a while, as on a full disk, is tried again.

        Raises:
            Lost: The heartbeat is late, or the slot is somebody else's.
        """
        now = self.directory.now().boot
        if self.slot.is_late(now):
            raise Lost(f"no heartbeat was written for {self.slot.silence(now):.1f} s")
        if self.slot.silence(now) >= slots.seconds_between_beats(self.slot.ttl):
            self._ask(self.directory.keep)


def _run(directory: SlotDirectory, words: list[str], clock: Clock, slot: Watched) -> Ended:
    with _heard() as signals:
        session = own_processes.begin(words, clock, lambda pid: _noted(directory, slot.token, pid))
        try:
            ended = _watched(session, signals, slot)
        finally:
            session.end(_grace(directory, slot.slot))
    with suppress(FreqopsError, OSError):  # the run has ended, which whoever asks looks up
        directory.put_run(slot.token, None)
    if ended is None and session.status is None:
        raise NotProven("the run has ended, and its exit status is not known")
    return ended or Ended(session.status or 0)


def _grace(directory: SlotDirectory, slot: Slot) -> float:
    """Return the seconds in which a run may end by itself; none where the age of the boot cannot be read."""
    try:
        return slots.seconds_of_grace(slot, directory.now().boot)
    except (FreqopsError, OSError):
        return 0.0


def _noted(directory: SlotDirectory, token: str, pid: int) -> None:
    try:
        directory.put_run(token, slot_processes.known(pid))
    except OSError as error:
        raise Refused(f"nothing ran: the run could not be written down in {directory.path}: {error}") from None


def _watched(session: Session, signals: int, slot: Watched) -> Ended | None:
    """Wait for the end of a run, and return why it must end; None where it did by itself."""
    seconds = min(LOOK_SECONDS, slot.slot.ttl / LOOKS_IN_TTL)
    ended = os.pidfd_open(session.leader)
    try:
        waits = select.poll()
        waits.register(ended, select.POLLIN)
        waits.register(signals, select.POLLIN)
        while True:
            for descriptor, _ in waits.poll(seconds * 1000):
                if descriptor == ended:
                    return None
                number = os.read(signals, 1)[0]
                return Ended(128 + number, f"the signal {number} ended it")
            slot.look()
    except Lost as lost:
        return Ended(LOST, str(lost), slot_lost=True)
    finally:
        os.close(ended)


@contextmanager
def _heard() -> Iterator[int]:
    """Let the signals that end a command be read from a pipe, whose descriptor is yielded."""
    reads, writes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # as under nohup(1)
    before = {number: signal.signal(number, lambda *_: None) for number in heard}
    former = signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
    try:
        yield reads
    finally:
        signal.set_wakeup_fd(former)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reads)
        os.close(writes)
