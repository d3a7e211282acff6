"""Candles on a host: which file has which, what is in it, and whether a run has what it needs of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ..base import kinds
from ..base.iso_time import parse
from ..base.kinds import Malformed
from ..base.visible import visible

FILE = re.compile(r"[^/\x00-\x20\x7f]{1,60}-[1-9][0-9]{0,2}[mhdwM](?:-[a-z_]{1,20})?\.feather")
IN_NAME = re.compile(r"[/ .@$+:]")  # what Freqtrade replaces in a pair for the name of its file
TIMEFRAME = re.compile(r"-(?P<timeframe>[0-9]+[mhdwM])(?:-[a-z_]+)?\.feather$")
DIGEST = re.compile(r"[0-9a-f]{64}")
OF_FILE: dict[str, kinds.Kind] = {
    "candles": kinds.count, "first": kinds.text, "last": kinds.text, "more_gaps": kinds.count,
    "gaps": kinds.list_of(lambda gap: isinstance(gap, list) and len(gap) == 2 and all(map(kinds.text, gap))),
}  # fmt: skip


@dataclass(frozen=True)
class Candles:
    """The candles of one pair and timeframe.

    Attributes:
        candles: How many there are.
        first: The first one, ISO 8601 UTC; empty where there is none.
        last: The last one.
        gaps: Where some are missing: the first of them, and the next one that is there.
        more_gaps: Gaps besides these.
        sha256: The checksum of their file.
    """

    candles: int
    first: str
    last: str
    gaps: tuple[tuple[str, str], ...]
    more_gaps: int
    sha256: str

    def to_json(self) -> dict[str, Any]:
        """Return them as the registry has them."""
        return {**asdict(self), "gaps": [list(gap) for gap in self.gaps]}


def file_name(pair: str, timeframe: str) -> str:
    """Return the name that Freqtrade gives to the file of a pair at the spot market."""
    return f"{IN_NAME.sub('_', pair)}-{timeframe}.feather"


def checked(document: object, sha256: str) -> Candles:
    """Return the candles of a file, as the program in the image says.

    Raises:
        Malformed: They cannot be read, or it said something else.
    """
    if isinstance(document, dict) and kinds.text(document.get("error")):
        raise Malformed(visible(document["error"], 200))
    found = kinds.checked(document, OF_FILE, tuple(OF_FILE))
    for moment in [found["first"], found["last"], *(each for gap in found["gaps"] for each in gap)]:
        if moment or found["candles"]:
            _parsed(moment)
    gaps = tuple((str(begins), str(ends)) for begins, ends in found["gaps"])
    return Candles(found["candles"], found["first"], found["last"], gaps, found["more_gaps"], sha256)


def _parsed(text: str) -> datetime:
    try:
        return parse(text)
    except ValueError as error:
        raise Malformed(str(error)) from None


def missing(
    pairs: Iterable[str], timeframe: str, found: Mapping[str, Candles], first: datetime | None, last: datetime | None
) -> Iterator[str]:
    """Yield, in words, of which pairs there is no candle in a window.

    Args:
        pairs: The pairs.
        timeframe: The timeframe.
        found: What is there, by the name of its file.
        first: Where the window begins, None for an open end.
        last: Where it ends.
    """
    for pair in pairs:
        there = found.get(file_name(pair, timeframe))
        if there is None or not there.candles:
            yield f"{pair} {timeframe} (none)"
        elif (last is not None and parse(there.first) >= last) or (first is not None and parse(there.last) < first):
            yield f"{pair} {timeframe} (only {there.first} to {there.last})"


def gaps_of(there: Candles) -> list[tuple[datetime, datetime]]:
    """Return where candles are missing, as moments."""
    return [(parse(begins), parse(ends)) for begins, ends in there.gaps]
