"""The one writer of the log of freqops itself on a host: a line of JSON in a file that is rotated.

It never raises into what calls it and never waits long for the disk: a line that cannot be written is lost, and the
loss is said by the next one that can.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.durable import read_json
from freqops.core.bot import layout
from freqops.core.logs import json_line, redaction
from freqops.core.logs.json_line import CORRELATION
from freqops.core.logs.redaction import Redactor

DIRECTORY, FILE = Path("user_data") / "logs", "freqops.log"  # below the tree of freqops
LARGEST, KEPT = 10 * 1024 * 1024, 10
LOST = Path("/run/freqops/lost-lines")  # a byte for each of them
MOST_LOST = 1_000_000
PATIENCE = 1.0
TRIES = 10  # where the file is rotated by another process meanwhile
FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
INCIDENT = re.compile(r"\b[0-9]{8}T[0-9]{6}Z-[a-z0-9-]{1,40}-[0-9a-f]{6}\b")


class Writer:
    """Writes lines; nothing is written where the directory of logs is not there, for then no deploy was here.

    Args:
        root: The tree of freqops.
        clock: The source of the time.
        lost: Where it is counted what could not be written.
        directory: Where the log is, if not where the host has it.
    """

    def __init__(self, root: Path, clock: Clock, lost: Path = LOST, directory: Path | None = None) -> None:
        self._root, self._clock, self._lost = root, clock, lost
        self._path = (directory or root / DIRECTORY) / FILE
        self._last: threading.Thread | None = None

    def write(self, level: str, logger: str, message: str, **fields: Any) -> None:
        """Write one line, and wait no longer than a second for the disk.

        Args:
            level: Its level.
            logger: The component that says it.
            message: What is said.
            fields: What is said besides, `CORRELATION` first.
        """
        if not os.path.isdir(self._path.parent):  # noqa: PTH112  whatever is wrong with it raises nothing
            return
        if self._last is not None and self._last.is_alive():
            self._note_lost()  # the disk is stuck: nobody waits for it again
            return
        at = self._clock.utcnow()
        self._last = threading.Thread(target=self._written, args=(at, level, logger, message, fields), daemon=True)
        try:
            self._last.start()
        except RuntimeError:  # no thread can be had
            self._last = None
            self._note_lost()
        else:
            self._last.join(PATIENCE)

    def _written(self, at: Any, level: str, logger: str, message: str, fields: dict[str, Any]) -> None:
        try:
            redact = Redactor(secrets_of_bots(self._root))
            self._append(json_line.form(redact, at, level, logger, message, fields.items()))
        except Exception:  # noqa: BLE001  whatever it is, what is logged goes on
            self._note_lost()
            return
        self._say_lost(redact)

    def _append(self, line: str) -> None:
        """Append a line, all of it or nothing that a reader takes for one."""
        for _ in range(TRIES):
            descriptor = os.open(self._path, FLAGS, 0o600)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError("it is no plain file")
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if not self._is_old(descriptor):
                    _put(descriptor, line)
                    return
            finally:
                os.close(descriptor)
        raise OSError("it is rotated again and again")

    def _is_old(self, descriptor: int) -> bool:
        """Return whether the file that is open, and locked, was rotated away; one that is full is rotated now."""
        found = os.fstat(descriptor)
        if not self._path.exists() or found.st_ino != self._path.stat().st_ino:
            return True
        if found.st_size < LARGEST:
            return False
        names = [self._path, *(self._path.with_name(f"{FILE}.{number}") for number in range(1, KEPT + 1))]
        for older, newer in zip(reversed(names), reversed(names[:-1])):
            if newer.exists():
                newer.replace(older)
        return True

    def _note_lost(self) -> None:
        """Count a line that is lost, on a file system that is in memory."""
        try:
            descriptor = os.open(self._lost, FLAGS, 0o600)
            try:
                if os.fstat(descriptor).st_size < MOST_LOST:
                    os.write(descriptor, b".")
            finally:
                os.close(descriptor)
        except OSError:
            return

    def _say_lost(self, redact: Redactor) -> None:
        """Say how many lines were lost before this one, once."""
        try:
            if not self._lost.exists():
                return
            mine = self._lost.with_name(f"{self._lost.name}.{os.getpid()}")
            self._lost.replace(mine)  # the process that moves it away says it
            count = mine.stat().st_size
            mine.unlink()
            text = f"{count} lines before this one could not be written"
            self._append(json_line.form(redact, self._clock.utcnow(), "ERROR", "log", text, [("lost", count)]))
        except OSError:
            return


def _put(descriptor: int, line: str) -> None:
    """Append a line to an open file; one that a full disk tore before is ended first."""
    size = os.fstat(descriptor).st_size
    torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
    data = (f"\n{line}\n" if torn else f"{line}\n").encode()
    if os.write(descriptor, data) != len(data):
        raise OSError("the disk took a part of a line")


def of_text(root: Path, text: str) -> dict[str, str]:
    """Return the fields that a line for people has in it: the bot that it begins with, and the incident it names."""
    bot, found = text.partition(": ")[0], INCIDENT.search(text)
    known = layout.BOT_NAME.match(bot) is not None and (root / "bots" / bot).is_dir()
    return {**({CORRELATION: found[0]} if found else {}), **({"bot": bot} if known else {})}


def secrets_of_bots(root: Path) -> set[str]:
    """Return what no line of this host may have: the secrets of all its bots, those that leaked, too."""
    return {secret for path in _files(root) for secret in redaction.secrets_of(read_json(path))}


def _files(root: Path) -> Iterator[Path]:
    yield root / "conf" / "secrets.json"  # in the container of a bot, which sees its own alone
    for name in ("conf/secrets.json", "staged/secrets.json", "lockout/leaked.json"):
        yield from (root / "bots").glob(f"*/{name}")
