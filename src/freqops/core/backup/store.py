"""The store of a bot's dumps: which files there count as a dump, and whether their bytes are still the same."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ..base import plain_file, strict_json
from ..base.kinds import Malformed
from .manifest import MANIFEST, File, Manifest

STAMP = "%Y%m%dT%H%M%SZ"
PARTIAL = ".partial"
LARGEST_MANIFEST = 16 * 1024 * 1024
PIECE = 1024 * 1024
OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@dataclass(frozen=True)
class Dump:
    """A dump that counts.

    Attributes:
        path: Its directory.
        stamp: The name of that: when it was begun, and unique.
        manifest: What it is.
    """

    path: Path
    stamp: str
    manifest: Manifest


def stamp_of(moment: datetime) -> str:
    """Return the name of a dump that was begun at ``moment``."""
    return moment.astimezone(timezone.utc).strftime(STAMP)


def moment_of(stamp: str) -> datetime | None:
    """Return the moment that a name says, None where it is not the name of a dump."""
    try:
        moment = datetime.strptime(stamp, STAMP).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return moment if stamp_of(moment) == stamp else None


@dataclass(frozen=True)
class Store:
    """The dumps in one directory.

    Attributes:
        directory: Where they lie; it need not be there.
    """

    directory: Path

    def dumps(self) -> list[Dump]:
        """Return the dumps that count, the oldest first."""
        return [found for _, found in self._looked_at() if isinstance(found, Dump)]

    def not_counted(self) -> list[str]:
        """Return a line for each entry that does not count as a dump: its name, and why."""
        return [f"{name}: {found}" for name, found in self._looked_at() if isinstance(found, str)]

    def newest(self) -> Dump | None:
        """Return the newest dump that counts; the others are not looked at."""
        return next((found for _, found in self._looked_at(reversed(self._names())) if isinstance(found, Dump)), None)

    def stamps(self) -> list[str]:
        """Return the names that are those of dumps, the oldest first, whether they count or not."""
        return [name for name in self._names() if moment_of(name) is not None]

    def newest_sound(self, before: Dump | None = None) -> Dump | None:
        """Return the newest dump whose bytes are all as its manifest says, of those older than ``before``."""
        older = [dump for dump in self.dumps() if before is None or dump.stamp < before.stamp]
        return next((dump for dump in reversed(older) if not self.damaged(dump)), None)

    def damaged(self, dump: Dump) -> list[str]:
        """Read every byte of a dump, and return a line for each thing that is not as its manifest says."""
        told = {file.path: file for file in dump.manifest.files}
        lines = [f"{dump.stamp}/{path}: it is missing" for path in sorted(told.keys() - set(_files(dump.path)))]
        for path in sorted(_files(dump.path)):
            if path not in told and path != MANIFEST:
                lines.append(f"{dump.stamp}/{path}: the manifest does not name it")
            elif path in told:
                lines += [f"{dump.stamp}/{path}: {why}" for why in _differences(dump.path / path, told[path])]
        return lines + _manifest_changed(dump)

    def free_stamp(self, moment: datetime) -> str:
        """Return the first second from ``moment`` on, of which no name is taken; one after all that are there already.

        A clock that was set back would otherwise put the newest dump among the old ones.
        """
        taken = {name.lstrip(".").replace(PARTIAL, "") for name in self._names()}
        stamps = [found for found in map(moment_of, taken) if found is not None]
        ahead = [found for found in stamps if found >= moment.replace(microsecond=0)]
        following = max(ahead) + timedelta(seconds=1) if ahead else moment
        return stamp_of(following)

    def _names(self) -> list[str]:
        try:
            return sorted(path.name for path in self.directory.iterdir())
        except FileNotFoundError:
            return []

    def _looked_at(self, names: Iterable[str] | None = None) -> Iterator[tuple[str, Dump | str]]:
        for name in self._names() if names is None else names:
            try:
                yield name, _counted(self.directory / name)
            except Malformed as error:
                yield name, str(error)
            except OSError as error:
                yield name, f"it cannot be read: {error.strerror or error}"


def _counted(path: Path) -> Dump:
    """Return the dump at ``path``.

    Raises:
        Malformed: It does not count; the text says why.
        OSError: The disk does not say.
    """
    if path.name.startswith(".") and path.name.endswith(PARTIAL):
        raise Malformed("it was not finished")
    if moment_of(path.name) is None:
        raise Malformed("its name is not that of a dump")
    if not stat.S_ISDIR(path.lstat().st_mode):
        raise Malformed("it is no directory")
    try:
        manifest = Manifest.read(strict_json.load(path / MANIFEST, LARGEST_MANIFEST))
    except Malformed as error:
        raise Malformed(f"{MANIFEST}: {error}") from None
    for file in manifest.files:
        wrong = _wrong_status(path / file.path, file)
        if wrong:
            raise Malformed(f"{file.path}: {wrong}")
    return Dump(path, path.name, manifest)


def _wrong_status(path: Path, file: File) -> str:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return "it is missing"
    if not stat.S_ISREG(found.st_mode):
        return f"it is {plain_file.kind(found)}, not a plain file"
    return "" if found.st_size == file.size else f"it has {found.st_size} bytes, and had {file.size}"


def _differences(path: Path, file: File) -> Iterator[str]:
    try:
        wrong = _wrong_status(path, file)
        if not wrong and checksum(path) != file.sha256:
            wrong = "its bytes are not those that were written"
    except OSError as error:
        wrong = f"it cannot be read: {error.strerror or error}"
    if wrong:
        yield wrong


def checksum(path: Path) -> str:
    """Return the SHA-256 of a plain file; no link is followed.

    Raises:
        OSError: It cannot be read.
    """
    found = hashlib.sha256()
    with os.fdopen(os.open(path, OPEN), "rb") as stream:
        for piece in iter(lambda: stream.read(PIECE), b""):
            found.update(piece)
    return found.hexdigest()


def _files(directory: Path) -> list[str]:
    """Return all that lies below a directory and is no directory, links too."""
    found = []
    for path in sorted(directory.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            found.append(str(path.relative_to(directory)))
    return found


def _manifest_changed(dump: Dump) -> list[str]:
    try:
        same = Manifest.read(strict_json.load(dump.path / MANIFEST, LARGEST_MANIFEST)) == dump.manifest
    except Malformed as error:
        return [f"{dump.stamp}/{MANIFEST}: {error}"]
    return [] if same else [f"{dump.stamp}/{MANIFEST}: it says something else than before"]
