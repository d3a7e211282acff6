"""All logs of a host read on, and every line that is asked for given on as it comes."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Callable

from freqops.core.base.clock import Clock
from freqops.core.logs import answer, query, told
from freqops.core.logs.json_line import Line
from freqops.core.logs.query import Query

from .tail import Tail

POLL = 0.25  # seconds between two looks at the logs
SIGN = 2.0  # seconds after which it is told that the logs are read, where there was nothing else to tell

Sources = Sequence["tuple[str, Tail]"]


class Following:
    """Follows logs.

    Attributes:
        more: Whether there were older lines in the window than those that were given.

    Args:
        sources: The logs, each with the name of its source.
        asked: Which lines are meant; the end of its window is that of the following, whatever it says.
        tell: Takes an event of `told`.
        clock: The source of the time.
    """

    def __init__(self, sources: Sources, asked: Query, tell: Callable[[Mapping[str, Any]], None], clock: Clock) -> None:
        self._sources, self._asked, self._tell, self._clock = sources, asked, tell, clock
        self._query = replace(asked, until=query.ALWAYS)  # a line of a clock that is ahead is shown, too
        self._told = clock.monotonic()
        self.more = False

    def run(self, seconds: float | None, wait: Callable[[float], None]) -> None:
        """Give the lines that are there, and then those that come.

        Args:
            seconds: How long; None for until ``wait`` or an event raises.
            wait: Waits so many seconds.
        """
        end = None if seconds is None else self._clock.monotonic() + seconds
        try:
            self._begin()
            while end is None or self._clock.monotonic() < end:
                if not any(tail.more for _, tail in self._sources):
                    wait(POLL)
                self._round()
        finally:
            for _, tail in self._sources:
                tail.close()

    def _begin(self) -> None:
        """Tell the newest lines until now, the oldest first."""
        found = [(source, tail.begin(self._query, answer.MOST)) for source, tail in self._sources]
        self.more = any(each.more for _, each in found)
        lines = [(line, source) for source, each in found for line in each.lines]
        lines.sort(key=lambda item: item[0].at)
        self.more = self.more or len(lines) > answer.MOST
        for line, source in lines[-answer.MOST :]:
            self._line(line, source)
        self._notes()
        self._sign()

    def _round(self) -> None:
        """Tell what came since the last round; the lines of each log in their order, those of several by time."""
        logs = [[(line, source) for line in tail.look(self._query)] for source, tail in self._sources]
        for line, source in heapq.merge(*logs, key=lambda item: item[0].at):
            self._line(line, source)
        self._notes()
        if self._clock.monotonic() - self._told >= SIGN:
            self._sign()

    def _notes(self) -> None:
        for source, text in self._said():
            self._event({told.NOTE: {"source": source, "text": text}})

    def _said(self) -> Iterator[tuple[str, str]]:
        for source, tail in self._sources:
            yield from ((source, text) for text in tail.notes())

    def _line(self, line: Line, source: str) -> None:
        self._event({told.LINE: answer.of_line(line, source)})

    def _sign(self) -> None:
        self._event({told.READING: True})

    def _event(self, event: Mapping[str, Any]) -> None:
        self._tell(event)
        self._told = self._clock.monotonic()
