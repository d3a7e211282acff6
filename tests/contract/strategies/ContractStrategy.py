"""Does what the test of the moment wishes: enters, at which price, exits; read anew in every round."""

# mypy: disable-error-code="import-not-found,import-untyped,misc"

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from freqtrade.strategy import IStrategy

WISHES = Path("/freqops/conf/wishes.json")


class ContractStrategy(IStrategy):
    """``{"enter": [pairs], "exit": [pairs], "price": {pair: limit}}``."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    stoploss = -0.9
    minimal_roi: ClassVar[dict[str, float]] = {}
    process_only_new_candles = False
    startup_candle_count = 1
    order_types: ClassVar[dict[str, Any]] = {
        "entry": "limit",
        "exit": "market",
        "force_exit": "market",
        "stoploss": "market",
        "stoploss_on_exchange": True,
    }

    @staticmethod
    def _wishes(kind: str) -> Any:
        return json.loads(WISHES.read_text()).get(kind, ())

    def populate_indicators(self, dataframe: Any, metadata: dict[str, Any]) -> Any:  # noqa: ARG002  theirs
        return dataframe

    def populate_entry_trend(self, dataframe: Any, metadata: dict[str, Any]) -> Any:
        dataframe["enter_long"] = int(metadata["pair"] in self._wishes("enter"))
        return dataframe

    def populate_exit_trend(self, dataframe: Any, metadata: dict[str, Any]) -> Any:
        dataframe["exit_long"] = int(metadata["pair"] in self._wishes("exit"))
        return dataframe

    def custom_entry_price(self, pair: str, proposed_rate: float, **_: Any) -> float:
        """Return the wished limit, else one that crosses the spread and fills at once."""
        return float(dict(self._wishes("price")).get(pair, proposed_rate * 1.005))
