"""The lines of a log that is rotated, the newest first, read from its end: only as far as they are asked for.

A bot can put anything into the directory of its log. No link is followed, no pipe is waited for, and no line is longer
than a bound.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from freqops.core.logs import json_line
from freqops.core.logs.json_line import Line
from freqops.core.logs.redaction import Redactor

CHUNK = 256 * 1024
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
MOST, TRIES = 200, 5  # files of one log, and how often they are opened where they are rotated meanwhile


class Opened(NamedTuple):
    """A file of a log, open, as it was when it was opened.

    Attributes:
        name: Its name.
        descriptor: The descriptor, which whoever opened it closes.
        identity: The device and the number of the file, which no rename changes.
        size: Its size in bytes.
    """

    name: str
    descriptor: int
    identity: tuple[int, int]
    size: int


@dataclass
class Log:
    """A log: the file that is written, and those that were rotated away from it.

    Attributes:
        home: The directory that nobody but root can replace.
        below: The directory of the log in it, which may be anything.
        name: The name of the file that is written.
        optional: Whether it may be missing, for then nothing was said.
        wrong: What of it could not be read; complete when the lines are.
        unread: Lines that are none of ours, or are too long; as of `wrong`.
        redact: Takes out the secrets that stand in the lines all the same.
        files: Its files, where somebody has opened them already; they are then read as far as they went.
    """

    home: Path
    below: str
    name: str
    optional: bool = False
    wrong: list[str] = field(default_factory=list)
    unread: int = 0
    redact: Redactor = field(default_factory=Redactor)
    files: list[Opened] | None = None

    def chunks(self) -> Iterator[list[bytes]]:
        """Give the lines, the newest first, a list for each piece that was read; None of a file is given twice.

        A line that is longer than `json_line.LONGEST` is an empty one.
        """
        with ExitStack() as stack:
            for each in self.opened(stack) if self.files is None else self.files:
                try:
                    yield from backward(each.descriptor, each.size)
                except OSError as error:
                    self.wrong.append(f"{self.name}: {error.strerror}")

    def opened(self, stack: ExitStack) -> list[Opened]:
        """Return the files, open, the newest first; all are opened at once, because they may be rotated meanwhile.

        A rotation while they are opened gives the oldest a name that was not looked for. Then all are opened again.

        Args:
            stack: Closes them.
        """
        left = TRIES
        while True:
            left, wrong = left - 1, len(self.wrong)
            with ExitStack() as own:
                found, rotated = self._opened(own)
                if not (rotated and left):
                    stack.enter_context(own.pop_all())
                    return found
            del self.wrong[wrong:]

    def _opened(self, stack: ExitStack) -> tuple[list[Opened], bool]:
        """Return the files, open, and whether they were rotated meanwhile, so that one may be missing."""
        opened: list[Opened] = []
        seen: set[tuple[int, int]] = set()
        rotated = False
        try:
            home = os.open(self.home, DIRECTORY)
            stack.callback(os.close, home)
            place = os.open(self.below, DIRECTORY, dir_fd=home)
            stack.callback(os.close, place)
            names = self._names(os.listdir(place))  # noqa: PTH208  of what is open, whatever has its name now
        except OSError as error:
            if not (self.optional and isinstance(error, FileNotFoundError)):
                self.wrong.append(f"{self.home / self.below}: {error.strerror}")
            return [], False
        for name in names[:MOST]:
            try:
                descriptor = os.open(name, PLAIN, dir_fd=place)
            except FileNotFoundError:
                rotated = True
                continue
            except OSError as error:
                self.wrong.append(f"{self.below}/{name}: {error.strerror}")
                continue
            stack.callback(os.close, descriptor)
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                self.wrong.append(f"{self.below}/{name}: it is no plain file")
                continue
            identity = (found.st_dev, found.st_ino)
            if identity not in seen:
                seen.add(identity)
                opened.append(Opened(name, descriptor, identity, found.st_size))
            else:
                rotated = True
        with suppress(OSError):
            rotated = rotated or self._names(os.listdir(place)) != names  # noqa: PTH208  likewise
        return opened, rotated

    def line(self, raw: bytes) -> Line | None:
        """Return what a line says, without secrets; None where it is none of ours, which is counted."""
        found = json_line.parse(raw)
        self.unread += found is None
        return None if found is None else json_line.clean(self.redact, found)

    def _names(self, present: list[str]) -> list[str]:
        """Return the names of the files, the newest first.

        Raises:
            FileNotFoundError: There is none.
        """
        pattern = re.compile(rf"{re.escape(self.name)}(?:\.([0-9]{{1,4}}))?")
        found = {name: int(match[1] or 0) for name in present for match in [pattern.fullmatch(name)] if match}
        if not found:
            raise FileNotFoundError(2, f"there is no {self.name}")
        return sorted(found, key=lambda name: found[name])


def backward(descriptor: int, end: int) -> Iterator[list[bytes]]:
    """Give the lines of an open file from its end on, a list for each piece that was read.

    The text behind the last line break is a line that is being written, and left out.

    Args:
        descriptor: The file.
        end: How far it goes.
    """
    rest, too_long, first = b"", False, True
    while end > 0:
        begin = max(0, end - CHUNK)
        data = os.pread(descriptor, end - begin, begin)
        if len(data) < end - begin:
            return  # truncated meanwhile: what was before is gone
        end = begin
        parts = data.split(b"\n")
        parts[-1] = b"" if too_long else parts[-1] + rest
        if len(parts) == 1 and begin:
            too_long = too_long or len(parts[0]) > json_line.LONGEST
            rest = b"" if too_long else parts[0]
            continue
        rest = parts.pop(0) if begin else b""
        lines = parts[::-1]
        if first and lines:
            lines.pop(0)
        first = too_long = False
        yield lines
