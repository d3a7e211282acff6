"""Strategies to be analysed: one that is sound, and others with one fault each."""

# mypy: disable-error-code="import-not-found,import-untyped,misc"

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from freqtrade.strategy import IStrategy

if TYPE_CHECKING:
    from pandas import DataFrame


class Sound(IStrategy):
    """It enters above a mean and leaves below it."""

    INTERFACE_VERSION = 3
    timeframe = "5m"
    minimal_roi: ClassVar[dict[str, float]] = {"0": 0.5}
    stoploss = -0.5
    startup_candle_count = 60
    BACK = 1

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002  theirs
        """Add a mean, an average, and a close of another time."""
        dataframe["mean"] = dataframe["close"].rolling(10).mean()
        dataframe["average"] = dataframe["close"].ewm(span=5, adjust=False).mean()
        dataframe["seen"] = dataframe["close"].shift(self.BACK)
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002  theirs
        """Enter where the close is above its mean."""
        dataframe.loc[dataframe["close"] > dataframe["mean"], "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002  theirs
        """Leave where it is below."""
        dataframe.loc[dataframe["close"] < dataframe["mean"], "exit_long"] = 1
        return dataframe


class Ahead(Sound):
    """It knows the next close."""

    BACK = -1

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002  theirs
        """Enter where the next close is higher."""
        dataframe.loc[dataframe["close"] < dataframe["seen"], "enter_long"] = 1
        return dataframe


class Idle(Sound):
    """It never trades."""

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002  theirs
        """Enter nowhere."""
        return dataframe


class Hasty(Sound):
    """It asks for fewer candles than its average takes."""

    startup_candle_count = 20

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002  theirs
        """Add a slow average."""
        dataframe["slow"] = dataframe["close"].ewm(span=50, adjust=False).mean()
        return dataframe


class Bare(Sound):
    """It makes no indicators."""

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002  theirs
        """Add nothing."""
        return dataframe
