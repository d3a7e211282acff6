"""How long level 2 takes to flat, beside the exchange's own time and beside Freqtrade's ``forceexit all``.

Run it on a lab with the live bot deployed: ``.venv/bin/python -m bench.flatten [trades] [milliseconds]``. Every call of
the bot's account at the exchange takes that many milliseconds. It prints seconds, and ratios to ``forceexit all``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from freqops.core.base.text_table import table
from lab.services.control import control
from lab.services.prices import all_pairs
from tests.support.live import LiveBot, deployed

TRADES, MILLISECONDS = 10, 150
SLOW = "*"
COINS = ("BTC", "ETH", "SOL", "XRP", "BNB", "LTC", "DOGE", "ADA", "LINK", "AVAX", "DOT", "TRX")
PAIRS = [f"{coin}/USDT" for coin in COINS]


def measured(bot: LiveBot, trades: int, milliseconds: int, exit_all: Callable[[], Any]) -> dict[str, float]:
    """Enter, slow the exchange down, exit everything; return the seconds, and what of them the exchange took."""
    bot.enter(*PAIRS[:trades])
    fault = bot.fault(endpoint=SLOW, latency_ms=milliseconds)
    began = time.monotonic()
    exit_all()
    seconds = time.monotonic() - began
    [hits] = [each["hits"] for each in control("GET", "/faults") if each["id"] == fault["id"]]
    control("DELETE", f"/faults?id={fault['id']}")
    left = len(bot.trades())
    return {"seconds": seconds, "calls": hits, "exchange": hits * milliseconds / 1000, "left": left}


def main() -> int:
    """Measure both on the same bot in the same run, and print a table."""
    given = [int(word) for word in sys.argv[1:]]
    trades, milliseconds = [*given, *(TRADES, MILLISECONDS)[len(given) :]][:2]
    control("DELETE", "/faults")
    all_pairs(0)
    bot = LiveBot("bench", 20, pairs=PAIRS)
    deployed(bot)
    rows: list[dict[str, Any]] = []
    everything = "answer = api.call('POST', '/forceexit', {'tradeid': 'all', 'ordertype': 'market'}, 120)"
    try:
        all_at_once = measured(bot, trades, milliseconds, lambda: bot.ask(everything))
        level_2 = measured(bot, trades, milliseconds, lambda: rows.append(bot.halt(2, more="--deadline 120")[1]))
    finally:
        bot.remove()
    base = all_at_once["seconds"]
    lines = [
        [name, f"{found['seconds']:.1f}", f"{found['seconds'] / base:.2f}", found["calls"], f"{found['exchange']:.1f}",
         found["left"]]
        for name, found in (("forceexit all, which proves nothing", all_at_once), ("level 2", level_2))
    ]  # fmt: skip
    head = (f"{trades} trades, {milliseconds} ms", "seconds", "ratio", "calls", "their seconds", "trades left")
    sys.stdout.write(table(head, lines) + "\n")
    row = rows[0]
    sys.stdout.write(f"level 2: acknowledged {row['acknowledged_s']} s, flat {row['proven_s']} s, {row['verdict']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
