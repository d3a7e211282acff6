"""The part of a page that says what an analysis found: signals and indicators, or differences by startup candles."""

from __future__ import annotations

from freqops.core.base.markup import Markup, element
from freqops.core.base.page_parts import count, short
from freqops.core.results.analysis_file import Analysis, Lookahead, Recursive

from .tables import table_of

OWN = "the strategy's own"


def analysis(found: Analysis) -> list[Markup]:
    """Return what an analysis found."""
    return _lookahead(found) if isinstance(found, Lookahead) else _recursive(found)


def _lookahead(found: Lookahead) -> list[Markup]:
    rows = [
        ("trades that were looked at", f"{found.trades}"), ("trades that were wanted", f"{found.wanted_trades}"),
        ("trades below which nothing is judged", f"{found.least_trades}"),
        ("entries that need later candles", f"{found.biased_entries}"),
        ("exits that need later candles", f"{found.biased_exits}"),
    ]  # fmt: skip
    parts = [element("div", table_of("What Freqtrade counted", ("what", "number"), rows), class_="small")]
    names = [(element("code", short(name)),) for name in found.biased_indicators]
    said = "No indicator that was looked at had another value where later candles were not known."
    return [*parts, table_of("Indicators with look-ahead", ("indicator",), names) if names else element("p", said)]


def _recursive(found: Recursive) -> list[Markup]:
    startups = [each.startup for each in found.parts]
    columns = [f"{each} ({OWN})" if each == found.startup else f"{each}" for each in startups]
    rows = [
        (element("code", short(each.name)), *map(each.said, startups),
         "yes" if each.lookahead else "no", "yes" if each.has_value else "no")
        for each in found.indicators
    ]  # fmt: skip
    headings = ("indicator", *columns, "look-ahead", "has a value")
    few = [each for each in found.parts if each.candles <= each.startup]
    whole = count(found.candles, "candle")
    said = f"The last candle of {short(found.pair)}, calculated from {whole}, and again from fewer."
    less = [element("p", f"{each.startup} startup candles were asked for, and {each.candles - 1} were there.")
            for each in few]  # fmt: skip
    if not rows:
        return [element("p", said), *less, element("p", "The strategy makes no indicators.")]
    caption = "By how much each indicator differs, by the number of startup candles"
    return [element("p", said), *less, table_of(caption, headings, rows, text=("look-ahead", "has a value"))]
