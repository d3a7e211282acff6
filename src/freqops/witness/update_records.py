"""Has Freqtrade itself bring the bot's records up to what its exchange says: ``-m freqops.witness.update_records``.

Runs where no process of the bot lives. It builds Freqtrade's own bot object, without its API and without ever entering
its loop, and calls what ``POST /trades/{id}/reload`` calls: orders that the exchange has and the records lack are taken
in, and trades that were sold meanwhile are closed. Nothing is bought or sold. One JSON object for each trade.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

RELEASE = Path("/freqops/release")
ASKED = Path("/freqops/asked")
OVERLAY = Path("/tmp/overlay.json")  # noqa: S108  the container's own
SOLD = "sold_on_exchange"  # freqtrade.enums.ExitType.SOLD_ON_EXCHANGE
REACHING_OUT = ("api_server", "telegram", "webhook", "discord", "external_message_consumer")
AT_REST = {"initial_state": "stopped", "cancel_open_orders_on_exit": False, "logfile": "/tmp/update_records.log"}  # noqa: S108


def configuration() -> Any:
    """Return the configuration that the bot itself runs with, without everything that would reach out."""
    from freqtrade.configuration import Configuration  # noqa: PLC0415  the image's own, and slow to load
    from freqtrade.enums import RunMode  # noqa: PLC0415

    files = [RELEASE / "config.json", ASKED / "secrets.json"]
    present = {name: section for path in files for name, section in json.loads(path.read_text()).items()}
    silenced = {name: {"enabled": False} for name in REACHING_OUT if name in present}
    OVERLAY.write_text(json.dumps({**AT_REST, **silenced}))
    arguments = {
        "command": "trade",
        "config": [str(path) for path in (*files, OVERLAY)],
        "strategy_path": str(RELEASE / "strategies"),
        "user_data_dir": "/tmp",  # noqa: S108  as above
    }
    return Configuration(arguments, RunMode.LIVE).get_config()


def no_order(*_: object, **__: object) -> NoReturn:
    """Stand in for everything that places an order."""
    raise RuntimeError("nothing is bought or sold here")


def update(bot: Any, trade: Any) -> dict[str, Any]:
    """Have Freqtrade take in the orders of one trade, and return the result.

    `handle_onexchange_order` keeps every error to itself, so the exchange is asked the same before, and may fail here.
    """
    named = {"trade": trade.id, "pair": trade.pair}
    bot.exchange.fetch_orders(trade.pair, trade.open_date_utc - timedelta(seconds=10))
    if bot.handle_onexchange_order(trade):
        return {**named, "open": False, "amount": None}
    if trade.is_open:
        close_if_sold(trade)
    return {**named, "open": bool(trade.is_open), "amount": str(trade.amount)}


def close_if_sold(trade: Any) -> None:
    """Close a trade of which all was sold, and a little more: Freqtrade itself closes by the exact amount only."""
    exits = [order for order in trade.orders if order.ft_order_side != trade.entry_side and order.safe_filled > 0]
    if exits and trade.amount > 0 and sum(order.safe_filled for order in exits) >= trade.amount:
        trade.exit_reason = SOLD
        trade.close(exits[-1].safe_price, show_msg=False)
        trade.session.commit()


def main() -> int:
    """Bring every open trade up to date, and say for each whether it is still open."""
    logging.disable(logging.CRITICAL)
    from freqtrade.freqtradebot import FreqtradeBot  # noqa: PLC0415
    from freqtrade.persistence import Trade  # noqa: PLC0415

    bot = FreqtradeBot(configuration())
    bot.exchange.create_order = bot.exchange.create_stoploss = no_order
    try:
        for trade in Trade.get_open_trades():
            say(update(bot, trade))
    finally:
        bot.exchange.close()
    say({"done": True})
    return 0


def say(answer: dict[str, Any]) -> None:
    """Print one answer."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
