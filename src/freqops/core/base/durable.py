"""Files that survive a crash: written whole or not at all, and locks that end with their holder."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .clock import Clock

POLL = 0.02


def write_atomic(path: Path, data: bytes, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Replace ``path`` so that a reader, or a crash, meets the old content or the new, never neither.

    Args:
        path: The file to replace; its directory must exist.
        data: The whole new content.
        mode: Permission bits of the new file.
        owner: Numeric user and group of the new file, or None to keep the writer's.

    Raises:
        OSError: The disk is full, read-only or failing; ``path`` is then as it was.
    """
    handle, temporary = beside(path)
    try:
        _fill(handle, data, mode, owner)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def write_new(path: Path, data: bytes, mode: int) -> None:
    """Make ``path``, which must not exist, so that a reader, or a crash, meets the whole content or no file.

    Args:
        path: The file to make; its directory must exist.
        data: The whole content.
        mode: Permission bits of the file.

    Raises:
        FileExistsError: There is one already; it is as it was.
        OSError: The disk is full, read-only or failing; there is no file then.
    """
    handle, temporary = beside(path)
    try:
        _fill(handle, data, mode, None)
        os.link(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    try:
        temporary.unlink()
        sync_directory(path.parent)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _fill(handle: int, data: bytes, mode: int, owner: tuple[int, int] | None) -> None:
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fchmod(stream.fileno(), mode)
        if owner is not None:
            os.fchown(stream.fileno(), *owner)
        os.fsync(stream.fileno())


def beside(path: Path) -> tuple[int, Path]:
    """Make a new file that only its maker can read in the directory of ``path``, and return its descriptor and path.

    Raises:
        OSError: The disk is full, read-only or failing.
    """
    while True:
        made = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
        try:
            return os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), made
        except FileExistsError:
            continue


def write_json(path: Path, value: Any, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Replace ``path`` by ``value`` as indented JSON; see `write_atomic`."""
    write_atomic(path, as_json(value), mode, owner)


def as_json(value: Any) -> bytes:
    """Return ``value`` as indented JSON, in the one spelling of all files."""
    return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode()


def sync_directory(directory: Path) -> None:
    """Make a rename inside ``directory`` survive a power failure."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, timeout: float, clock: Clock) -> Iterator[bool | None]:
    """Hold the advisory lock of ``path`` for the block, if it can be had in time.

    Args:
        path: The lock file; made when absent.
        timeout: Seconds to wait at most; 0 tries once.
        clock: The source of the time.

    Yields:
        True while the lock is held; False where another holder kept it for ``timeout``; None where the file could
        not be opened (a full or read-only disk), so that this is not known. The caller decides what that means.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield None
        return
    try:
        yield _acquire(descriptor, timeout, clock)
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing is not enough: a child before its exec has the file open, too
        os.close(descriptor)


def _acquire(descriptor: int, timeout: float, clock: Clock) -> bool:
    give_up = clock.monotonic() + timeout
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            if clock.monotonic() >= give_up:
                return False
            clock.sleep(POLL)
        else:
            return True


def same(one: Path, other: Path) -> bool:
    """Return whether two files have the same content; one that cannot be read has none."""
    try:
        return one.read_bytes() == other.read_bytes()
    except OSError:
        return False


def read_json(path: Path) -> Any:
    """Return the content of the JSON file at ``path``, or None where it is missing, unreadable or no JSON."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return None
