"""Has Freqtrade itself bring the bot's records up to what its exchange says: ``python3 -m freqops.witness.recover``.

Runs where no process of the bot lives. It builds Freqtrade's own bot object, without its API and without ever entering
its loop, and calls what ``POST /trades/{id}/reload`` calls: orders that the exchange has and the records lack are taken
in, and trades that were sold meanwhile are closed. Nothing is bought or sold. One JSON object for each trade.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

RELEASE = Path("/freqops/release")
ASKED = Path("/freqops/asked")
OVERLAY = Path("/tmp/overlay.json")  # noqa: S108  the container's own
REACHING_OUT = ("api_server", "telegram", "webhook", "discord", "external_message_consumer")
AT_REST = {"initial_state": "stopped", "cancel_open_orders_on_exit": False, "logfile": "/tmp/recover.log"}  # noqa: S108


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


def main() -> int:
    """Bring every open trade up to date, and say for each whether it is still open."""
    logging.disable(logging.CRITICAL)
    from freqtrade.freqtradebot import FreqtradeBot  # noqa: PLC0415
    from freqtrade.persistence import Trade  # noqa: PLC0415

    bot = FreqtradeBot(configuration())
    try:
        for trade in Trade.get_open_trades():
            identity, pair = trade.id, trade.pair
            deleted = bot.handle_onexchange_order(trade)
            is_open = not deleted and bool(trade.is_open)
            say({"trade": identity, "pair": pair, "open": is_open, "amount": None if deleted else str(trade.amount)})
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
