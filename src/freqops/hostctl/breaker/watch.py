"""A watch over directories: it wakes the waiting thread when a file of a given name changes there (inotify(7)).

Where the kernel gives no watch, or a directory cannot be watched, waiting ends after a second.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
from pathlib import Path

# From <sys/inotify.h>: a file was closed after writing, moved away or here, made, removed, or changed its rights.
CLOSE_WRITE, MOVED_FROM, MOVED_TO, CREATE, DELETE, ATTRIB = 0x8, 0x40, 0x80, 0x100, 0x200, 0x4
MASK = CLOSE_WRITE | MOVED_FROM | MOVED_TO | CREATE | DELETE | ATTRIB
OVERFLOW = 0x4000
HEAD = struct.Struct("iIII")
BUFFER = 65536
LOOK_SECONDS = 1.0


class Watch:
    """Watches directories for changes of one file in each.

    Args:
        name: The name of the file.
    """

    def __init__(self, name: str) -> None:
        self._name = name.encode()
        self._watched: dict[Path, int] = {}
        self._blind: set[Path] = set()
        self._library = ctypes.CDLL(None, use_errno=True)
        self._descriptor: int = self._library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    @property
    def blind(self) -> bool:
        """Whether a directory cannot be watched."""
        return self._descriptor < 0 or bool(self._blind)

    def add(self, directory: Path) -> None:
        """Watch a directory, too; that of the same path which was watched before may be another one by now."""
        number = -1
        if self._descriptor >= 0:
            number = self._library.inotify_add_watch(self._descriptor, os.fsencode(directory), MASK)
        if number < 0:
            self._blind.add(directory)
        else:
            self._blind.discard(directory)
            self._watched[directory] = number

    def wait(self, seconds: float) -> bool:
        """Wait until the file changes in one of the directories, and return whether it did.

        Args:
            seconds: How long at most; where a directory cannot be watched, no longer than `LOOK_SECONDS`.
        """
        limit = min(seconds, LOOK_SECONDS) if self.blind else seconds
        if self._descriptor < 0:
            select.select([], [], [], limit)
            return False
        asked = select.poll()
        asked.register(self._descriptor, select.POLLIN)
        return bool(asked.poll(limit * 1000)) and self._named()

    def _named(self) -> bool:
        """Take in what the kernel reports, and return whether any of that is about the file."""
        try:
            data = os.read(self._descriptor, BUFFER)
        except BlockingIOError:
            return False
        at, found = 0, False
        while at < len(data):
            _, mask, _, length = HEAD.unpack_from(data, at)
            name = data[at + HEAD.size : at + HEAD.size + length].rstrip(b"\0")
            found = found or bool(mask & OVERFLOW) or name == self._name
            at += HEAD.size + length
        return found
