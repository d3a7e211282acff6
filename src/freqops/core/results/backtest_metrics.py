"""The metrics of a backtest: those of the runbook's indexer, and what else decides about a strategy.

The drawdown is taken from the results of the strategy. The comparison of strategies beside them has it as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..base import kinds

DRAWDOWN = "max_drawdown_account"  # a fraction of the balance at the high before it
RATIOS = (
    *("profit_total", "profit_mean", "profit_median", "cagr", "expectancy_ratio", "market_change", "sortino"),
    *("sharpe", "calmar", "sqn", "p_value", "profit_factor", "trades_per_day", "wins", "losses", "draws", "winrate"),
    *(DRAWDOWN, "max_relative_drawdown", "rejected_signals", "holding_avg_s"),
)
MONEY = (  # in the currency of the stake; the eight decimals are those of the runbook
    *("profit_total_abs", "expectancy", "max_drawdown_abs", "starting_balance", "final_balance", "total_volume"),
)
EIGHT_DECIMALS = Decimal("1e-8")
MINUTES = {"m": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60, "M": 30 * 24 * 60}


def metrics(result: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics of a strategy's results.

    A figure that Freqtrade could not calculate stands in them as null, and is none of the metrics.

    Args:
        result: What Freqtrade wrote of the strategy.
    """
    found = {name: float(result[name]) for name in RATIOS if kinds.number(result.get(name))}
    found |= {name: _money(result[name]) for name in MONEY if kinds.number(result.get(name))}
    if kinds.number(result.get("total_trades")):
        found["trades"] = float(result["total_trades"])
    if "profit_total" in found:
        found["profit_total_pct"] = round(found["profit_total"] * 100, 2)
    return found


def minutes(timeframe: str) -> float | None:
    """Return the minutes of a timeframe; None where it is none."""
    number, unit = timeframe[:-1], timeframe[-1:]
    return float(int(number) * MINUTES[unit]) if number.isascii() and number.isdecimal() and unit in MINUTES else None


def _money(value: float) -> float:
    return float(Decimal(str(value)).quantize(EIGHT_DECIMALS)) if abs(value) < 1e15 else float(value)
