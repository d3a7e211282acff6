"""The part of a page that says what a run had for data: its gaps, and how much of the profit was made across them."""

from __future__ import annotations

from typing import Any

from freqops.core.base import kinds, strict_json
from freqops.core.base.markup import Markup, element
from freqops.core.base.page_parts import NOTHING, count, short, words
from freqops.core.base.visible import visible
from freqops.core.results.document import Document

from .numbers import percent
from .tables import table_of

TEXT = ("first", "last", "SHA-256", "begins", "ends", "timeframe")
PLACE = 60


def data(document: Document) -> list[Markup]:
    """Return what is known of the data of a run."""
    said = gaps_in_words(document)
    bad = bool(document.gaps) or said.startswith(UNKNOWN)
    parts = [element("div", said, class_="warned") if bad else element("p", said)]
    if document.gaps:
        rows = [
            (short(gap.pair), short(gap.timeframe), f"{gap.begins:%Y-%m-%d %H:%M}", f"{gap.ends:%Y-%m-%d %H:%M}",
             words((gap.ends - gap.begins).total_seconds()))
            for gap in document.gaps
        ]  # fmt: skip
        parts.append(table_of("Each gap", ("pair", "timeframe", "begins", "ends", "length"), rows, text=TEXT))
    known = _known(document)
    if known:
        headings = ("pair and timeframe", "first", "last", "candles", "gaps", "SHA-256")
        parts.append(table_of("The candles that it had", headings, known, text=TEXT))
    return parts


UNKNOWN = "NOT KNOWN"


def gaps_in_words(document: Document) -> str:
    """Return whether the data has gaps, and which share of the profit was made across them.

    The share is that of `freqops.core.results.gaps.profit_across`: of the size of the whole profit, below 0 for losses.
    """
    if not document.gaps:
        if document.run.get("data_json"):
            return "The data has no gap."
        return f"{UNKNOWN} whether the data has gaps: no fingerprint of it is noted."
    pairs = len({gap.pair for gap in document.gaps})
    said = f"The data has {count(len(document.gaps), 'gap')}, in {count(pairs, 'pair')}."
    share = document.run.get("gap_profit_share")
    if not isinstance(share, int | float) or not kinds.number(share):
        return f"{said} {UNKNOWN} which share of the profit was made across them."
    if share == 0:
        return f"{said} Trades that were open across a gap neither won nor lost."
    word = "won" if share > 0 else "lost"
    return (
        f"{said} Trades that were open across a gap {word} {percent(abs(share), '')} of the size of the whole profit."
    )


def _known(document: Document) -> list[tuple[Any, ...]]:
    """Return what the fingerprint of the data says of each pair and timeframe."""
    text = document.run.get("data_json")
    if not isinstance(text, str) or not text:
        return []
    try:
        found = strict_json.parse(text.encode(errors="replace"))
    except strict_json.Unreadable as error:
        return [("all of them", f"NOT READABLE: {error}", *[NOTHING] * 4)]
    if not isinstance(found, dict):
        return [("all of them", "NOT READABLE: it is no object", *[NOTHING] * 4)]
    names = ("first", "last", "candles", "gaps", "sha256")
    return [
        (short(name), *(visible(each[key], 70) if isinstance(each, dict) and key in each else NOTHING for key in names))
        for name, each in sorted(found.items())
    ]
