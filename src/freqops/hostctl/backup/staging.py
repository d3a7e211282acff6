"""Staging: everything of a backup brought together in one directory, its manifest last.

What bots can write is not trusted: no link is followed, nothing but plain files is read, and whatever else stands there
is named and left out.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from freqops.core.backup import parts, snapshot
from freqops.core.backup.manifest import File, Manifest
from freqops.core.backup.snapshot import Snapshot
from freqops.core.backup.store import Dump
from freqops.core.base import durable, plain_file
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven
from freqops.core.base.visible import visible
from freqops.core.bot import layout
from freqops.core.bot.redaction import redact
from freqops.core.incident import chain
from freqops.core.runs import registry

from ..bot import databases
from ..bot.engine import Engine
from . import dumps

PIECE = 1024 * 1024
PRIVATE, PRIVATE_DIRECTORY = 0o600, 0o700
LOG_LINES = 20_000
BELOW = "**"


class Stage:
    """One backup that is brought together in ``place``, which must not be there yet.

    Attributes:
        stamps: The names of the dumps that were taken as they are, by bot.
    """

    def __init__(self, root: Path, place: Path, clock: Clock, engine: Engine, owner: int = 0) -> None:
        self._root, self._place, self._clock, self._engine, self._owner = root, place, clock, engine, owner
        self._files: list[File] = []
        self._left_out: list[str] = []
        self._bots: dict[str, Manifest] = {}
        self._without: list[str] = []
        self._rows: dict[str, int] = {}
        self._head = chain.EMPTY
        self.stamps: dict[str, str] = {}

    def fill(
        self, asked: tuple[str, ...], host: str, emptied: tuple[str, ...] = (), *, newest: bool = False
    ) -> Snapshot:
        """Bring the parts together, and write the manifest when all of it is there.

        Args:
            asked: The parts.
            host: The name of the host.
            emptied: Bots of whose database rows may be missing that it had.
            newest: Whether the newest dumps are taken, as they are, and none is made.

        Raises:
            FreqopsError: A database did not give a dump that is proven, or a file did not come through.
        """
        began = self._clock.utcnow()
        self._place.mkdir(mode=PRIVATE_DIRECTORY, parents=True)
        for part in asked:
            (self._place / part).mkdir(mode=PRIVATE_DIRECTORY)
            for pattern in parts.PLACES[part]:
                self._take(part, pattern)
        if parts.TRADES in asked:
            self._newest_dumps() if newest else self._trades(emptied)
        if parts.REGISTRY in asked:
            self._registry()
        if parts.LOGS in asked:
            self._logs()
        found = Snapshot(
            host, began, max(began, self._clock.utcnow()), asked, self._bots, tuple(self._without), self._rows,
            tuple(sorted(self._files, key=lambda file: file.path)), tuple(sorted(self._left_out)), self._head,
        )  # fmt: skip
        durable.write_json(self._place / snapshot.NAME, found.to_json(), PRIVATE)
        return found

    def _trades(self, emptied: tuple[str, ...]) -> None:
        """Dump each database again: a dump that is proven, whatever changed since the last one."""
        for home in layout.homes(self._root):
            bot = layout.load_bot(home)
            database = databases.of(bot, self._engine)
            if isinstance(database, databases.Sqlite) and not database.path.exists():
                self._without.append(bot.name)
                continue
            self._dump(bot.name, dumps.take(home, self._clock, self._engine, accept_loss=bot.name in emptied))

    def _newest_dumps(self) -> None:
        """Take the newest dump of each database that counts."""
        for home in layout.homes(self._root):
            with dumps.at_rest(home, self._clock) as store:
                newest = store.newest()
                if newest is None:
                    self._without.append(home.name)
                else:
                    self._dump(home.name, newest)
                    self.stamps[home.name] = newest.stamp

    def _dump(self, bot: str, dump: Dump) -> None:
        for file in dump.manifest.files:
            copied = self._copy(dump.path, file.path, f"{parts.TRADES}/{bot}/{file.path}")
            if (copied.size, copied.sha256) != (file.size, file.sha256):
                raise NotProven(f"{bot}: {file.path} of its dump is not what its manifest says")
        self._bots[bot] = dump.manifest

    def _registry(self) -> None:
        """Copy the registry by SQLite itself, and have the copy checked whole."""
        source = self._root / registry.PLACE
        registry.refuse_unless_plain(source, self._owner)
        path = f"{parts.REGISTRY}/{source.name}"
        target = self._place / path
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
        try:
            with closing(registry.connected(source, "rw")) as one, closing(registry.connected(target, "rw")) as other:
                one.backup(other)
        except sqlite3.Error as error:
            raise NotProven(f"the registry could not be copied: {error}") from None
        with registry.opened(target, owner=os.geteuid()) as copied:  # which checks it whole
            self._rows, self._head = copied.rows(), copied.incidents().head()
        self._files.append(seen(self._place, path))

    def _logs(self) -> None:
        """Write down the log of each bot's container, without its secrets."""
        for home in layout.homes(self._root):
            bot = layout.load_bot(home)
            lines = self._engine.logs(bot.container, LOG_LINES)
            path = f"{parts.LOGS}/{bot.name}.log"
            said = redact("\n".join(lines), bot) + "\n"
            durable.write_atomic(self._place / path, said.encode(errors="replace"), PRIVATE)
            self._files.append(seen(self._place, path))

    def _take(self, part: str, pattern: str) -> None:
        """Copy every plain file that a pattern means."""
        if pattern.endswith(BELOW):
            for top in sorted(self._root.glob(pattern[: -len(BELOW) - 1])):
                self._take_below(part, top)
            return
        for path in sorted(self._root.glob(pattern)):
            self._take_file(part, path.parent, path.name)

    def _take_below(self, part: str, top: Path) -> None:
        if top.is_symlink() or not top.is_dir():
            self._leave_out(top, "it is no directory")
            return
        for directory, _, names, descriptor in os.fwalk(top, follow_symlinks=False, onerror=_raise):
            for name in sorted(names):
                self._take_file(part, Path(directory), name, descriptor)

    def _take_file(self, part: str, directory: Path, name: str, descriptor: int | None = None) -> None:
        path = directory / name
        if not str(path).isprintable():
            self._leave_out(path, "its name cannot be shown")
            return
        try:
            opened = os.open(path if descriptor is None else name, plain_file.FLAGS, dir_fd=descriptor)
        except FileNotFoundError:
            return  # it went while the backup was made
        except OSError as error:
            self._leave_out(path, error.strerror or str(error))
            return
        with os.fdopen(opened, "rb") as stream:
            found = os.fstat(opened)
            if not stat.S_ISREG(found.st_mode):
                self._leave_out(path, f"it is {plain_file.kind(found)}")
                return
            target = f"{part}/{path.relative_to(self._root)}"
            self._write(target, _pieces(stream, found.st_size))

    def _copy(self, directory: Path, name: str, target: str) -> File:
        with os.fdopen(os.open(directory / name, plain_file.FLAGS), "rb") as stream:
            return self._write(target, _pieces(stream, os.fstat(stream.fileno()).st_size))

    def _write(self, target: str, pieces: Iterator[bytes]) -> File:
        path = self._place / target
        path.parent.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as stream:
            for piece in pieces:
                stream.write(piece)
                digest.update(piece)
                size += len(piece)
        file = File(target, size, digest.hexdigest())
        self._files.append(file)
        return file

    def _leave_out(self, path: Path, why: str) -> None:
        self._left_out.append(f"{visible(str(path.relative_to(self._root)))}: {why}")


def seen(directory: Path, path: str) -> File:
    """Return a file of a directory as it is.

    Raises:
        OSError: It cannot be read, or is a link.
    """
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(directory / path, plain_file.FLAGS), "rb") as stream:
        for piece in iter(lambda: stream.read(PIECE), b""):
            digest.update(piece)
            size += len(piece)
    return File(path, size, digest.hexdigest())


def sweep(directory: Path) -> None:
    """Take away the files of a backup that was killed."""
    if directory.is_symlink():
        directory.unlink()
    elif directory.exists():
        shutil.rmtree(directory)


def _pieces(stream: object, size: int) -> Iterator[bytes]:
    """Yield the first ``size`` bytes: what grows meanwhile belongs to the next backup."""
    left = size
    while left > 0:
        piece: bytes = stream.read(min(PIECE, left))  # type: ignore[attr-defined]
        if not piece:
            return
        left -= len(piece)
        yield piece


def _raise(error: OSError) -> None:
    raise error
