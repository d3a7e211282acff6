"""Logs that were rotated away: those of bots, and that of freqops itself. A log that is written to never goes.

A bot owns the directory of its log, and may put anything there. So all is done relative to the open directory, by
names of ours alone, and what was renamed meanwhile is told by its identity.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from freqops.core.base import durable
from freqops.core.base.errors import NotProven
from freqops.core.retention import things
from freqops.core.retention.things import LOGS, Thing

from ..logs import files, writer
from ..runs.trees import GOING
from .host import Host

OF_A_BOT = Path("var") / "logs"  # below the home of a bot
ROTATED = re.compile(r"(?:freqtrade|freqops)\.log\.[0-9]{1,4}")
BEFORE = timedelta(days=1)  # what was written so long before an incident was opened may tell how it came
LOCK_SECONDS = 10.0


class Place(NamedTuple):
    """A directory of logs.

    Attributes:
        home: The directory above it, which nobody but root can replace.
        below: The directory in it.
        bot: The bot; empty for the log of freqops itself.
    """

    home: Path
    below: Path
    bot: str


def places(host: Host) -> list[Place]:
    """Return the directories of logs that are meant."""
    found = [Place(home, OF_A_BOT, home.name) for home in host.homes()]
    return found if host.bots else [*found, Place(host.root, writer.DIRECTORY, "")]


def look(host: Host, problems: list[str]) -> Iterator[Thing]:
    """Yield the logs that are old enough to go.

    Args:
        host: This host.
        problems: Where to say what could not be looked at.
    """
    for place in places(host) if host.policy.log_days else []:
        try:
            yield from _of(host, place)
        except FileNotFoundError:
            continue  # it never wrote a log
        except OSError as error:
            problems.append(f"{LOGS}: {(place.home / place.below).relative_to(host.root)}: {error.strerror}")


def _of(host: Host, place: Place) -> Iterator[Thing]:
    with _open(place) as directory:
        for name in filter(ROTATED.fullmatch, _names(directory)):
            try:
                found = os.stat(name, dir_fd=directory, follow_symlinks=False)
            except FileNotFoundError:
                continue  # rotated away meanwhile
            if not stat.S_ISREG(found.st_mode) or not things.older(
                things.at(found.st_mtime), host.policy.log_days, host.now
            ):
                continue
            written = things.at(found.st_mtime)
            path = str((place.home / place.below / name).relative_to(host.root))
            reason = f"its last line is of {written:%Y-%m-%d}, more than {host.policy.log_days} days ago"
            needs = [
                f"{incident} is not closed, and may be about it"
                for incident, opened in host.open_about(place.bot)
                if opened is None or written >= opened - BEFORE
            ]
            yield Thing(LOGS, path, found.st_size, reason, tuple(needs[:1]), place.bot)


def remove(host: Host, thing: Thing) -> None:
    """Remove a log.

    Raises:
        NotProven: It is another file by now, or still there.
        OSError: It cannot be removed.
    """
    path = host.root / thing.name
    place = next(each for each in places(host) if each.home / each.below == path.parent)
    with _open(place) as directory, _not_rotated(host, place):
        found = os.stat(path.name, dir_fd=directory, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode) or not things.older(
            things.at(found.st_mtime), host.policy.log_days, host.now
        ):
            raise NotProven("it was rotated meanwhile: another file has its name now")
        _unlink(directory, path.name, found)


def _unlink(directory: int, name: str, meant: os.stat_result) -> None:
    """Remove a file, and put it back where its bot rotated another one to its name in this moment."""
    away = f"{GOING}{name}"
    os.rename(name, away, src_dir_fd=directory, dst_dir_fd=directory)
    found = os.stat(away, dir_fd=directory, follow_symlinks=False)
    if (found.st_dev, found.st_ino) != (meant.st_dev, meant.st_ino):
        os.link(away, name, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
        os.unlink(away, dir_fd=directory)
        raise NotProven("it was rotated meanwhile: another file has its name now")
    os.unlink(away, dir_fd=directory)
    os.fsync(directory)


def left(host: Host) -> Iterator[Thing]:
    """Yield what a removal that was killed left behind."""
    for place in places(host):
        with contextlib.suppress(OSError), _open(place) as directory:
            for name in _names(directory):
                found = os.stat(name, dir_fd=directory, follow_symlinks=False)
                if name.startswith(GOING) and ROTATED.fullmatch(name[len(GOING) :]) and stat.S_ISREG(found.st_mode):
                    path = str((place.home / place.below / name).relative_to(host.root))
                    yield Thing(LOGS, path, found.st_size, "its removal was cut off", (), place.bot)


def sweep(host: Host, thing: Thing) -> None:
    """Remove what a removal that was killed left behind."""
    path = host.root / thing.name
    place = next(each for each in places(host) if each.home / each.below == path.parent)
    with _open(place) as directory:
        os.unlink(path.name, dir_fd=directory)
        os.fsync(directory)


def _names(directory: int) -> list[str]:
    return sorted(os.listdir(directory))


@contextmanager
def _open(place: Place) -> Iterator[int]:
    """Open a directory of logs; no link on the way below its home is followed."""
    opened = [os.open(place.home, files.DIRECTORY)]
    try:
        for part in place.below.parts:
            opened.append(os.open(part, files.DIRECTORY, dir_fd=opened[-1]))
        yield opened[-1]
    finally:
        for descriptor in opened:
            os.close(descriptor)


@contextmanager
def _not_rotated(host: Host, place: Place) -> Iterator[None]:
    """Keep the log of freqops from being rotated for the block; that of a bot rotates when it wants to."""
    if place.bot:
        yield
        return
    with durable.locked(host.root / writer.DIRECTORY / writer.FILE, LOCK_SECONDS, host.clock) as mine:
        if not mine:
            raise NotProven("the log is being written, and its lock is not to be had")
        yield
