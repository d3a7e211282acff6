# SPDX-License-Identifier: GPL-3.0-or-later
"""A strategy with a module in a sub-folder, a file that it reads, and one that it writes. No advice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from freqtrade.strategy import IStrategy
from helpers import levels

from freqops.strategy import EntryGate

if TYPE_CHECKING:
    from pandas import DataFrame


class LevelsStrategy(EntryGate, IStrategy):
    """Enter below the level of a pair, leave above it; a pair without a level is left alone."""

    INTERFACE_VERSION = 3

    timeframe = "5m"
    can_short = False
    minimal_roi: ClassVar[dict[str, float]] = {}
    stoploss = -0.10
    process_only_new_candles = True
    use_exit_signal = True

    def __init__(self, config: dict[str, Any]) -> None:
        """Read the levels here: then a deploy refuses a file that cannot be read, before the bot is touched."""
        super().__init__(config)
        self.user_data = Path(config["user_data_dir"])
        self.levels = levels.parsed((self.user_data / "user_files" / "levels.csv").read_text(encoding="utf-8"))

    def bot_start(self, **kwargs: Any) -> None:  # noqa: ARG002 - theirs
        """Write down by which levels it starts: what lies in user_data_dir is kept over releases."""
        line = ",".join([datetime.now(UTC).isoformat(), *(f"{pair}={level}" for pair, level in self.levels.items())])
        with (self.user_data / "levels_of_starts.csv").open("a", encoding="utf-8") as stream:
            stream.write(f"{line}\n")

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002 - theirs
        """Add nothing."""
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        """Be in below the level."""
        level = self.levels.get(metadata["pair"], 0.0)
        dataframe.loc[(dataframe["close"] < level) & (dataframe["volume"] > 0), "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        """Be out above the level."""
        level = self.levels.get(metadata["pair"], float("inf"))
        dataframe.loc[dataframe["close"] > level, "exit_long"] = 1
        return dataframe
