# mypy: disable-error-code="import-not-found,import-untyped"
# Freqtrade and pandas are in a bot's image, not in the project's environment.
"""MaCrossoverStrategy on made-up candles: `python3 -m unittest`, in a bot's image or wherever Freqtrade is installed.

`src` of this repository must be on PYTHONPATH.
STRATEGIES names the directory of the strategies where it is not the one of this repository.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
from freqtrade.enums import HyperoptState, RunMode
from freqtrade.exceptions import OperationalException
from freqtrade.optimize.hyperopt_tools import HyperoptStateContainer
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IntParameter, IStrategy
from pandas import DataFrame

from freqops.strategy import EntryGate

NAME = "MaCrossoverStrategy"
STRATEGIES = Path(os.environ.get("STRATEGIES", str(Path(__file__).parents[2] / "strategies")))
WARM_UP = 84
SIGNALS = ("enter_long", "exit_long")


def load(directory: Path = STRATEGIES, **config: Any) -> IStrategy:
    """Load the strategy as a bot does, configuration first."""
    settings = {"strategy": NAME, "strategy_path": str(directory), "user_data_dir": directory, **config}
    return StrategyResolver.load_strategy({"runmode": RunMode.DRY_RUN, "stake_currency": "USDT", **settings})


def candles(closes: list[float]) -> DataFrame:
    """Make one-minute candles with these closes."""
    close = pd.Series(closes, dtype=float)
    before = close.shift(1, fill_value=closes[0])
    return DataFrame(
        {
            "date": pd.date_range("2026-01-01", periods=len(closes), freq="1min", tz="UTC"),
            "open": before,
            "high": pd.concat([close, before], axis=1).max(axis=1) * 1.001,
            "low": pd.concat([close, before], axis=1).min(axis=1) * 0.999,
            "close": close,
            "volume": 10.0,
        }
    )


def signals(strategy: IStrategy, frame: DataFrame) -> DataFrame:
    """Let the strategy judge candles, in the order in which Freqtrade asks."""
    metadata = {"pair": "BTC/USDT"}
    judged = strategy.populate_indicators(frame.copy(), metadata)
    judged = strategy.populate_exit_trend(strategy.populate_entry_trend(judged, metadata), metadata)
    return judged.reindex(columns=[*judged.columns, *(name for name in SIGNALS if name not in judged)])[
        list(SIGNALS)
    ].fillna(0)


def hills(length: int) -> list[float]:
    """Return a price that goes up for 90 candles and down for 90, with a wobble."""
    price, path = 100.0, []
    for i in range(length):
        price *= 1.001 if i // 90 % 2 == 0 else 0.999
        path.append(price * (1 + 0.0005 * (i * 7919 % 13 - 6) / 6))
    return path


class Signals(unittest.TestCase):
    """What the strategy does with candles."""

    def setUp(self) -> None:
        """Start the strategy as a bot does."""
        self.strategy = load()
        self.strategy.ft_bot_start()

    def test_it_is_behind_the_entry_gate(self) -> None:
        """A hold is honoured even where nobody can reach the bot."""
        self.assertIsInstance(self.strategy, EntryGate)

    def test_a_rising_price_is_entered_and_held(self) -> None:
        """On every warm candle, not just on the first."""
        judged = signals(self.strategy, candles([100 * 1.001**i for i in range(300)]))
        self.assertTrue((judged["enter_long"][WARM_UP:] == 1).all())
        self.assertFalse((judged["exit_long"] == 1).any())

    def test_a_falling_price_is_left_and_not_entered(self) -> None:
        """On every warm candle."""
        judged = signals(self.strategy, candles([100 * 0.999**i for i in range(300)]))
        self.assertTrue((judged["exit_long"][WARM_UP:] == 1).all())
        self.assertFalse((judged["enter_long"] == 1).any())

    def test_a_turn_is_noticed_within_the_slow_length(self) -> None:
        """Long on the way up, out soon after the summit."""
        judged = signals(
            self.strategy, candles([100 * 1.001**i for i in range(200)] + [122 * 0.999**i for i in range(100)])
        )
        self.assertEqual(judged["enter_long"][199], 1)
        self.assertEqual(judged["exit_long"][199 + 21], 1)
        self.assertEqual(judged["enter_long"][199 + 21], 0)

    def test_a_flat_price_gives_no_signal(self) -> None:
        """Equal averages are neither above nor below."""
        judged = signals(self.strategy, candles([100.0] * 300))
        self.assertFalse((judged == 1).any(axis=None))

    def test_entry_and_exit_exclude_each_other(self) -> None:
        """Freqtrade would ignore a candle that says both."""
        judged = signals(self.strategy, candles(hills(2000)))
        self.assertTrue((judged["enter_long"] == 1).any())
        self.assertTrue((judged["exit_long"] == 1).any())
        self.assertFalse(((judged["enter_long"] == 1) & (judged["exit_long"] == 1)).any())

    def test_warming_up_gives_no_signal(self) -> None:
        """Four lengths of the slow average, for the parameters in use."""
        judged = signals(self.strategy, candles([100 * 1.001**i for i in range(WARM_UP)]))
        self.assertFalse((judged == 1).any(axis=None))

    def test_a_candle_without_trades_is_not_entered(self) -> None:
        """Nobody would sell."""
        frame = candles([100 * 1.001**i for i in range(200)])
        frame.loc[150, "volume"] = 0
        judged = signals(self.strategy, frame)
        self.assertEqual([judged["enter_long"][i] for i in (149, 150, 151)], [1, 0, 1])

    def test_the_future_changes_nothing(self) -> None:
        """Judging a prefix gives the prefix of the judgement: no look-ahead."""
        frame = candles(hills(700))
        whole = signals(self.strategy, frame)
        for length in range(WARM_UP, 700, 37):
            prefix = signals(self.strategy, frame.head(length))
            pd.testing.assert_frame_equal(prefix, whole.head(length))

    def test_the_distant_past_changes_nothing(self) -> None:
        """A bot that starts with startup_candle_count candles of history says what one that always ran says."""
        frame = candles(hills(1500))
        since = 1500 - self.strategy.startup_candle_count - 100
        late = signals(self.strategy, frame.tail(1500 - since).reset_index(drop=True)).tail(100)
        always = signals(self.strategy, frame).tail(100)
        pd.testing.assert_frame_equal(late.reset_index(drop=True), always.reset_index(drop=True))


class Loading(unittest.TestCase):
    """How Freqtrade takes the strategy in."""

    def test_it_is_what_it_promises(self) -> None:
        """Interface, stoploss, order types: what the runbooks rely on."""
        strategy = load()
        self.assertEqual((strategy.INTERFACE_VERSION, strategy.can_short, strategy.stoploss), (3, False, -0.10))
        self.assertEqual((strategy.timeframe, strategy.minimal_roi), ("5m", {}))
        self.assertFalse(strategy.order_types["stoploss_on_exchange"])
        self.assertEqual({strategy.order_types[kind] for kind in ("entry", "exit")}, {"limit"})
        self.assertEqual({strategy.order_types[kind] for kind in ("force_exit", "emergency_exit")}, {"market"})

    def test_the_configuration_decides(self) -> None:
        """Timeframe and order types can be set per bot."""
        strategy = load(timeframe="1m", order_types={**load().order_types, "stoploss_on_exchange": True})
        self.assertEqual(strategy.timeframe, "1m")
        self.assertTrue(strategy.order_types["stoploss_on_exchange"])

    def test_history_suffices_for_every_parameter(self) -> None:
        """startup_candle_count covers the warm-up of the longest slow average that a hyperopt may pick."""
        strategy = load()
        self.assertGreaterEqual(strategy.startup_candle_count, 4 * strategy.ema_slow.high)

    def test_hyperopt_finds_every_average(self) -> None:
        """In a hyperopt, all lengths are there for the epochs to choose from."""
        strategy = load(runmode=RunMode.HYPEROPT, spaces=["buy"])
        strategy.ft_bot_start()
        with mock.patch.object(HyperoptStateContainer, "state", HyperoptState.INDICATORS):
            frame = strategy.populate_indicators(candles(hills(500)), {"pair": "BTC/USDT"})
        for fast, slow in ((3, 21), (20, 100)):
            strategy.ema_fast.value, strategy.ema_slow.value = fast, slow
            self.assertTrue((strategy.populate_entry_trend(frame.copy(), {})["enter_long"] == 1).any())


class Parameters(unittest.TestCase):
    """Parameters that make no crossover are refused when the bot starts."""

    def start(self, fast: int, slow: int) -> IStrategy:
        """Start the strategy with a parameter file beside it, as a hyperopt leaves it."""
        with tempfile.TemporaryDirectory() as directory:
            shutil.copy(STRATEGIES / f"{NAME}.py", directory)
            parameters = {"strategy_name": NAME, "params": {"buy": {"ema_fast": fast, "ema_slow": slow}}}
            Path(directory, f"{NAME}.json").write_text(json.dumps(parameters))
            strategy = load(Path(directory))
            strategy.ft_bot_start()
            return strategy

    def test_fast_must_be_shorter_than_slow(self) -> None:
        """Equal or longer is refused in words that say what to change."""
        for fast, slow in ((21, 21), (50, 30)):
            with (
                self.subTest(fast=fast, slow=slow),
                self.assertRaisesRegex(
                    OperationalException, rf"ema_fast \({fast}\) must be shorter than ema_slow \({slow}\)"
                ),
            ):
                self.start(fast, slow)

    def test_a_parameter_file_is_used(self) -> None:
        """And its warm-up with it."""
        strategy = self.start(5, 30)
        judged = signals(strategy, candles([100 * 1.001**i for i in range(130)]))
        self.assertEqual([judged["enter_long"][i] for i in (119, 120)], [0, 1])

    def test_the_ranges_do_not_overlap(self) -> None:
        """So no epoch of a hyperopt can pick a pair that would be refused."""
        strategy = load()
        self.assertIsInstance(strategy.ema_fast, IntParameter)
        self.assertLess(strategy.ema_fast.high, strategy.ema_slow.low)


if __name__ == "__main__":
    unittest.main()
