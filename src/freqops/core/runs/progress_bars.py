"""The progress bars that Freqtrade paints over and over, taken out of what a run says.

Freqtrade 2026.9 draws them with rich, for a terminal alone; `VARIABLES` have it draw them into a pipe, too. Ten times a
second each bar is erased and painted again, which would fill a log. Instead of them the log gets a line each time
another whole percent of the candles was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

VARIABLES = {"TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "1"}  # of rich, from 14.0 on; an older one ignores them
ESCAPE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
END = re.compile(rb"([\r\n])")
BULLET = "•".encode()
BAR = re.compile(rb"(\w{1,40}) .* ?[0-9]+/[0-9]+ +([0-9]{1,3})% " + BULLET + rb" [-0-9:]+ " + BULLET + rb" [-0-9:]+ *")
CANDLES = b"backtest"  # what the bar is called while candles are read; the bar over all steps has a capital letter
LONGEST, LONGEST_BAR = 65_536, 1000  # bytes of what has no end yet, and of a bar of 200 signs
LINE = re.compile(r"candles: ([0-9]{1,3})%")


class ProgressBars:
    """The filter that takes them out, of what a run says from its beginning to its end."""

    def __init__(self) -> None:
        self._rest = b""
        self._percent = -1

    def taken_out(self, data: bytes) -> bytes:
        """Return what goes into the log of what was said next."""
        *ended, self._rest = END.split(self._rest + data)
        kept = b"".join(self._kept(ended))
        if len(self._rest) > LONGEST:
            kept, self._rest = kept + self._rest, b""
        return kept

    def last(self) -> bytes:
        """Return what goes into the log of a last line without an end."""
        rest, self._rest = self._rest, b""
        return b"".join(self._kept([rest, b""])) if rest else b""

    def _kept(self, ended: list[bytes]) -> Iterator[bytes]:
        """Yield what is kept of lines, each of them followed by what ended it."""
        for text, end in zip(ended[::2], ended[1::2]):
            plain = ESCAPE.sub(b"", text)
            bar = BAR.fullmatch(plain) if len(plain) <= LONGEST_BAR else None
            if bar is not None:
                yield from self._moved(bar[1], min(100, int(bar[2])))
            elif plain or text == plain:
                yield plain + end

    def _moved(self, name: bytes, percent: int) -> Iterator[bytes]:
        if name == CANDLES and percent != self._percent:
            self._percent = percent
            yield b"candles: %d%%\n" % percent


def percent_in(line: str) -> int | None:
    """Return how many percent of the candles were read, as a line of a log says it; None where it says none."""
    found = LINE.fullmatch(line)
    return min(100, int(found[1])) if found else None
