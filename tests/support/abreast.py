"""Tests that have a bot of their own, several at once: each worker has one bot, and takes one test after the other.

Pytest goes through its tests in a row; when it comes to one of these, the worker has run it, or pytest waits for that.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from lab.services.control import control
from tests.support.field import Field, heal
from tests.support.paper import PaperBot, model

WORKERS = 4
Test = pytest.Function


class Abreast:
    """The tests, their workers, and their results.

    What a test may ask for is listed in `GIVEN`; any other fixture would be made in pytest's own thread.
    """

    GIVEN = ("bot", "alpha", "beta", "calm", "tmp_path")

    def __init__(self, tests: Sequence[Test], places: pytest.TempPathFactory) -> None:
        self._waiting = deque((test, places.mktemp("abreast")) for test in tests)
        self._results: dict[str, Future[float]] = {test.nodeid: Future() for test in tests}
        self._changed = threading.Condition()
        self._busy = min(WORKERS, len(tests))
        self._workers = [
            threading.Thread(target=self._work, args=(PaperBot(number),), daemon=True) for number in range(self._busy)
        ]

    def begin(self) -> None:
        """Let the workers begin, on an exchange without faults and prices as they were before any test."""
        heal()
        control("DELETE", "/scripts")
        for worker in self._workers:
            worker.start()

    def seconds_of(self, test: Test) -> float:
        """Wait for the end of a test, and return how long it took or raise what it raised."""
        return self._results[test.nodeid].result()

    def over(self) -> None:
        """Wait until all of them have ended and their bots are off the host."""
        for worker in self._workers:
            worker.join()

    def end(self) -> None:
        """Leave out what has not begun, and wait for the rest."""
        with self._changed:
            self._waiting.clear()
        self.over()

    @contextmanager
    def calm(self) -> Iterator[None]:
        """Wait until no other test is under way, for a block that looks at all bots of the host; one at a time."""
        with self._changed:
            self._rests()
            self._changed.wait_for(lambda: self._busy == 0 and not self._waiting)
            self._busy += 1
        yield

    def _rests(self) -> None:
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    @cached_property
    def _model(self) -> dict[str, Any]:
        return model()

    def _work(self, bot: PaperBot) -> None:
        try:
            while (found := self._next()) is not None:
                self._run(*found, bot)
        finally:
            try:
                bot.remove()
            finally:
                self._rests()

    def _next(self) -> tuple[Test, Path] | None:
        with self._changed:
            return self._waiting.popleft() if self._waiting else None

    def _bring_up(self, bot: PaperBot) -> None:
        if bot.boot:
            bot.ready()
        else:
            bot.deploy(self._model)
            bot.start()

    def _run(self, test: Test, place: Path, bot: PaperBot) -> None:
        result = self._results[test.nodeid]
        given: dict[str, Any] = {
            "bot": bot,
            "alpha": Field(),
            "beta": Field(bot="beta"),
            "calm": self.calm,
            "tmp_path": place,
        }
        asked = {name: given[name] for name in self.GIVEN if name in test.fixturenames}
        parameters = test.callspec.params if hasattr(test, "callspec") else {}
        begun = time.monotonic()
        try:
            if "alpha" in asked:
                given["alpha"].ready()
            if "bot" in asked:
                self._bring_up(bot)
            test.obj(**asked, **parameters)
        except BaseException as error:  # noqa: BLE001 - whatever it is, pytest shall raise it where the test stands
            result.set_exception(error)
        else:
            result.set_result(time.monotonic() - begun)
