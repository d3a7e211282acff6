"""A strategy that knows the next close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from freqtrade.strategy import IStrategy

if TYPE_CHECKING:
    from pandas import DataFrame


class AheadStrategy(IStrategy):  # type: ignore[misc]
    """It enters where the next close is higher, and leaves where it is not."""

    INTERFACE_VERSION = 3
    timeframe = "5m"
    minimal_roi: ClassVar[dict[str, float]] = {"0": 0.5}
    stoploss = -0.5
    startup_candle_count = 30

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002  theirs
        """Add the next close."""
        dataframe["next_close"] = dataframe["close"].shift(-1)
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002  theirs
        """Enter before it rises."""
        dataframe.loc[dataframe["close"] < dataframe["next_close"], "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002  theirs
        """Leave before it falls."""
        dataframe.loc[dataframe["close"] > dataframe["next_close"], "exit_long"] = 1
        return dataframe


class IdleStrategy(AheadStrategy):
    """It never trades."""

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002  theirs
        """Enter nowhere."""
        return dataframe
