"""The guard of a host: it makes holds true again, and has the bots follow the breaker files, as long as the host runs.

It looks every few seconds, and at once when a breaker file changes. Each bot has a thread of its own. A timer is its
backstop: it does the same where the guard's last round is too old.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable

from freqops.core.base import service, stamp
from freqops.core.base.clock import Clock
from freqops.core.base.repeats import Repeats
from freqops.core.bot import layout
from freqops.core.breaker import guard_note, places
from freqops.core.halt import timers

from ..bot import breaker_hold
from ..bot.engine import Engine
from ..bot.rounds import Rounds, Said
from .follower import Follower
from .watch import LOOK_SECONDS, Watch

BUSY_SECONDS = 0.2
TELL_SECONDS = 3.0  # from one sign of life to the next: those who read them call them old after ten
Say = Callable[[str], None]


class Guard:
    """The guard of one host.

    Args:
        root: The tree of freqops.
        every: Seconds from one round to the next.
        say: What its lines are said with, for people and into the log.
        code: The file that it runs; another one at its place ends it, and systemd starts that.
    """

    def __init__(self, root: Path, every: float, say: Say, code: Path, clock: Clock, engine: Engine) -> None:
        self._root, self._every, self._say, self._code, self._clock = root, every, say, code, clock
        self._follower = Follower(clock, engine)
        self._rounds = Rounds(lambda: layout.homes(root), self._follower.act, clock)
        self._failures = Repeats()

    def run(self) -> None:
        """Guard, until there is other code to do it."""
        own = _identity(self._code)
        self._latch()
        service.tell(service.READY)
        with Watch(places.NAME) as watch:
            while _identity(self._code) == own:
                self._look(watch)
                self._wait(watch)

    def _latch(self) -> None:
        """Latch the holds of breakers that are active, before the engine starts any bot."""

        def act(home: Path) -> Said:
            breaker_hold.latched(home, self._clock)
            return Said()

        for line in Rounds(lambda: layout.homes(self._root), act, self._clock).once().failed:
            self._say(line)

    def _look(self, watch: Watch) -> None:
        """Begin a round of every bot."""
        watch.add(places.host_breaker(self._root).parent)
        for home in layout.homes(self._root):
            watch.add(home)
        self._rounds.begin()
        stamp.leave(timers.GUARD)
        self._told()

    def _wait(self, watch: Watch) -> None:
        """Wait for the next round: until its time, or until a file has changed and no bot is busy with the last one.

        Where a directory cannot be watched, the next round is the look at the files, so it comes after a second.
        """
        every = min(self._every, LOOK_SECONDS) if watch.blind else self._every
        end, changed = self._clock.monotonic() + every, False
        while True:
            left = end - self._clock.monotonic()
            if left <= 0 or (changed and not self._rounds.busy):
                return
            changed = watch.wait(min(left, BUSY_SECONDS if self._rounds.busy else TELL_SECONDS)) or changed
            self._told()

    def _told(self) -> None:
        """Print the results of rounds, and leave the signs of life that others read."""
        ended = self._rounds.ended()
        for line in [*ended.done, *self._failures.news(ended.failed, self._clock.monotonic())]:
            self._say(line)
        notes = dict(self._follower.notes)
        for bot, why in self._rounds.late().items():
            notes[bot] = guard_note.BotNote("", proven=False, detail=(why,))
        unwritten = guard_note.leave(notes, self._clock.utcnow())
        if unwritten is not None:
            self._say(unwritten)
        service.tell(service.ALIVE)


def _identity(path: Path) -> tuple[int, int, int] | None:
    """Return what tells one file from another that took its place."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
