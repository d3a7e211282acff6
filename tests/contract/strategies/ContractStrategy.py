"""Does what the test of the moment wishes: enters, at which price, adds, exits; read again in every round."""

# mypy: disable-error-code="import-not-found,import-untyped,misc"

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, ClassVar

from freqtrade.strategy import IStrategy

WISHES = Path("/freqops/conf/wishes.json")
ADDED = 20.0


class ContractStrategy(IStrategy):
    """Wishes: ``{"enter" | "exit" | "add" | "reduce" | "deny": [pairs], "price" | "move" | "stake": {pair: number}}``.

    An entry order that rests is replaced by one at the limit to which the wish is to move it. ``"hang": seconds`` is
    how long a round gets stuck.
    """

    INTERFACE_VERSION = 3
    timeframe = "1m"
    stoploss = -0.9
    minimal_roi: ClassVar[dict[str, float]] = {}
    process_only_new_candles = False
    startup_candle_count = 1
    position_adjustment_enable = True
    order_types: ClassVar[dict[str, Any]] = {
        "entry": "limit",
        "exit": "market",
        "force_exit": "limit",
        "stoploss": "market",
        "stoploss_on_exchange": True,
    }

    @staticmethod
    def _wishes(kind: str) -> Any:
        return json.loads(WISHES.read_text()).get(kind, ())

    def populate_indicators(self, dataframe: Any, metadata: dict[str, Any]) -> Any:  # noqa: ARG002  theirs
        time.sleep(float(self._wishes("hang") or 0))
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

    def custom_stake_amount(self, pair: str, proposed_stake: float, **_: Any) -> float:
        """Return the wished stake, else the one of the configuration."""
        return float(dict(self._wishes("stake")).get(pair, proposed_stake))

    def adjust_trade_position(self, trade: Any, **_: Any) -> float | None:
        """Buy some more of the wished pairs, or sell some, round after round."""
        if trade.pair in self._wishes("reduce"):
            return -ADDED
        return ADDED if trade.pair in self._wishes("add") else None

    def adjust_entry_price(self, pair: str, current_order_rate: float, **_: Any) -> float:
        """Return the wished limit for an order that rests, else the one it has."""
        return float(dict(self._wishes("move")).get(pair, current_order_rate))

    def confirm_trade_exit(self, pair: str, **_: Any) -> bool:
        """Deny the exits that are wished to be denied."""
        return pair not in self._wishes("deny")
