"""The log of a run: the output of its container, of which the beginning and the end stay, however much it says."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from freqops.core.base import durable, plain_file

HEAD, TAIL = 512 * 1024, 512 * 1024
MODE = 0o600
LEFT_OUT = "\n[freqops: {count} bytes were left out here]\n"


class BoundedLog:
    """Writes a log of at most about twice `HEAD` and `TAIL`; the file is whole at every moment.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream = path.open("wb")
        path.chmod(MODE)
        self._size = self._said = 0

    def __enter__(self) -> BoundedLog:
        """Return the log."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._stream.close()

    def write(self, data: bytes) -> None:
        """Write what was said.

        Raises:
            OSError: The disk is full, read-only or failing.
        """
        self._stream.write(data)
        self._stream.flush()
        self._size += len(data)
        self._said += len(data)
        if self._size > 2 * (HEAD + TAIL):
            self._shorten()

    def _shorten(self) -> None:
        """Leave out the middle."""
        self._stream.close()
        with self._path.open("rb") as written:
            head = written.read(HEAD)
            written.seek(-TAIL, 2)
            tail = written.read()
        kept = head + LEFT_OUT.format(count=self._said - len(head) - len(tail)).encode() + tail
        durable.write_atomic(self._path, kept, MODE)
        self._stream = self._path.open("ab")
        self._size = len(kept)


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines of a log; none where it cannot be read."""
    return _lines(path)[-count:]


def first_lines(path: Path, count: int) -> list[str]:
    """Return the first lines of a log; none where it cannot be read."""
    return _lines(path)[:count]


def _lines(path: Path) -> list[str]:
    try:
        text = plain_file.read(path, 4 * (HEAD + TAIL)).decode("utf-8", "replace")
    except (FileNotFoundError, plain_file.NotRead):
        return []
    return [line for line in text.replace("\r", "\n").splitlines() if line.strip()]
