"""The verdict on an analysis: whether anything was judged, and whether the strategy passed; numbers decide it alone.

A recursive analysis calculates the last candle of the range again, with fewer candles before it. What counts is the
number of them that the strategy itself asks for: with so many its bot begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.kinds import Malformed
from ..base.visible import visible
from ..results.analysis_file import PASSED, Analysis, Indicator, Lookahead, Recursive

TIMES = 2  # as many candles must the whole range have as the part that is compared with it: else they are nearly one
NAMED, SHOWN = 8, 40


@dataclass(frozen=True)
class Verdict:
    """The verdict on an analysis.

    Attributes:
        not_judged: Why nothing was judged; empty where it was.
        passed: Whether the strategy passed; never where nothing was judged.
        said: What was found, in one line.
    """

    not_judged: str = ""
    passed: bool = False
    said: str = ""


def judge(found: Analysis, inputs: Mapping[str, Any]) -> Verdict:
    """Return the verdict on an analysis.

    Args:
        found: What it found.
        inputs: The inputs of its run, which say everything.

    Raises:
        Malformed: It is not what was asked for.
    """
    return _lookahead(found, inputs) if isinstance(found, Lookahead) else _recursive(found, inputs)


def metrics(found: Analysis, verdict: Verdict) -> dict[str, float]:
    """Return the metrics of an analysis."""
    passed = {PASSED: 1.0 if verdict.passed else 0.0}
    if isinstance(found, Lookahead):
        counts = (found.trades, found.biased_entries, found.biased_exits, len(found.biased_indicators))
        names = ("trades", "biased_entries", "biased_exits", "biased_indicators")
        return {**passed, **{name: float(value) for name, value in zip(names, counts)}}
    own = [each.variances.get(found.startup, 0.0) for each in found.indicators]
    figures = [abs(percent) for percent in own if percent is not None]
    most = {"most_variance_percent": max(figures, default=0.0)} if len(figures) == len(own) else {}
    return {
        **passed,
        "indicators": float(sum(each.has_value for each in found.indicators)),
        "lookahead_indicators": float(sum(each.lookahead for each in found.indicators)),
        "startup_candles": float(found.startup),
        **most,
        "window_candles": float(found.candles),
    }


def _lookahead(found: Lookahead, inputs: Mapping[str, Any]) -> Verdict:
    if (found.least_trades, found.wanted_trades) != (inputs.get("least_trades"), inputs.get("trades")):
        raise Malformed(f"it wanted {found.least_trades} to {found.wanted_trades} trades, which nobody asked for")
    signs = _signs(found)
    if found.trades < found.least_trades:
        begun = f"; of these, {signs}" if signs else ""
        return Verdict(f"{found.trades} of {found.least_trades} trades{begun}")
    if not found.judged:
        return Verdict(f"Freqtrade gave no verdict on {found.trades} trades")
    if found.biased:
        return Verdict(said=f"BIASED in {found.trades} trades: {signs}")
    return Verdict(passed=True, said=f"no look-ahead in {found.trades} trades")


def _signs(found: Lookahead) -> str:
    """Return what of a look-ahead was seen; empty where nothing."""
    if not (found.biased_entries or found.biased_exits or found.biased_indicators):
        return ""
    names = _named(found.biased_indicators) or "none"
    return f"{found.biased_entries} biased entries, {found.biased_exits} biased exits, biased indicators: {names}"


def _recursive(found: Recursive, inputs: Mapping[str, Any]) -> Verdict:
    most, asked = float(inputs["most_variance"]), {*inputs["startup_candles"], found.startup}
    if {each.startup for each in found.parts} != asked:
        raise Malformed("its startup candles are not those that were asked for")
    why = _too_short(found)
    if why:
        return Verdict(why)
    wrong = list(_wrong(found, most))
    own = f"the strategy's own {found.startup} startup candles"
    if wrong:
        return Verdict(said=f"BIASED with {own}: {_named(wrong)}")
    why = _nothing_to_judge(found.indicators)
    if why:
        return Verdict(why)
    judged = [each.name for each in found.indicators if each.has_value]
    silent = [each.name for each in found.indicators if not each.has_value]
    without = f"; without a value there, so not judged: {_named(silent)}" if silent else ""
    return Verdict(passed=True, said=f"{len(judged)} indicators are within {most:g} % with {own}{without}")


def _too_short(found: Recursive) -> str:
    """Return why the candles are too few for a comparison; empty where they are enough."""
    own = next(each for each in found.parts if each.startup == found.startup)
    if own.candles <= found.startup:
        return f"the strategy's own {found.startup} startup candles are not there: {own.candles} candles are"
    if found.candles < TIMES * own.candles:
        needed = TIMES * own.candles
        return f"the range has {found.candles} candles; with {found.startup} startup candles it takes {needed}"
    return ""


def _nothing_to_judge(indicators: Sequence[Indicator]) -> str:
    if not indicators:
        return "the strategy makes no indicators"
    return "" if any(each.has_value for each in indicators) else "no indicator has a value at the last candle"


def _wrong(found: Recursive, most: float) -> Iterator[str]:
    """Yield each indicator that differs too much, or looks ahead, and by what."""
    for each in found.indicators:
        said = ["look-ahead"] if each.lookahead else []
        if found.startup in each.variances:
            percent = each.variances[found.startup]
            if percent is None:
                said.append("another value, without a figure")
            elif not abs(percent) <= most:
                said.append(f"{percent:+.4g} %")
        if said:
            yield f"{visible(each.name, SHOWN)} ({', '.join(said)})"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(visible(name, 2 * SHOWN) for name in names[:NAMED]) + more
