# SPDX-License-Identifier: GPL-3.0-or-later
"""A trend-follower for demonstrations: long while the fast average is above the slow one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from freqtrade.exceptions import OperationalException
from freqtrade.strategy import IntParameter, IStrategy

from freqops.strategy import EntryGate

if TYPE_CHECKING:
    from pandas import DataFrame, Series


class MaCrossoverStrategy(EntryGate, IStrategy):
    """Enter while the fast EMA is above the slow EMA, leave as soon as it is below.

    The signal is a level, not the moment of crossing: a bot that starts in the middle of a trend joins it.
    """

    INTERFACE_VERSION = 3

    timeframe = "5m"
    can_short = False
    minimal_roi: ClassVar[dict[str, float]] = {}
    stoploss = -0.10
    process_only_new_candles = True
    use_exit_signal = True
    order_types: ClassVar[dict[str, Any]] = {
        "entry": "limit",
        "exit": "limit",
        "force_exit": "market",
        "emergency_exit": "market",
        "stoploss": "market",
        "stoploss_on_exchange": False,
    }

    ema_fast = IntParameter(3, 20, default=8, space="buy")
    ema_slow = IntParameter(21, 100, default=21, space="buy")

    # After so many lengths of itself an EMA has forgotten where its data began (to 0.04 %).
    warm_up_lengths = 4
    startup_candle_count = warm_up_lengths * ema_slow.high

    def ft_bot_start(self, **kwargs: Any) -> None:
        """Refuse to start with parameters (from a file or a subclass) that make no crossover.

        Freqtrade loads parameters after `bot_start`, so this is the first place where they can be judged.
        """
        super().ft_bot_start(**kwargs)
        if self.ema_fast.value >= self.ema_slow.value:
            raise OperationalException(
                f"ema_fast ({self.ema_fast.value}) must be shorter than ema_slow ({self.ema_slow.value}): "
                "correct buy_params or the parameter file beside the strategy."
            )

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002 - theirs
        """Add the averages that the parameters ask for; in a hyperopt, all that they may ask for."""
        for length in sorted({*self.ema_fast.range, *self.ema_slow.range}):
            dataframe[f"ema_{length}"] = dataframe["close"].ewm(span=length, adjust=False).mean()
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002 - theirs
        """Be in while the fast average is above the slow one."""
        fast, slow = self._averages(dataframe)
        dataframe.loc[(fast > slow) & (dataframe["volume"] > 0), ["enter_long", "enter_tag"]] = (
            1,
            "ema_fast_above_slow",
        )
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002 - theirs
        """Be out while the fast average is below the slow one."""
        fast, slow = self._averages(dataframe)
        dataframe.loc[fast < slow, ["exit_long", "exit_tag"]] = (1, "ema_fast_below_slow")
        return dataframe

    def _averages(self, dataframe: DataFrame) -> tuple[Series, Series]:
        """Return both averages, without the candles in which the slow one is still warming up."""
        warm = dataframe.index >= dataframe.index[0] + self.warm_up_lengths * self.ema_slow.value
        fast, slow = dataframe[f"ema_{self.ema_fast.value}"], dataframe[f"ema_{self.ema_slow.value}"]
        return fast.where(warm), slow.where(warm)
