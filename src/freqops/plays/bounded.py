"""A bound on what is read of a host's output.

Ansible's SSH connection keeps in memory whatever its process writes, until that process ends: a host that never stops
writing would take all memory of the control node, and the table with it. Nothing in Ansible limits that, and a limit
within the command would be the host's to keep. So the module of the connection begins its processes as `Process`, which
reads up to a limit and then ends the process. A connection of another kind is left as it is.

What a command tells while it goes on is handed on line by line, when it is there, and takes no room: to Ansible, which
keeps all output until the end, it is an empty line.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from types import SimpleNamespace
from typing import Any

from freqops.core.base.errors import FreqopsError
from freqops.core.bot import host_command

AT_ONCE = 1024 * 1024  # bytes
LONGEST = 64 * 1024  # bytes of a line that is told
TRANSPORT = "ssh"
TOLD = host_command.TOLD.encode()
HEAR: ContextVar[Callable[[bytes], None] | None] = ContextVar("HEAR", default=None)


class TooLong(FreqopsError):
    """A host wrote more than is read of it."""


class Process(subprocess.Popen[bytes]):
    """A process of which no more than ``most`` bytes are read, of both its pipes together."""

    def __init__(self, *arguments: Any, most: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._most = self._left = most
        hear = HEAR.get()
        self.stdout: Any = _Pipe(self.stdout, self) if hear is None else _TellingPipe(self.stdout, self, hear)
        self.stderr: Any = _Pipe(self.stderr, self)

    def count(self, size: int) -> None:
        """Count what was read.

        Raises:
            TooLong: It was more than is read; the process was ended.
        """
        self._left -= size
        if self._left < 0:
            self.end()
            raise TooLong(f"it wrote more than {self._most} bytes; the rest was not read")

    def end(self) -> None:
        """End the process."""
        self.kill()
        self.wait()


class _Pipe:
    """A pipe that does not block, as Ansible uses it: what waits in it is read, and never more than ``AT_ONCE``."""

    def __init__(self, pipe: Any, process: Process) -> None:
        self._pipe, self._process = pipe, process

    def fileno(self) -> int:
        return int(self._pipe.fileno())

    def close(self) -> None:
        self._pipe.close()

    def read(self) -> bytes:
        data = self._what_waits()
        self._process.count(len(data))
        return data

    def _what_waits(self) -> bytes:
        data = b""
        try:
            while len(data) < AT_ONCE and (more := os.read(self.fileno(), AT_ONCE)):
                data += more
        except BlockingIOError:
            pass
        return data


class _TellingPipe(_Pipe):
    """A pipe out of which the lines that are told are taken, each when it is whole."""

    def __init__(self, pipe: Any, process: Process, hear: Callable[[bytes], None]) -> None:
        super().__init__(pipe, process)
        self._hear = hear
        self._rest, self._within = b"", False

    def read(self) -> bytes:
        data = self._what_waits()
        if not data:
            left, self._rest = self._rest, b""  # at the end, a line that was begun is output like any other
            return left
        try:
            left = self._without_told(data)
        except FreqopsError:
            self._process.end()
            raise
        self._process.count(len(left))
        return left or b"\n"  # nothing at all would be the end

    def _without_told(self, data: bytes) -> bytes:
        """Hand on each line that is told, and return the rest of the output.

        Raises:
            TooLong: Such a line is longer than any of ours.
        """
        *whole, last = (self._rest + data).split(b"\n")
        self._rest = b""
        left = []
        for line in whole:
            if not self._within and line.startswith(TOLD):
                self._hear(line)
            else:
                left.append(line + b"\n")
            self._within = False
        if not self._within and (last.startswith(TOLD) or TOLD.startswith(last)):
            self._rest = last  # it may become one that is told
        else:
            left.append(last)
            self._within = True
        if len(self._rest) > LONGEST:
            raise TooLong(f"it told a line of more than {LONGEST} bytes")
        return b"".join(left)


@contextmanager
def hearing(hear: Callable[[bytes], None]) -> Iterator[None]:
    """Let what the processes tell that this thread begins in the block be handed on.

    Args:
        hear: Takes a line. What it raises ends the process.
    """
    before = HEAR.set(hear)
    try:
        yield
    finally:
        HEAR.reset(before)


def bind(connection: Any, most: int) -> None:
    """Let no process that ``connection`` begins be read beyond ``most`` bytes, nor any other of its module."""
    if connection.transport == TRANSPORT:
        limited: Any = SimpleNamespace(**{**vars(subprocess), "Popen": partial(Process, most=most)})
        vars(sys.modules[type(connection).__module__])["subprocess"] = limited
