"""Documents of runs as hosts tell them, for the tests of their pages: backtests of any length, a hyperopt."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from freqops.core.results import analysis_file
from freqops.core.results.artifacts import Artifact
from freqops.core.results.backtest_archive import Backtest, Trade
from freqops.core.results.document import Document
from freqops.core.results.gaps import Gap
from freqops.core.results.hyperopt_file import Epoch

START = datetime(2023, 3, 1, tzinfo=UTC)
PAIRS = tuple(f"{coin}/USDT" for coin in ("BTC", "ETH", "SOL", "ADA", "XRP", "DOT", "LTC", "BNB"))
REASONS = ("roi", "trailing_stop_loss", "exit_signal", "stop_loss", "force_exit")
ROW: dict[str, Any] = {
    "id": "backtest-20260102T030405Z-0a1b2c", "kind": "backtest", "host": "research-1",
    "strategy": "MaCrossoverStrategy",
    "status": "finished", "started_utc": "2026-01-02T03:04:05Z", "finished_utc": "2026-01-02T03:06:17Z",
    "duration_s": 132.4, "peak_memory_bytes": 734_003_200, "actor": "maria@control",
    "reason": "before the next release",
    "bot": "alpha", "bot_release": "4f1d2c", "freqtrade_version": "2026.9", "seed": 42, "data_sha256": "d" * 64,
    "docker_image": "registry.example.com/freqtrade@sha256:" + "e" * 64, "strategy_sha256": "a" * 64,
    "parameters_sha256": "b" * 64, "user_files_sha256": "9" * 64, "python_sha256": "f" * 64,
    "config_sha256": "c" * 64, "command_json": '["backtesting", "--cache", "none"]',
    "parameters_json": json.dumps({"buy": {"fast": 9, "slow": 21}, "roi": {"0": 0.1, "60": 0.02}, "stoploss": -0.1}),
    "data_json": json.dumps({f"{pair} 5m": {"first": "2023-03-01T00:00:00Z", "last": "2024-08-31T23:55:00Z",
                                            "candles": 158_112, "gaps": 0, "sha256": "f" * 64} for pair in PAIRS}),
}  # fmt: skip


def trades(number: int, seed: int = 1, days: int = 550) -> tuple[Trade, ...]:
    """Return trades that win somewhat more than they lose, in the order in which they closed."""
    chance = random.Random(seed)  # noqa: S311  figures, not secrets
    made = []
    for each in range(number):
        closed = START + timedelta(minutes=5 * int(days * 288 * (each + chance.random()) / number))
        ratio = round(chance.gauss(0.0012, 0.021), 8)
        made.append(Trade(
            pair=chance.choice(PAIRS), opened=closed - timedelta(hours=chance.randrange(1, 90)), closed=closed,
            profit_abs=round(100 * ratio, 8), profit_ratio=ratio, stake=100.0,
            exit_reason=chance.choice(REASONS), enter_tag="",
        ))  # fmt: skip
    return tuple(made)


def backtest(made: tuple[Trade, ...], **more: Any) -> Backtest:
    """Return the result of a backtest of these trades."""
    fields: dict[str, Any] = {
        "strategy": "MaCrossoverStrategy", "run_id": "", "timeframe": "5m", "timeframe_detail": "",
        "window_start": START,
        "window_end": START + timedelta(days=550), "freqtrade_version": "2026.9", "starting_balance": 1000.0,
        "stake_currency": "USDT", "metrics": {}, "trades": made, "parameters": {}, "config": {}, "config_sha256": "",
    }  # fmt: skip
    return Backtest(**{**fields, **more})


def run(number: int, chance: int = 1, **row: Any) -> Document:
    """Return a finished backtest with a number of trades."""
    made = trades(number, chance)
    profit = sum(trade.profit_abs for trade in made)
    metrics = {
        "profit_total": profit / 1000, "profit_total_abs": profit, "trades": float(number),
        "max_drawdown_account": 0.1234 if number else 0.0,
        "winrate": 0.53, "sharpe": 1.2345678, "profit_factor": 1.41, "param.fast": 9.0,
    }  # fmt: skip
    gaps = tuple(
        Gap(pair, "5m", START + timedelta(days=40), START + timedelta(days=40, hours=3)) for pair in PAIRS[:2]
    )  # fmt: skip
    return Document(
        run={**ROW, "gap_profit_share": 0.0312, **row}, metrics=metrics, artifacts=(), backtest=backtest(made),
        epochs=(), gaps=gaps,
    )  # fmt: skip


def hyperopt(number: int, **row: Any) -> Document:
    """Return a hyperopt with a number of epochs, some of them without a result."""
    chance = random.Random(number)  # noqa: S311  as above
    epochs, best = [], 0.0
    for each in range(1, number + 1):
        loss = 100_000.0 if each % 9 == 0 else round(chance.gauss(-0.2 - each / number, 0.4), 6)
        epochs.append(Epoch(
            number=each, loss=loss, best=loss < best, trades=0 if each % 9 == 0 else chance.randrange(20, 400),
            profit=-loss / 20 if each % 9 else 0.0, parameters={"buy": {"fast": each % 30, "slow": 40 + each % 20}},
            metrics={},
        ))  # fmt: skip
        best = min(best, loss)
    asked = {**ROW, "id": "hyperopt-20260102T030405Z-0a1b2c", "kind": "hyperopt", **row}
    return Document(
        run=asked, metrics={"epochs": float(number)}, artifacts=(), backtest=None, epochs=tuple(epochs), gaps=()
    )


LOOKAHEAD: dict[str, Any] = {
    "version": 1, "kind": "lookahead_analysis", "freqtrade_version": "2026.9", "strategy": "Mine", "timeframe": "5m",
    "least_trades": 10, "wanted_trades": 20, "trades": 20, "judged": True, "biased": False, "biased_entries": 0,
    "biased_exits": 0, "biased_indicators": [],
}  # fmt: skip
RECURSIVE: dict[str, Any] = {
    "version": 1, "kind": "recursive_analysis", "freqtrade_version": "2026.9", "strategy": "Mine", "timeframe": "5m",
    "pair": "BTC/USDT", "startup": 30, "candles": 5030,
    "parts": [{"startup": startup, "candles": startup + 2} for startup in (30, 199, 400)],
    "indicators": [
        {"name": "ema", "has_value": True, "lookahead": False,
         "variances": [{"startup": 30, "percent": -0.05}, {"startup": 199, "percent": None}]},
        {"name": "mean", "has_value": True, "lookahead": False, "variances": []},
    ],
}  # fmt: skip


def analysis(said: dict[str, Any], metrics: dict[str, float], **row: Any) -> Document:
    """Return an analysis that found what ``said`` says."""
    kind = said["kind"]
    asked = {**ROW, "id": f"{kind}-20260102T030405Z-0a1b2c", "kind": kind, "strategy": said["strategy"], **row}
    found = analysis_file.parsed(said, kind, said["strategy"])
    return Document(run=asked, metrics=metrics, analysis=found)


def spoilt(hostile: Sequence[str]) -> Document:
    """Return a run that says a hostile text wherever a host may say one, and has a pair and a reason for each."""
    made = tuple(
        replace(trade, pair=hostile[number % len(hostile)], exit_reason=hostile[number % len(hostile)])
        for number, trade in enumerate(trades(4 * len(hostile)))
    )
    text = "".join(hostile)
    others = ("overridden", "end_reason", "incident_id", "gap_profit_share")
    row = {
        **dict.fromkeys((*ROW, *others), text), "status": "finished",
        "parameters_json": json.dumps({text: {text: [text]}}),
        "data_json": json.dumps({text: {"first": text}}),
    }  # fmt: skip
    return Document(
        run=row, metrics=dict.fromkeys((text, *hostile), 2.0),
        artifacts=(Artifact(text, text, text),), epochs=(),
        backtest=backtest(made, stake_currency=text, timeframe=text), gaps=(Gap(text, text, START, START),),
    )  # fmt: skip
