"""Live bots, each with a disease of its own, and a halt over them at level 2 whose terminal dies at once."""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lab.hosts import ssh
from lab.services.control import control
from tests.support.field import TOOL, until
from tests.support.live import HOST, ORDER, LiveBot

INCIDENT = f"20260101T000000Z-halt2-{secrets.token_hex(3)}"
HALTED = ("mixed", "stranger", "stopped", "silent", "stormy", "dead", "unborn")
REJECTED = {"status": 400, "code": -1013, "msg": "Market is closed."}
BANNED = {"status": 418, "code": -1003, "msg": "Way too much request weight used; IP banned.", "retry_after": 1}
BUSY = {"status": 503, "code": -1008, "msg": "Server is currently overloaded."}

Rows = dict[str, dict[str, Any]]


def deadline(bots: Mapping[str, LiveBot]) -> int:
    """Return the seconds that a halt gets: 150, or twelve boots where they take longer.

    The bot that cannot sell uses all of them; beside eighteen bots that boot, its first round over the trades took all
    of 90.
    """
    return max(150, round(12 * bots["mixed"].boot))


def mix(bot: LiveBot) -> None:
    """Five open trades: one that cannot be sold, two plain, one whose exit rests, one whose entry filled in part.

    And an entry that has not filled, a coin that is declared as not the bot's, one that is not declared, and dust that
    is more than one step.
    """
    trades = {trade["pair"]: trade for trade in bot.enter("BTC/USDT", "ETH/USDT", "SOL/USDT", "BNB/USDT")}
    bot.deposit("BNB", "1.5")
    bot.deposit("DOGE", "100")
    bot.deposit("ETH", f"{2 / float(control('GET', '/status')['prices']['ETHUSDT']):.4f}")
    bot.force_exit(trades["SOL/USDT"], ordertype="limit", price=trades["SOL/USDT"]["open_rate"] * 3)
    bot.enter("LTC/USDT", "XRP/USDT", price={"LTC/USDT": 60.0, "XRP/USDT": 1.0})
    bot.fill_in_part("LTCUSDT")
    bot.fault(endpoint=ORDER, symbol="BTCUSDT", side="SELL", error=REJECTED)


def estrange(bot: LiveBot) -> None:
    """One trade, and beside it an order and a fill that the bot does not know."""
    bot.enter("ETH/USDT")
    bot.order_by_hand(symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.001", price="20000")
    bot.order_by_hand(symbol="SOLUSDT", side="BUY", type="MARKET", quantity="0.5")


def stop(bot: LiveBot) -> None:
    """One trade, and a trader that somebody stopped."""
    bot.enter("ETH/USDT")
    bot.ask("api.call('POST', '/stop')")


def slow_down(bot: LiveBot) -> None:
    """Three trades whose sales take a while, so that the bot can fall silent between them."""
    bot.enter("ETH/USDT", "SOL/USDT", "BNB/USDT")
    bot.fault(endpoint=ORDER, side="SELL", latency_ms=6000)


def brew(bot: LiveBot) -> None:
    """Three trades, and an exchange that bans, fails and hangs, each for a while."""
    bot.enter("ETH/USDT", "SOL/USDT", "BNB/USDT")
    bot.fault(endpoint=ORDER, side="SELL", error=BANNED, times=2)
    bot.fault(endpoint="GET /api/v3/account", error=BUSY, times=3)
    bot.fault(endpoint="DELETE /api/v3/order", answer="timeout", times=1)


def die(bot: LiveBot) -> None:
    """One trade, and no process any more."""
    bot.enter("ETH/USDT")
    bot.sh(f"docker stop --time 10 freqops-{bot.name}")


DISEASES: dict[str, Callable[[LiveBot], None]] = {
    "mixed": mix, "stranger": estrange, "stopped": stop, "silent": slow_down, "stormy": brew, "dead": die,
}  # fmt: skip


def halted(bots: Mapping[str, LiveBot]) -> Rows:
    """Return the rows of a halt whose terminal died a moment after it was given; one bot falls silent in the middle."""
    with ThreadPoolExecutor(max_workers=3) as pool:
        list(pool.map(lambda name: DISEASES[name](bots[name]), DISEASES))
    words = f"--level 2 --bots {','.join(HALTED)} --reason diseases --incident {INCIDENT} --deadline {deadline(bots)}"
    terminal = subprocess.Popen(
        ssh.command(bots["mixed"].host.port, f"{TOOL} halt {words} --json"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until("the first sale", lambda: any(order["type"] == "MARKET" for order in bots["silent"].orders("FILLED")))
    bots["silent"].signal(signal.SIGSTOP)
    terminal.kill()
    terminal.wait()
    found = f"cat /srv/freqops/incidents/{INCIDENT}/{HOST}-halt2-*.json 2>/dev/null || true"
    give_up = 4 * deadline(bots)
    answer = json.loads(until("the halt ends without its terminal", lambda: bots["mixed"].sh(found), give_up))
    return {row["bot"]: row for row in answer["bots"]}
