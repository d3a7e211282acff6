"""The rounds of dumps: every database is asked whether it changed, and dumped where it did.

A round in which nothing changed asks Postgres once for all bots, looks at the files of SQLite, and loads nothing of
what makes a dump.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from freqops.core.backup import changes, recovery_points
from freqops.core.backup.recovery_points import Point
from freqops.core.base import durable, stamp
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, NotProven
from freqops.core.bot import layout
from freqops.core.bot.db_url import POSTGRES
from freqops.core.bot.layout import Home
from freqops.core.bot.postgres import url_in_use
from freqops.core.halt import timers

from ..bot.engine import Engine
from ..bot.rounds import Rounds, Said
from . import marks

PASS_S = 10.0
SHOWN = 400


class DumpRounds:
    """The rounds over the bots of one host."""

    def __init__(self, root: Path, clock: Clock, engine: Engine) -> None:
        self._root, self._clock, self._engine = root, clock, engine
        self._points: dict[str, Point] = {}
        self._marks: dict[str, str | None] = {}
        self._unasked, self._writing = "", threading.Lock()
        self._asked_s, self._asked = 0.0, clock.utcnow()
        self._rounds = Rounds(self._homes, self.act, clock)

    @property
    def busy(self) -> bool:
        """Whether a dump is still being made."""
        return self._rounds.busy

    def come_round(self) -> Said:
        """Begin a round of every bot that is not busy, wait a while, and return the result."""
        self._rounds.begin()
        self._rounds.wait(PASS_S)
        said = self._rounds.ended()
        stamp.leave(timers.DUMP)
        return said

    def _homes(self) -> list[Path]:
        """Return the bots of a round, when Postgres has been asked for all of them at once."""
        homes = layout.homes(self._root)
        self._points = recovery_points.read(recovery_points.FILE)
        for name in self._points.keys() - {home.name for home in homes}:
            recovery_points.write(name, None, self._clock, recovery_points.FILE)
        self._asked_s, self._asked = self._clock.monotonic(), self._clock.utcnow()
        if any(url_in_use(home).startswith(POSTGRES) for home in homes):
            self._ask_postgres()
        return homes

    def _ask_postgres(self) -> None:
        self._marks, self._unasked = {}, ""
        try:
            self._marks = marks.of_postgres(self._engine)
        except (FreqopsError, OSError) as error:
            self._unasked = f"Postgres does not say what changed: {error}"

    def act(self, home: Path) -> Said:
        """Ask whether a database changed, dump it where it did, and write down until when it is in a dump."""
        if Home(home).under_way or self._never_installed(home):
            return Said()
        point, asked_s, asked = self._points.get(home.name, Point()), self._asked_s, self._asked
        with durable.locked(Home(home).dump_lock, 0, self._clock) as mine:
            if mine is False:  # a dump is being made by hand, or by the round before
                return Said()
            try:
                _refuse_without(Home(home).dump_lock, mine)
                mark, lag_s = marks.mark_of(home, self._told)
                if point.due(mark, asked_s):
                    return self._dumped(home, mark)
                if mark is not None and mark == point.mark:
                    self._unchanged(home, point, asked_s - lag_s, asked - timedelta(seconds=lag_s))
                return Said()
            except Exception as error:  # what it is does not matter: the database is in no dump
                self._failed(home, error)
                raise

    def _never_installed(self, home: Path) -> bool:
        """Whether it is only being deployed for the first time: it has no declaration, and never had a database."""
        return not (home / "bot.json").exists() and home.name not in self._points

    def _told(self) -> dict[str, str | None]:
        if self._unasked:
            raise NotProven(self._unasked)
        return self._marks

    def _dumped(self, home: Path, mark: str | None) -> Said:
        dumps: Any = import_module("freqops.hostctl.backup.dumps")
        began_s, began = self._clock.monotonic(), self._clock.utcnow()
        store = dumps.Store(Home(home).dumps)
        if mark == changes.ABSENT and not dumps.had_one(home, store):
            self._write(home, Point(iso(began), began_s, mark, "", began_s))
            return Said()  # a bot that never ran has no database
        made = dumps.take_locked(home, self._clock, self._engine)
        took_s, size = self._clock.monotonic() - began_s, dumps.size(made)
        moment = iso(made.manifest.moment)
        self._write(home, Point(moment, began_s, mark or "", made.stamp, began_s, took_s, size))
        said = [f"{home.name}: dumped as {made.stamp}, {size} bytes in {took_s:.1f} s"]
        gone = dumps.prune(store, self._clock)
        return Said(done=said + ([f"{home.name}: {len(gone)} dumps are not kept any more"] if gone else []))

    def _unchanged(self, home: Path, point: Point, until_s: float, until: datetime) -> None:
        """Write down that all of it is in the last dump, up to when it certainly had not changed."""
        if point.until_s is not None and until_s > point.until_s:
            self._write(home, replace(point, until=iso(until), until_s=until_s, failures=0, why=""))

    def _failed(self, home: Path, error: Exception) -> None:
        point = self._points.get(home.name, Point())
        with suppress(FreqopsError, OSError):  # the age of what is known says the rest
            self._write(home, replace(point, failures=point.failures + 1, why=str(error)[:SHOWN]))

    def _write(self, home: Path, point: Point) -> None:
        self._points[home.name] = point
        if not home.is_dir():  # it was removed meanwhile; the next bot of its name has no recovery point
            return
        with self._writing:  # the bots of a round do not wait for each other by polling
            recovery_points.write(home.name, point, self._clock, recovery_points.FILE)


def _refuse_without(lock: Path, mine: bool | None) -> None:
    if mine is None:
        raise NotProven(f"{lock} cannot be opened: the disk is full, or read-only")


def lower_priority() -> None:
    """Let everything else go first; systemd does so for the timer's rounds."""
    os.nice(10)
