"""The journal of one command on one bot: each question, each act, each answer, and when.

It goes to the disk behind the command's back: nothing that happens here delays a halt, and what the disk does not take
is only missing from the journal. One JSON object on a line each, so that a crash costs the last line at most.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from pathlib import Path
from typing import Any, Callable

from freqops.core.base.clock import Clock

MAX_BYTES = 16 * 1024 * 1024
CLOSE_SECONDS = 1.0
DURABLE_SECONDS = 2.0

Redact = Callable[[Any], Any]
_Line = tuple[str, "threading.Event | None"]


class Journal:
    """Collects entries and has a thread of its own write them down."""

    def __init__(self, path: Path | None, clock: Clock, redact: Redact = lambda line: line) -> None:
        self._path, self._clock, self._redact = path, clock, redact
        self._began = clock.monotonic()
        self._queue: queue.Queue[_Line | None] = queue.Queue()
        self._written, self._ended = 0, False
        self.error: str | None = None
        self._writer = threading.Thread(target=self._write, daemon=True)
        if path is not None:
            self._writer.start()

    def note(  # noqa: PLR0913  one line of the journal has so many fields
        self,
        kind: str,
        to: str,
        what: str,
        *,
        answer: Any = None,
        error: str | None = None,
        took: float | None = None,
        durable: bool = False,
    ) -> None:
        """Write down one thing that happened.

        Args:
            kind: ``question``, ``act``, ``snapshot`` or ``note``.
            to: The other side: ``bot``, ``exchange``, ``disk`` or ``engine``.
            what: The question or the act.
            answer: The answer.
            error: The reason why there is none.
            took: Seconds from asking to answering.
            durable: Wait until the disk has it, at most two seconds: for acts that must not be done twice.
        """
        if self._path is None:
            return
        now = self._clock.utcnow()
        line: dict[str, Any] = {
            "at": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
            "s": round(self._clock.monotonic() - self._began, 3),
            "kind": kind,
            "to": to,
        }
        line.update(self._redact({"what": what, **({"error": error} if error is not None else {"answer": answer})}))
        if took is not None:
            line["took_s"] = round(took, 3)
        done = threading.Event() if durable else None
        self._queue.put((json.dumps(line, default=str), done))
        if done is not None:
            done.wait(DURABLE_SECONDS)

    def call(self, what: str, answer: Any, error: str | None, took: float) -> None:
        """Write down one call of a bot's API; the signature is that of `FreqtradeClient.observer`."""
        kind = "question" if what.startswith("GET ") else "act"
        self.note(kind, "bot", what, answer=answer, error=error, took=took)

    def close(self) -> None:
        """Give the disk a second to take what is left."""
        if self._path is None:
            return
        self._queue.put(None)
        self._writer.join(CLOSE_SECONDS)
        if self._writer.is_alive():
            self.error = self.error or "the journal was not written to its end: the disk did not answer"

    def _write(self) -> None:
        first = self._queue.get()
        if first is None or self._path is None:  # nothing happened: nothing is left behind
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                _end_torn_line(descriptor)
                self._drain(descriptor, first)
            finally:
                os.close(descriptor)
        except OSError as error:
            self.error = f"the journal was not written: {error}"
            self._forget()

    def _drain(self, descriptor: int, first: _Line) -> None:
        item: _Line | None = first
        while item is not None:
            line, done = item
            data = (line + "\n").encode()
            if self._written + len(data) <= MAX_BYTES or done is not None:
                os.write(descriptor, data)
                self._written += len(data)
            else:
                self.error = f"the journal is full at {MAX_BYTES} bytes"
            if done is not None:
                os.fsync(descriptor)
                done.set()
            item = self._queue.get()
        self._ended = True
        os.fsync(descriptor)

    def _forget(self) -> None:
        """Let every waiting command go on when the disk fails."""
        while not self._ended:
            item = self._queue.get()
            if item is None:
                return
            if item[1] is not None:
                item[1].set()


def _end_torn_line(descriptor: int) -> None:
    """End the line in which a crash left the journal, so that the first line of this command stands by itself."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        os.write(descriptor, b"\n")


def silent(clock: Clock) -> Journal:
    """Return a journal that keeps nothing, for commands that run every few seconds."""
    return Journal(None, clock)


def path_of(root: Path, incident: str, bot: str, command: str) -> Path:
    """Return the path of the journal of ``command`` on ``bot``."""
    return root / "incidents" / incident / f"{os.uname().nodename}-{bot}-{command}.jsonl"
