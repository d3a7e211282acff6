"""Many hosts asked at once: a thread for each, which waits for a process, and one deadline for all of them.

No process outlives the deadline, nor an interrupt. A connection that SSH keeps for the next command is not one of them.
A failure of one host is the answer of that host, and delays no other.
"""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError

from . import children

LOOK_EVERY = 0.1
ROUNDS = 8  # of ending what was started in the moment of the deadline: with the last look, less than a second
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)

Said = tuple["dict[str, Any] | None", "str | None"]
Connect = Callable[[], Callable[[], Said]]


class Unreachable(FreqopsError):
    """A host was not reached; the text says why."""


@dataclass
class Answer:
    """The answer of one host.

    Attributes:
        host: The name of the host.
        document: Its JSON object; None where there is none.
        error: Why there is none, or why it cannot be understood.
        trace: The traceback of an unexpected error.
    """

    host: str
    document: dict[str, Any] | None = None
    error: str | None = "no answer in time"
    trace: str | None = None


def ask(
    hosts: Mapping[str, Connect],
    patience: float,
    clock: Clock | None = None,
    arrived: Callable[[Answer], None] = lambda _answer: None,
) -> list[Answer]:
    """Ask all hosts at once.

    Args:
        hosts: For each host, a function that connects and returns the function that asks. Both may raise `Unreachable`.
        patience: Seconds to wait for all of them together. What still runs then is ended.
        clock: Tells when they are over.
        arrived: Is given each answer as it comes, one at a time, by the thread that waits. What it raises is the error
            of that answer.

    Returns:
        An answer for each host, in the order of ``hosts``; an unreachable one has an error.
    """
    came: SimpleQueue[Answer] = SimpleQueue()
    over = threading.Event()
    workers = [threading.Thread(target=_one, args=(*each, came, over), daemon=True) for each in hosts.items()]
    resource_tracker.ensure_running()  # is no host's: a connection with a password would start it in between
    clock = clock or Clock()
    deadline = clock.monotonic() + patience  # before anything is started: that takes its part of it
    before = children.alive()
    answers: dict[str, Answer] = {}
    with _ended_by_interrupt(before):
        try:
            for host, worker in zip(hosts, workers, strict=True):
                _begin(host, worker, came)
            while len(answers) < len(workers) and clock.monotonic() < deadline:
                _take(came, answers, arrived, LOOK_EVERY)
            while not came.empty():
                _take(came, answers, arrived, 0)
        finally:
            over.set()
            _end(workers, before)
    return [answers.get(host, Answer(host)) for host in hosts]


def _begin(host: str, worker: threading.Thread, came: SimpleQueue[Answer]) -> None:
    """Start a worker; where this machine has no room for one more, that is the answer of its host."""
    try:
        worker.start()
    except RuntimeError as failure:
        came.put(Answer(host, error=f"it could not be asked: {failure}"))


def _one(host: str, connect: Connect, came: SimpleQueue[Answer], over: threading.Event) -> None:
    """Ask one host, and put its answer where it is waited for."""
    try:
        asked = connect()
        if over.is_set():
            return
        answer = Answer(host, *asked())
    except Unreachable as failure:
        answer = Answer(host, error=f"unreachable: {failure}")
    except FreqopsError as failure:
        answer = Answer(host, error=str(failure))
    except BaseException as failure:  # noqa: BLE001  whatever it is, it is this host's alone, and is said
        answer = Answer(host, error=_described(failure), trace=traceback.format_exc())
    came.put(answer)


def _take(
    came: SimpleQueue[Answer], answers: dict[str, Answer], arrived: Callable[[Answer], None], seconds: float
) -> None:
    """Take one answer in, if one comes within ``seconds``; what cannot be taken in has an error."""
    try:
        answer = came.get(timeout=seconds) if seconds else came.get_nowait()
    except Empty:
        return
    answers[answer.host] = answer
    try:
        arrived(answer)
    except FreqopsError as failure:
        answer.error = f"its answer cannot be understood: {failure}"
    except Exception as failure:  # noqa: BLE001  as above
        answer.error = f"its answer cannot be understood: {_described(failure)}"
        answer.trace = traceback.format_exc()


def _described(failure: BaseException) -> str:
    return f"{type(failure).__name__}: {failure}"


def _end(workers: list[threading.Thread], before: set[children.Child]) -> None:
    """End what was started, until every worker has noticed; one that waits for no process is left to itself."""
    rounds = 0
    while (late := [worker for worker in workers if worker.is_alive()]) and rounds < ROUNDS:
        rounds += 1
        children.end(children.alive() - before)
        late[0].join(LOOK_EVERY)


@contextmanager
def _ended_by_interrupt(before: set[children.Child]) -> Iterator[None]:
    """Let an interrupt end what the block started, before it does what it would do: some is in sessions of its own."""

    def interrupted(number: int, _frame: FrameType | None) -> None:
        children.end(children.alive() - before)
        signal.signal(number, usual[number])
        os.kill(os.getpid(), number)

    heard = [number for number in INTERRUPTS if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    usual: Mapping[int, Any] = {number: signal.signal(number, interrupted) for number in heard}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
