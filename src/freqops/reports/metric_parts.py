"""The metrics of runs: their order on a page, what each is called, and its unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from freqops.core.base.markup import Markup, element, joined
from freqops.core.base.page_parts import NOTHING, short

from .numbers import percent, plain
from .tables import table_of

FRACTIONS = {
    "profit_total": "profit", "max_drawdown_account": "drawdown that lost most",
    "max_relative_drawdown": "deepest drawdown", "cagr": "profit a year",
    "winrate": "share of wins", "profit_mean": "mean profit of a trade",
    "profit_median": "median profit of a trade", "market_change": "change of the market",
}  # fmt: skip
COUNTS = {
    "trades": "trades", "wins": "wins", "losses": "losses", "draws": "draws", "epochs": "epochs",
    "rejected_signals": "signals that were rejected", "window_days": "days of the window",
    "passed": "passed (1) or not (0)", "biased_entries": "entries with look-ahead",
    "biased_exits": "exits with look-ahead", "biased_indicators": "indicators with look-ahead",
    "indicators": "indicators with a value", "lookahead_indicators": "indicators with look-ahead",
    "startup_candles": "startup candles of the strategy", "window_candles": "candles of the range",
    "timeframe_minutes": "minutes of a candle", "holding_avg_s": "mean seconds of a trade",
}  # fmt: skip
NUMBERS = {
    "profit_total_abs": "profit, as an amount", "max_drawdown_abs": "drawdown that lost most, as an amount",
    "starting_balance": "balance at the beginning", "final_balance": "balance at the end", "total_volume": "volume",
    "profit_factor": "profit factor", "expectancy": "expectancy", "expectancy_ratio": "expectancy ratio",
    "sharpe": "Sharpe", "sortino": "Sortino", "calmar": "Calmar", "sqn": "SQN", "p_value": "p-value",
    "most_variance_percent": "largest difference of an indicator, in percent",
    "trades_per_day": "trades a day", "loss": "loss of the best epoch", "parse_ms": "milliseconds to read it",
}  # fmt: skip
UNSIGNED = ("winrate", "max_drawdown_account", "max_relative_drawdown")
FIRST = (
    "profit_total", "profit_total_abs", "max_drawdown_account", "max_relative_drawdown", "trades", "winrate",
    "profit_factor", "sharpe", "sortino", "calmar",
)  # fmt: skip
LABELS = {**FRACTIONS, **COUNTS, **NUMBERS}


def value_of(name: str, value: float | None) -> str:
    """Return a metric in its unit."""
    if value is None:
        return NOTHING
    if name in FRACTIONS:
        return percent(value, "" if name in UNSIGNED else "+")
    return plain(value, 0) if name in COUNTS and value.is_integer() else plain(value)


def names_of(metrics: Sequence[Mapping[str, float]]) -> list[str]:
    """Return the names of metrics that any of several runs has, in the order of a page."""
    found = {name for each in metrics for name in each}
    order = [*FIRST, *(name for name in LABELS if name not in FIRST)]
    return [*(name for name in order if name in found), *sorted(found - set(order))]


def heading_of(name: str) -> Markup:
    """Return what a metric is called, and its name in the registry."""
    code = element("code", short(name))
    return joined([LABELS[name], " ", code]) if name in LABELS else code


def metrics(found: Mapping[str, float]) -> list[Markup]:
    """Return the table of metrics."""
    if not found:
        return [element("p", "No metric is noted.")]
    rows = [(heading_of(name), value_of(name, found[name])) for name in names_of([found])]
    table = table_of("Metrics, each with its name in the registry", ("metric", "value"), rows)
    return [element("div", table, class_="small")]
