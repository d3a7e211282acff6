"""One log read on from its end, whatever becomes of its files meanwhile.

Files may be rotated, truncated, removed and made again, and made unreadable; what stands in their place may be a link
or a pipe. Nothing of that ends the reading, and each is said once.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from freqops.core.logs import json_line
from freqops.core.logs.json_line import Line
from freqops.core.logs.query import Query

from . import files, reading
from .files import Log, Opened
from .reading import Found

AT_ONCE = 8 * 1024 * 1024  # bytes of one log that are read before the others have their turn
REPLACED = "the file was replaced, and not by a rotation: lines between may be missing"
TRUNCATED = "the file was truncated: lines before that may be missing"
AGAIN = "it is read again"


class Tail:
    """Reads one log on.

    Attributes:
        trouble: Why it cannot be read at the moment; empty where it can.

    Args:
        log: The log.
        also: What else a line must be; None for every line.
    """

    def __init__(self, log: Log, also: Callable[[Line], bool] | None = None) -> None:
        self._log, self._also = log, also or reading.any_line
        self._descriptor: int | None = None
        self._offset, self._before, self._rest = 0, b"", b""
        self._skips = self._missed = self._broken = False
        self._notes: list[str] = []
        self._there: set[tuple[int, int]] = set()
        self._counted = 0
        self.trouble = ""

    @property
    def more(self) -> bool:
        """Whether the last look ended before the end of what is there."""
        if self._descriptor is None or self._broken:
            return False
        return os.fstat(self._descriptor).st_size > self._offset

    @property
    def wrong(self) -> list[str]:
        """What of it could not be read and still cannot."""
        return [*self._log.wrong, *([self.trouble] if self.trouble else [])]

    def begin(self, query: Query, limit: int) -> Found:
        """Return the newest lines until now that a query asks for; everything behind them is what `look` reads."""
        with ExitStack() as stack:
            self._log.files = self._log.opened(stack)
            found = reading.lines(self._log, query, limit, self._also)
            self._there = {each.identity for each in self._log.files}
            newest = next((each for each in self._log.files if each.name == self._log.name), None)
            if newest is not None:
                self._begin_behind(newest)
        of_old = f"{self._log.below}/{self._log.name}."  # a file that was rotated away stays as it is
        now = [text for text in self._log.wrong if not text.startswith(of_old)]
        self._log.wrong = [text for text in self._log.wrong if text.startswith(of_old)]
        self._notes += [f"NOT READ {text}" for text in self._log.wrong]
        self._say("; ".join(now))
        return found

    def look(self, query: Query) -> list[Line]:
        """Return the lines of a query that came since the last look, in their order."""
        raw = self._read()
        if not self.more:
            raw += self._moved_on()
        found = [reading.asked_for(each, self._log, query, self._also) for each in raw]
        return [line for line in found if line is not None]

    def notes(self) -> list[str]:
        """Return the remarks on the log since the last call."""
        found, self._notes = self._notes, []
        left_out = self._log.unread - self._counted
        self._counted = self._log.unread
        if left_out:
            found.append(f"{left_out} lines are no lines of JSON, or too long, and were left out")
        return found

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def _begin_behind(self, file: Opened) -> None:
        """Read a file on behind the lines that were there when it was opened."""
        try:
            self._go_to(file, _behind_last_line(file))
        except OSError as error:
            self._log.wrong.append(f"{file.name}: {error.strerror}")

    def _go_to(self, file: Opened, offset: int = 0) -> None:
        """Read another file from an offset on; a line that the former left unfinished is left out."""
        self._log.unread += bool(self._rest)
        descriptor = os.dup(file.descriptor)
        self.close()
        self._descriptor = descriptor
        self._from(offset)

    def _from(self, offset: int) -> None:
        self._offset, self._rest = offset, b""
        self._before = os.pread(self._descriptor, 1, offset - 1) if offset and self._descriptor is not None else b""
        self._skips = self._before not in (b"", b"\n")  # within a line that is longer than the bound
        self._log.unread += self._skips

    def _read(self) -> list[bytes]:
        """Return the whole lines that stand behind those which were read."""
        found: list[bytes] = []
        if self._descriptor is None:
            return found
        try:
            for _ in range(AT_ONCE // files.CHUNK):
                data = self._behind(self._descriptor)
                if not data:
                    break
                found += self._split(data)
            self._broken = False
        except OSError as error:
            self._broken = True
            self._say(f"{self._log.name}: {error.strerror}")
        return found

    def _behind(self, descriptor: int) -> bytes:
        """Return the bytes behind those that were read; of a file that was cut, all its bytes."""
        at = self._offset - len(self._before)
        data = os.pread(descriptor, files.CHUNK, at)
        if data[: len(self._before)] != self._before:
            self._notes.append(TRUNCATED)
            self._log.unread += bool(self._rest)
            self._from(0)
            data = os.pread(descriptor, files.CHUNK, 0)
        new = data[len(self._before) :]
        if new:
            self._offset += len(new)
            self._before = new[-1:]
        return new

    def _split(self, data: bytes) -> list[bytes]:
        """Return the lines that end within ``data``; one that is longer than a bound is counted and left out."""
        parts = (self._rest + data).split(b"\n")
        self._rest = parts.pop()
        if self._skips and parts:
            parts.pop(0)
            self._skips = False
        if self._skips or len(self._rest) > json_line.LONGEST:
            self._log.unread += not self._skips
            self._rest, self._skips = b"", True
        return parts

    def _moved_on(self) -> list[bytes]:
        """Return the lines of what has the name of the log now, where that is not the file that is read."""
        try:
            found = self._path.lstat()
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            if not missing or (not self._log.optional and (self._missed or self.trouble)):
                self._say(f"{self._path}: {error.strerror}")
            self._missed = missing  # once is a rotation that is under way
            return []
        self._missed = False
        if self._descriptor is not None and _identity(os.fstat(self._descriptor)) == _identity(found):
            self._say(self.trouble if self._broken else "")
            return []
        return self._changed()

    def _changed(self) -> list[bytes]:
        """Return the lines of the files that came since, the oldest first."""
        with ExitStack() as stack:
            there = Log(self._log.home, self._log.below, self._log.name)
            opened = there.opened(stack)
            if not opened or opened[0].name != self._log.name:
                self._say(there.wrong[0] if there.wrong else f"there is no {self._log.name}")
                return []
            newer = self._newer(opened)
            lines = self._read()  # what was written until it was rotated away
            for each in reversed(newer):
                if self.more:
                    return lines  # the rest of the former comes first, with the next look
                self._go_to(each)
                lines += self._read()
        self._say("")
        return lines

    def _newer(self, opened: list[Opened]) -> list[Opened]:
        """Return the files that came behind the one that is read, or behind those that were there at the beginning."""
        if self._descriptor is None:
            return [each for each in opened if each.identity not in self._there]
        present = _identity(os.fstat(self._descriptor))
        place = next((index for index, each in enumerate(opened) if each.identity == present), None)
        if place is None:
            self._notes.append(REPLACED)
            return opened[:1]
        return opened[:place]

    def _say(self, trouble: str) -> None:
        """Take in why the log cannot be read now; that it cannot is said once, and that it can again, too."""
        if bool(trouble) != bool(self.trouble):
            self._notes.append(f"NOT READ {trouble}" if trouble else AGAIN)
        self.trouble = trouble

    @property
    def _path(self) -> Path:
        return self._log.home / self._log.below / self._log.name


def _identity(found: os.stat_result) -> tuple[int, int] | None:
    """Return the device and the number of a plain file; None of anything else."""
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def _behind_last_line(file: Opened) -> int:
    """Return the place behind the last line break of a file, or its end where none is near."""
    begin = max(0, file.size - json_line.LONGEST)
    data = os.pread(file.descriptor, file.size - begin, begin)
    found = data.rfind(b"\n")
    return file.size if found < 0 and begin else begin + found + 1
