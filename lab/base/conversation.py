"""A program at the other end of a line that stays there and answers many threads, instead of one started for each.

It writes JSON lines: `{"ready": true}` first; for each request, which carries an `id`, `{"id": 7, "begun": true}`
before it acts, and `{"id": 7, ...}` when it has. So a request that a dead line swallowed may be sent again on another,
and one that was begun is never done twice. Its other output is shown where it gives no answer.
"""

import contextlib
import itertools
import json
import socket
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, Protocol

from lab.base.failure import LabError

ANSWER_SECONDS = 300
LAST_WORDS = 20
ATTEMPTS = 3
PIECE = 65536


class Line(Protocol):
    """A way to the program and back."""

    def send(self, data: bytes) -> None:
        """Send bytes; raises OSError when the line is dead."""

    def heard(self) -> Iterator[bytes]:
        """Yield what the program writes, in pieces of any size, until it ends."""

    def close(self) -> None:
        """End the line, and with it the program; called once nothing is heard or sent any more."""


class ProcessLine:
    """A line to a process of this machine, or through one: `ssh`, say."""

    def __init__(self, command: list[str]) -> None:
        ours, its = socket.socketpair()
        with its:
            self._process = subprocess.Popen(command, stdin=its.fileno(), stdout=its.fileno(), stderr=subprocess.STDOUT)
        self._socket = ours

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self._socket.sendall(data)

    def heard(self) -> Iterator[bytes]:
        """Yield what the process writes."""
        while piece := self._socket.recv(PIECE):
            yield piece

    def kill(self) -> None:
        """Kill the process; its reader notices that."""
        self._process.kill()

    def close(self) -> None:
        """Kill the process and give back what the line took here."""
        self.kill()
        self._process.wait()
        self._socket.close()


class Conversation:
    """Questions and answers over a line that is opened when the first is asked, and again whenever it has died."""

    def __init__(self, dial: Callable[[], Line]) -> None:
        self._dial = dial
        self._talk: _Talk | None = None
        self._guard = threading.Lock()

    def ask(self, request: dict[str, Any], seconds: float = ANSWER_SECONDS) -> dict[str, Any]:
        """Return the answer to a request.

        Raises:
            LabError: Nobody answers, or the program ended, or did not answer in time, after it had begun.
        """
        for _ in range(ATTEMPTS):
            talk = self._open()
            answer = talk.ask(request, seconds)
            if answer is not None:
                return answer
        raise LabError(f"it ended before each of {ATTEMPTS} attempts: {talk.last_words()}")

    def _open(self) -> "_Talk":
        with self._guard:
            if self._talk is None or self._talk.over:
                self._talk = _Talk(self._dial())
            return self._talk


class _Call:
    """A request under way; its answer is None where it was never begun."""

    def __init__(self) -> None:
        self.begun = False
        self.answer: Future[dict[str, Any] | None] = Future()


class _Talk:
    """The life of one line."""

    def __init__(self, line: Line) -> None:
        self._line, self._ready, self.over = line, False, False
        self._calls: dict[int, _Call] = {}
        self._numbers = itertools.count()
        self._said: deque[str] = deque(maxlen=LAST_WORDS)
        self._guard = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any] | None:
        """Return the answer; None when the line died before anything was begun."""
        call = _Call()
        with self._guard:
            if self.over:
                return None
            number = next(self._numbers)
            self._calls[number] = call
            with contextlib.suppress(OSError):  # whoever listens sees its end, too, and tells the call
                self._line.send(json.dumps({**request, "id": number}).encode() + b"\n")
        try:
            return call.answer.result(seconds)
        except TimeoutError:
            raise LabError(f"no answer within {seconds:.0f} s; it said: {self.last_words()}") from None

    def last_words(self) -> str:
        """Return what the program wrote that was no answer."""
        return "\n".join(self._said) or "nothing"

    def _listen(self) -> None:
        buffer = b""
        try:
            for piece in self._line.heard():
                *lines, buffer = (buffer + piece).split(b"\n")
                for line in lines:
                    self._take(line)
        except OSError as error:
            self._said.append(str(error))
        finally:
            self._end(buffer)

    def _take(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        try:
            said = json.loads(text)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            self._said.append(text)
        elif "id" not in said:
            self._ready = bool(said.get("ready"))
        elif said.get("begun"):
            self._calls[said["id"]].begun = True
        else:
            self._calls.pop(said["id"]).answer.set_result(said)

    def _end(self, rest: bytes) -> None:
        self._said.append(rest.decode(errors="replace"))
        with self._guard:
            self.over = True
            calls = list(self._calls.values())
        self._line.close()
        for call in calls:
            if self._ready and not call.begun:
                call.answer.set_result(None)
            else:
                call.answer.set_exception(LabError(f"it ended without an answer: {self.last_words()}"))
