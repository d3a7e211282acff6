"""Many hosts asked at once: a thread for each, which waits for a process, and one deadline for all of them.

No process outlives the deadline, nor an interrupt. A connection that SSH keeps for the next command is not one of them.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from types import FrameType
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError

from . import children

LOOK_EVERY = 0.1
ROUNDS = 50  # of ending what was started in the moment of the deadline
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)

Said = tuple["dict[str, Any] | None", "str | None"]
Connect = Callable[[], Callable[[], Said]]


class Unreachable(FreqopsError):
    """A host was not reached; the text says why."""


@dataclass
class Answer:
    """The answer of one host: its JSON object, or the reason why there is none."""

    host: str
    document: dict[str, Any] | None = None
    error: str | None = "no answer in time"


def ask(hosts: Mapping[str, Connect], patience: float, clock: Clock | None = None) -> list[Answer]:
    """Ask all hosts at once.

    Args:
        hosts: For each host, a function that connects and returns the function that asks. Both may raise `Unreachable`.
        patience: Seconds to wait for all of them together. What still runs then is ended.
        clock: Tells when they are over.

    Returns:
        An answer for each host, in the order of ``hosts``; an unreachable one has an error.
    """
    answers: dict[str, Answer] = {}
    over = threading.Event()

    def one(host: str, connect: Connect) -> None:
        try:
            asked = connect()
            if not over.is_set():
                answers[host] = Answer(host, *asked())
        except Unreachable as failure:
            answers[host] = Answer(host, error=f"unreachable: {failure}")

    workers = [threading.Thread(target=one, args=each, daemon=True) for each in hosts.items()]
    resource_tracker.ensure_running()  # is no host's: a connection with a password would start it in between
    clock = clock or Clock()
    deadline = clock.monotonic() + patience  # before anything is started: that takes its part of it
    before = children.alive()
    with _ended_by_interrupt(before):
        try:
            for worker in workers:
                worker.start()
            _wait(workers, deadline, clock)
        finally:
            in_time = dict(answers)
            over.set()
            _end(workers, before)
    return [in_time.get(host, Answer(host)) for host in hosts]


def _wait(workers: list[threading.Thread], deadline: float, clock: Clock) -> None:
    for worker in workers:
        while worker.is_alive() and clock.monotonic() < deadline:
            worker.join(LOOK_EVERY)


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
