"""A bound on what is read of a host's output.

Ansible's SSH connection keeps in memory whatever its process writes, until that process ends: a host that never stops
writing would take all memory of the control node, and the table with it. Nothing in Ansible limits that, and a limit
within the command would be the host's to keep. So the module of the connection begins its processes as `Process`, which
reads up to a limit and then ends the process. A connection of another kind is left as it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from types import SimpleNamespace
from typing import Any

from freqops.core.base.errors import FreqopsError

AT_ONCE = 1024 * 1024  # bytes
TRANSPORT = "ssh"


class TooLong(FreqopsError):
    """A host wrote more than is read of it."""


class Process(subprocess.Popen[bytes]):
    """A process of which no more than ``most`` bytes are read, of both its pipes together."""

    def __init__(self, *arguments: Any, most: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._most = self._left = most
        self.stdout: Any = _Pipe(self.stdout, self)
        self.stderr: Any = _Pipe(self.stderr, self)

    def count(self, size: int) -> None:
        """Count what was read.

        Raises:
            TooLong: It was more than is read; the process was ended.
        """
        self._left -= size
        if self._left < 0:
            self.kill()
            self.wait()
            raise TooLong(f"it wrote more than {self._most} bytes; the rest was not read")


class _Pipe:
    """A pipe that does not block, as Ansible uses it: what waits in it is read, and never more than ``AT_ONCE``."""

    def __init__(self, pipe: Any, process: Process) -> None:
        self._pipe, self._process = pipe, process

    def fileno(self) -> int:
        return int(self._pipe.fileno())

    def close(self) -> None:
        self._pipe.close()

    def read(self) -> bytes:
        data = b""
        try:
            while len(data) < AT_ONCE and (more := os.read(self.fileno(), AT_ONCE)):
                data += more
        except BlockingIOError:
            pass
        self._process.count(len(data))
        return data


def bind(connection: Any, most: int) -> None:
    """Let no process that ``connection`` begins be read beyond ``most`` bytes, nor any other of its module."""
    if connection.transport == TRANSPORT:
        limited: Any = SimpleNamespace(**{**vars(subprocess), "Popen": partial(Process, most=most)})
        vars(sys.modules[type(connection).__module__])["subprocess"] = limited
