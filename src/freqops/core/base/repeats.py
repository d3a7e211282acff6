"""Lines that come again each round: said when they begin, and once an hour as long as they go on."""

from __future__ import annotations

from collections.abc import Iterable

AGAIN_SECONDS = 3600.0
OVER_SECONDS = 60.0  # a line that did not come for so long is over: it is new when it comes again


class Repeats:
    """The lines that were said, with their times."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}
        self._seen: dict[str, float] = {}

    def news(self, lines: Iterable[str], now: float) -> list[str]:
        """Return the lines that are to be said.

        Args:
            lines: The lines of a round.
            now: Monotonic time, seconds.
        """
        over = {line for line, seen in self._seen.items() if now - seen > OVER_SECONDS}
        for line in over:
            del self._said[line], self._seen[line]
        found = []
        for line in lines:
            self._seen[line] = now
            if line not in self._said or now - self._said[line] >= AGAIN_SECONDS:
                self._said[line] = now
                found.append(line)
        return found
