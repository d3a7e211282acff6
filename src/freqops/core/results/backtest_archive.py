"""The result of a backtest, as it stands in the files that Freqtrade leaves.

Freqtrade says nowhere in them which release it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed
from ..base.visible import visible
from . import archive_file, backtest_metrics
from .archive_file import Contents, ResultUnreadable
from .backtest_metrics import DRAWDOWN
from .config_shown import without_secrets
from .moments import MILLISECONDS, SECONDS, moment, moment_or_none

__all__ = ["Backtest", "ResultUnreadable", "Trade", "read", "read_all"]
# What the results say of the settings, by the spaces and names that a parameter file has for them.
SETTINGS = {
    "stoploss": {"stoploss": "stoploss"},
    "max_open_trades": {"max_open_trades": "max_open_trades_setting"},
    "trailing": {
        name: name
        for name in (
            *("trailing_stop", "trailing_stop_positive"),
            *("trailing_stop_positive_offset", "trailing_only_offset_is_reached"),
        )
    },
}


@dataclass(frozen=True)
class Trade:
    """A trade of a backtest.

    Attributes:
        pair: Its pair.
        opened: When it was opened.
        closed: When it was closed; None where it was not.
        profit_abs: Its profit, in the currency of the stake, fees in.
        profit_ratio: The same, as a fraction of its stake.
        stake: What was staked, in the currency of the stake.
        exit_reason: Why it was closed.
        enter_tag: What the strategy called its entry; empty where it called it nothing.
    """

    pair: str
    opened: datetime
    closed: datetime | None
    profit_abs: float
    profit_ratio: float
    stake: float
    exit_reason: str
    enter_tag: str


@dataclass(frozen=True)
class Backtest:
    """What a backtest of one strategy says.

    Attributes:
        strategy: The class of the strategy.
        run_id: Freqtrade's own run id; empty where its meta file is missing. It covers strategy, parameters and
            configuration, not the candles: two backtests of the same have the same one.
        timeframe: Its timeframe.
        timeframe_detail: The timeframe inside its candles; empty where there was none.
        window_start: The first candle that was traded.
        window_end: The last one.
        freqtrade_version: The release of Freqtrade; empty where it is not known.
        starting_balance: What it began with, in the currency of the stake.
        stake_currency: That currency.
        metrics: Its metrics; see `backtest_metrics`.
        trades: Its trades.
        parameters: What was in effect: the parameter file by its spaces, and what the results say of the settings.
        config: Its configuration without secrets; empty where it is not there.
        config_sha256: The SHA-256 of the configuration's text; empty where it is not there.
        started: When it was executed; None where it is not known.
        finished: When that ended; None where it is not known.
    """

    strategy: str
    run_id: str
    timeframe: str
    timeframe_detail: str
    window_start: datetime
    window_end: datetime
    freqtrade_version: str
    starting_balance: float
    stake_currency: str
    metrics: dict[str, float]
    trades: tuple[Trade, ...]
    parameters: dict[str, Any]
    config: dict[str, Any]
    config_sha256: str
    started: datetime | None = None
    finished: datetime | None = None


def read(path: Path, strategy: str | None = None) -> Backtest:
    """Return the backtest in a file.

    Args:
        path: The zip file, or the JSON file of a release before 2025.
        strategy: The class of the strategy; None where the file has one alone.

    Raises:
        ResultUnreadable: It is none, or it has no such strategy, or several.
    """
    found = read_all(path)
    wanted = [each for each in found if strategy in (None, each.strategy)]
    if len(wanted) != 1:
        names = ", ".join(each.strategy for each in found)
        raise ResultUnreadable(
            f"{path.name}: it has the results of {names}" + ("" if strategy is None else f", not of {strategy}")
        )
    return wanted[0]


def read_all(path: Path) -> list[Backtest]:
    """Return the backtests in a file, one for each strategy.

    Args:
        path: The zip file, or the JSON file of a release before 2025.

    Raises:
        ResultUnreadable: It is none, or one of its strategies has no whole result.
    """
    found = archive_file.contents(path)
    try:
        return [_backtest(name, result, found) for name, result in found.results.items()]
    except Malformed as error:
        raise ResultUnreadable(f"{path.name}: {error}") from None


def _backtest(name: str, result: Any, found: Contents) -> Backtest:
    if not isinstance(result, dict):
        raise Malformed(f"the result of {name} is no object")
    start = moment(result, "backtest_start_ts", MILLISECONDS)
    end = moment(result, "backtest_end_ts", MILLISECONDS)
    if start >= end:
        raise Malformed(f"its candles begin at {start} and end at {end}")
    timeframe = kinds.value(result, "timeframe", kinds.text)
    trades = tuple(_trade(each) for each in kinds.value(result, "trades", kinds.list_of(kinds.object_)))
    if result.get("total_trades") != len(trades):
        raise Malformed(f"it says that it has {visible(result.get('total_trades'), 40)} trades, and has {len(trades)}")
    metrics = backtest_metrics.metrics(result)
    if not 0 <= metrics.get(DRAWDOWN, -1) <= 1:
        raise Malformed(f"its {DRAWDOWN} is {visible(result.get(DRAWDOWN), 40)}, no fraction")
    metrics["window_days"] = (end - start).total_seconds() / 86400
    length = backtest_metrics.minutes(timeframe)
    return Backtest(
        strategy=name,
        run_id=_run_id(found.metas.get(name)),
        timeframe=timeframe,
        timeframe_detail=str(result.get("timeframe_detail") or ""),
        window_start=start,
        window_end=end,
        freqtrade_version="",
        starting_balance=float(kinds.value(result, "starting_balance", kinds.number)),
        stake_currency=kinds.value(result, "stake_currency", kinds.text),
        metrics={**metrics, **({} if length is None else {"timeframe_minutes": length})},
        trades=trades,
        parameters=_parameters(result, found.parameters.get(name, {})),
        config=without_secrets(found.config),
        config_sha256=found.config_sha256,
        started=moment_or_none(result, "backtest_run_start_ts", SECONDS),
        finished=moment_or_none(result, "backtest_run_end_ts", SECONDS),
    )


def _trade(said: Mapping[str, Any]) -> Trade:
    opened = moment(said, "open_timestamp", MILLISECONDS)
    closed = moment_or_none(said, "close_timestamp", MILLISECONDS)
    if closed is not None and closed < opened:
        raise Malformed(f"a trade was opened at {opened} and closed at {closed}")
    return Trade(
        pair=kinds.value(said, "pair", kinds.text),
        opened=opened,
        closed=closed,
        profit_abs=float(kinds.value(said, "profit_abs", kinds.number)),
        profit_ratio=float(kinds.value(said, "profit_ratio", kinds.number)),
        stake=float(kinds.value(said, "stake_amount", kinds.number)),
        exit_reason=kinds.value(said, "exit_reason", kinds.text),
        enter_tag=kinds.value(said, "enter_tag", kinds.or_none(kinds.text)) or "",
    )


def _run_id(meta: object) -> str:
    said = meta.get("run_id") if isinstance(meta, dict) else None
    if said is not None and not (isinstance(said, str) and len(said) == 40 and set(said) <= set("0123456789abcdef")):
        raise Malformed(f"its run id is {visible(said, 80)}")
    return said or ""


def _parameters(result: Mapping[str, Any], file: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was in effect; what the results say counts more than the file."""
    spaces = file.get("params")
    found = {space: {name: result[own] for name, own in names.items() if own in result}
             for space, names in SETTINGS.items()}  # fmt: skip
    if "minimal_roi" in result:
        found["roi"] = result["minimal_roi"]
    return {**(spaces if isinstance(spaces, dict) else {}), **found}
