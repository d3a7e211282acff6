"""Runs in the image: what Freqtrade would stake by each configuration below /releases, with and without its overlay."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from freqtrade.configuration import Configuration, validate_config_consistency
from freqtrade.enums import TradingMode
from freqtrade.exchange import Exchange
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Trade, init_db
from freqtrade.resolvers import StrategyResolver
from freqtrade.wallets import Wallets

RELEASES = Path("/releases")
PAIR, OTHER, PRICE = "BTC/USDT", "ETH/USDT", 50000.0
LIMITS = {"cost": {"min": 10.0, "max": None}, "amount": {"min": 0.00001, "max": None}}


class Offline(Exchange):  # type: ignore[misc]  # it is in the image only
    """The exchange of Freqtrade, with the markets that it knows, and without a connection."""

    def __init__(self, config: Any) -> None:
        self._config, self.trading_mode = config, TradingMode.SPOT
        self._markets = {name: {"base": name[:3], "limits": LIMITS} for name in (PAIR, OTHER)}

    def get_proxy_coin(self) -> str:
        """Return the stake currency."""
        return str(self._config["stake_currency"])

    def close(self) -> None:
        """There is nothing to close."""


def _trade(stake: float, profit: float | None = None) -> None:
    """Write a trade into the database, closed where it has a profit."""
    amount, closed = stake / PRICE, profit is not None
    Trade.session.add(
        Trade(
            pair=OTHER, stake_amount=stake, amount=amount, open_rate=PRICE, fee_open=0.0, fee_close=0.0, exchange="x",
            open_date=datetime.now(UTC), is_open=not closed, close_profit_abs=profit, realized_profit=profit or 0.0,
            leverage=1.0,
        )
    )  # fmt: skip
    Trade.commit()


def _staked(files: list[Path], case: dict[str, Any]) -> dict[str, float]:
    """Return what is available, proposed and entered by a configuration, and the smallest entry."""
    strategies, data = str(files[0].parent / "strategies"), "/tmp"  # noqa: S108  the container's own
    arguments = {"command": "trade", "config": [*map(str, files)], "strategy_path": strategies, "user_data_dir": data}
    config = Configuration(arguments, None).get_config()
    strategy = StrategyResolver.load_strategy(config)
    validate_config_consistency(config)
    init_db("sqlite://")
    for trade in case["trades"]:
        _trade(*trade)
    exchange = Offline(config)
    wallets = Wallets(config, exchange)
    bot = SimpleNamespace(
        exchange=exchange, strategy=strategy, wallets=wallets, trading_mode=TradingMode.SPOT,
        get_valid_price=lambda wanted, _proposed: wanted,
    )  # fmt: skip
    proposed = wallets.get_trade_stake_amount(PAIR, config["max_open_trades"])
    enter = FreqtradeBot.get_valid_enter_price_and_stake
    _, entered, _ = enter(bot, PAIR, PRICE, proposed, "long", None, None, "initial", None)
    return {
        "available": wallets.get_available_stake_amount(),
        "proposed": proposed,
        "entered": entered,
        "smallest": exchange.get_min_pair_stake_amount(PAIR, PRICE, strategy.stoploss),
    }


def main() -> None:
    """Print one JSON object: for each case what is staked, by the name of each overlay."""
    logging.disable(logging.CRITICAL)
    found: dict[str, Any] = {}
    for place in sorted(RELEASES.glob("*/case.json")):
        case, config = json.loads(place.read_text()), place.parent / "release" / "config.json"
        overlays = sorted(place.parent.glob("stage-*.json"))
        found[place.parent.name] = {
            "without": _staked([config], case),
            **{overlay.stem: _staked([config, overlay], case) for overlay in overlays},
        }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
