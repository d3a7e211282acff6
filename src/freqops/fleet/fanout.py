"""Many hosts asked, or followed, at once: a thread for each, which waits for a process, and one deadline for all.

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
from queue import Empty, Full, Queue, SimpleQueue
from types import FrameType
from typing import Any, Protocol

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError

from . import children

LOOK_EVERY = 0.1
ROUNDS = 8  # of ending what was started in the moment of the deadline: with the last look, less than a second
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
WAITING = 1000  # events that wait to be taken in; hosts that tell more are not read meanwhile
FIRST = 60.0  # seconds in which a host must connect and tell something
QUIET = 15.0  # seconds after which a host that tells nothing more is lost; it tells every few that it is there

Said = tuple["dict[str, Any] | None", "str | None"]
Connect = Callable[[], Callable[[], Said]]
Event = dict[str, Any]
Begin = Callable[[Callable[[Event], None]], Callable[[], Said]]


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


class Listener(Protocol):
    """Takes in what hosts tell that are followed; all of it in the thread that waits."""

    def heard(self, host: str, event: Event) -> None:
        """Take in an event. What it raises is the error of that host, which is then lost."""

    def ended(self, answer: Answer) -> None:
        """Take in that nothing more comes from a host, and its answer or why there is none."""

    def idle(self) -> None:
        """Do what is due; called several times a second."""


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
    workers = [threading.Thread(target=_one, args=(*each, came.put, over), daemon=True) for each in hosts.items()]
    resource_tracker.ensure_running()  # is no host's: a connection with a password would start it in between
    clock = clock or Clock()
    deadline = clock.monotonic() + patience  # before anything is started: that takes its part of it
    before = children.alive()
    answers: dict[str, Answer] = {}
    with _ended_by_interrupt(before):
        try:
            for host, worker in zip(hosts, workers, strict=True):
                _begin(host, worker, came.put)
            while len(answers) < len(workers) and clock.monotonic() < deadline:
                _take(came, answers, arrived, LOOK_EVERY)
            while not came.empty():
                _take(came, answers, arrived, 0)
        finally:
            over.set()
            _end(workers, before)
    return [answers.get(host, Answer(host)) for host in hosts]


def follow(hosts: Mapping[str, Begin], patience: float | None, listener: Listener, clock: Clock) -> list[Answer]:
    """Follow all hosts at once, each until it answers.

    Args:
        hosts: For each host, a function that connects and returns the function that asks; it is given what takes an
            event, which waits where too many do.
        patience: Seconds to wait for all of them together; None for until they have answered.
        listener: Takes in what they tell.
        clock: Tells when they are over.

    Returns:
        An answer for each host, in the order of ``hosts``. One that told nothing for `QUIET` seconds, at first for
        `FIRST`, or that could not be understood, has an error, and nothing more of it is taken in.
    """
    heard = _Heard(hosts, listener)
    connects = {host: heard.of(host, begin) for host, begin in hosts.items()}
    put, over = heard.answered, heard.over
    workers = [threading.Thread(target=_one, args=(*each, put, over), daemon=True) for each in connects.items()]
    resource_tracker.ensure_running()
    deadline = None if patience is None else clock.monotonic() + patience
    before = children.alive()
    with _ended_by_interrupt(before):
        try:
            for host, worker in zip(hosts, workers, strict=True):
                _begin(host, worker, heard.answered)
            last = clock.monotonic()
            while heard.open and (deadline is None or clock.monotonic() < deadline):
                heard.take()
                now = clock.monotonic()
                heard.passed(min(now - last, 2 * LOOK_EVERY))  # a terminal that does not take lines makes nobody late
                last = now
                listener.idle()
            for host in sorted(heard.open):
                heard.end(Answer(host))
        finally:
            heard.over.set()
            _end(workers, before)
    return [heard.answers[host] for host in hosts]


class _Heard:
    """The events and answers of hosts that are followed, on their way from the threads of the hosts."""

    def __init__(self, hosts: Mapping[str, Begin], listener: Listener) -> None:
        self.answers: dict[str, Answer] = {}
        self.open = set(hosts)
        self.over = threading.Event()
        self._silent = dict.fromkeys(hosts, QUIET - FIRST)
        self._listener = listener
        self._came: Queue[tuple[str, Event] | Answer] = Queue(WAITING)

    def of(self, host: str, begin: Begin) -> Connect:
        """Return the function that connects to a host and follows it."""
        return lambda: begin(lambda event: self._put((host, event)))

    def answered(self, answer: Answer) -> None:
        """Put an answer behind the events that came before it."""
        self._put(answer)

    def take(self) -> None:
        """Take in the events that are there, or one that comes within a moment."""
        try:
            self._took(self._came.get(timeout=LOOK_EVERY))
            for _ in range(WAITING):
                self._took(self._came.get_nowait())
        except Empty:
            return

    def passed(self, seconds: float) -> None:
        """Take in that time passed, in which hosts could have told something."""
        for host in sorted(self.open):
            self._silent[host] += seconds
            if self._silent[host] >= QUIET:
                self.end(Answer(host, error="lost: it tells nothing any more"))

    def end(self, answer: Answer) -> None:
        """Take in the end of a host."""
        self.open.discard(answer.host)
        self.answers[answer.host] = answer
        _taken_in(answer, self._listener.ended)

    def _took(self, came: tuple[str, Event] | Answer) -> None:
        host = came.host if isinstance(came, Answer) else came[0]
        if host not in self.open:
            return
        if isinstance(came, Answer):
            self.end(came)
            return
        self._silent[host] = 0.0
        wrong = Answer(host, error=None)
        _taken_in(wrong, lambda _answer: self._listener.heard(*came))
        if wrong.error is not None:
            self.end(wrong)

    def _put(self, what: tuple[str, Event] | Answer) -> None:
        while not self.over.is_set():
            try:
                self._came.put(what, timeout=LOOK_EVERY)
            except Full:
                continue
            return


def _begin(host: str, worker: threading.Thread, put: Callable[[Answer], None]) -> None:
    """Start a worker; where this machine has no room for one more, that is the answer of its host."""
    try:
        worker.start()
    except RuntimeError as failure:
        put(Answer(host, error=f"it could not be asked: {failure}"))


def _one(host: str, connect: Connect, put: Callable[[Answer], None], over: threading.Event) -> None:
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
    put(answer)


def _take(
    came: SimpleQueue[Answer], answers: dict[str, Answer], arrived: Callable[[Answer], None], seconds: float
) -> None:
    """Take one answer in, if one comes within ``seconds``; what cannot be taken in has an error."""
    try:
        answer = came.get(timeout=seconds) if seconds else came.get_nowait()
    except Empty:
        return
    answers[answer.host] = answer
    _taken_in(answer, arrived)


def _taken_in(answer: Answer, arrived: Callable[[Answer], None]) -> None:
    """Take an answer in; what that raises is its error."""
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
