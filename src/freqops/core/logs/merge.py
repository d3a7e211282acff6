"""The lines of several hosts that are followed, merged by time while they arrive, with a bounded wait for the slower.

The lines of one host are given in the order in which they came. A line waits until every other host has one, too, or
until it waited long enough; nothing that a host says, or leaves unsaid, holds a line of another longer than that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

WAIT = 1.0  # seconds that a line waits for an earlier one of a slower host
BEGINNING = 10.0  # seconds in which a host may connect and tell its first lines, before the others are shown
PASSED = 1000  # lines of others that go before one that has waited: its clock may be ahead, and they may never end

Row = Mapping[str, Any]


class _Waiting(NamedTuple):
    row: Row
    arrived: float

    @property
    def at(self) -> str:
        return str(self.row["at"])


class Merge:
    """Puts lines into one order.

    Args:
        hosts: All hosts that are followed.
        now: The seconds of a clock that never runs backwards.
    """

    def __init__(self, hosts: Iterable[str], now: float) -> None:
        self._queues: dict[str, deque[_Waiting]] = {host: deque() for host in hosts}
        self._silent, self._live = set(self._queues), set(self._queues)
        self._passed = dict.fromkeys(self._queues, 0)
        self._until, self._from = now + BEGINNING, now

    def begun(self, host: str, now: float) -> None:
        """Take in that the first lines of a host are here."""
        if host in self._silent:
            self._silent.discard(host)
            self._from = max(self._from, min(now, self._until))

    def gone(self, host: str, now: float) -> None:
        """Take in that nothing more comes from a host; what waits of it is still given."""
        self.begun(host, now)
        self._live.discard(host)

    def take(self, host: str, row: Row, now: float) -> None:
        """Take in a line, as it stands in an answer."""
        self._queues[host].append(_Waiting(row, now))

    def due(self, now: float) -> Iterator[tuple[str, Row]]:
        """Give the lines that wait for nothing any more, each with its host, the earliest first."""
        if self._silent and now < self._until:
            return
        while heads := {host: queue[0] for host, queue in self._queues.items() if queue}:
            late = [host for host, head in heads.items() if now - max(head.arrived, self._from) >= WAIT]
            if not late and not self._live <= heads.keys():
                return
            yield self._next(heads, late)

    def rest(self) -> Iterator[tuple[str, Row]]:
        """Give the lines that are left, when all hosts are gone."""
        while heads := {host: queue[0] for host, queue in self._queues.items() if queue}:
            yield self._next(heads, [])

    def _next(self, heads: Mapping[str, _Waiting], late: list[str]) -> tuple[str, Row]:
        """Take the earliest line away, or one that has waited while too many others went before it."""
        over = [host for host in late if self._passed[host] >= PASSED]
        chosen = over[0] if over else min(heads, key=lambda host: (heads[host].at, host))
        for host in late:
            self._passed[host] += 1
        self._passed[chosen] = 0
        return chosen, self._queues[chosen].popleft().row
