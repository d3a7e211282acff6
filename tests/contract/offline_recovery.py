"""Runs in the image, with a live bot's files and no bot: takes what happened on the exchange into the bot's database.

Called with the arguments of the bot itself, ``trade --config …``. It builds Freqtrade's own bot object, without API,
messengers and loop, and has it look for the orders of every open trade, as ``POST /trades/ID/reload`` would. It sends
no order: what could is replaced. The last line of its output is JSON, one object for each trade that was open.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any, NoReturn

from freqtrade.commands import Arguments
from freqtrade.configuration import Configuration
from freqtrade.exceptions import FreqtradeException
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Trade

SILENCED = ("api_server", "discord", "external_message_consumer", "telegram", "webhook")


def quiet_config(arguments: list[str]) -> dict[str, Any]:
    """Return the bot's own configuration, with everything off that talks to somebody else than its exchange."""
    config: dict[str, Any] = Configuration(Arguments(arguments).get_parsed_arg(), None).get_config()
    if config["dry_run"]:
        raise SystemExit("a paper bot has no orders on an exchange")
    silenced = {section: {**config[section], "enabled": False} for section in SILENCED if section in config}
    return {**config, **silenced, "initial_state": "stopped", "cancel_open_orders_on_exit": False}


def no_order(*_: object, **__: object) -> NoReturn:
    """Stand in for everything that sends an order."""
    raise RuntimeError("the recovery sends no orders")


def recover(bot: Any, trade: Any) -> dict[str, Any]:
    """Look for the orders of one trade and say what became of it.

    `handle_onexchange_order` keeps every error to itself, so the exchange is asked the same before, and may fail here.
    """
    told = {"trade_id": trade.id, "pair": trade.pair}
    try:
        bot.exchange.fetch_orders(trade.pair, trade.open_date_utc - timedelta(seconds=10))
    except FreqtradeException as error:
        return {**told, "error": f"{type(error).__name__}: {error}"}
    if bot.handle_onexchange_order(trade):
        return {**told, "is_open": False, "deleted": True}
    return {
        **told,
        "is_open": trade.is_open,
        "amount": trade.amount,
        "owned": bot.wallets.get_owned(trade.pair, trade.safe_base_currency),
    }


def main() -> int:
    """Recover every open trade; end with 0 if the exchange answered for all of them."""
    bot = FreqtradeBot(quiet_config(sys.argv[1:]))
    bot.exchange.create_order = bot.exchange.create_stoploss = bot.exchange._api.create_order = no_order
    try:
        told = [recover(bot, trade) for trade in Trade.get_open_trades()]
    finally:
        bot.cleanup()
    sys.stdout.write(json.dumps(told) + "\n")
    return 1 if any("error" in trade for trade in told) else 0


if __name__ == "__main__":
    sys.exit(main())
