"""A breaker that trips while bots buy: one is between its decision and its order, another adds to what it has.

The bots are those that the halts before have left flat and healthy; each is tripped by a breaker of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

import pytest

from lab.services.control import control
from tests.support.field import until
from tests.support.live import ORDER, LiveBot

LATENCY_MS = 4000  # of an entry at the exchange, so that the trip falls between the decision and the fill
FILE = "/srv/freqops/bots/{name}/circuit_breaker.json"
ON = {"active": True, "reason": "tripped while it buys", "until_iso": None}
ROUNDS = 3  # of the bot's loop, in which it would buy once more


@pytest.fixture
def buying(bots: dict[str, LiveBot]) -> Iterator[tuple[LiveBot, LiveBot]]:
    """Two bots that run free, one that will enter and one that adds to its trade in each round."""
    control("DELETE", "/faults")
    entering, adding = bots["mixed"], bots["stormy"]
    for bot in (entering, adding):
        bot.resume()
        until(f"{bot.name} runs", partial(in_state, bot, "running"))
    adding.enter("ETH/USDT")
    yield entering, adding
    control("DELETE", "/faults")
    for bot in (entering, adding):
        bot.wish()
        bot.sh(f"rm -f {FILE.format(name=bot.name)}")
        until(f"{bot.name} is free", partial(free, bot))


def in_state(bot: LiveBot, state: str) -> bool:
    return bot.state() == state


def free(bot: LiveBot) -> bool:
    return not bot.holds()["holds"]


def bought(bot: LiveBot) -> list[float]:
    """Return how much each entry of a bot's account has filled."""
    filled = (float(order["executedQty"]) for order in bot.orders() if order["side"] == "BUY")
    return [quantity for quantity in filled if quantity]


def proven(bot: LiveBot) -> bool:
    """Return whether the guard calls the breaker's hold of a bot proven."""
    note = json.loads(bot.sh("cat /run/freqops/breaker.json"))["bots"]
    return bool(note.get(bot.name, {}).get("proven"))


def comes_round(bot: LiveBot) -> None:
    """Wait until a bot's loop has come round several times."""
    seen = set()

    def often() -> bool:
        seen.add(bot.ask("answer = api.read().last_process"))
        return len(seen) > ROUNDS

    until(f"{bot.name} has come round", often)


def test_nothing_is_bought_once_the_breaker_is_proven(buying: tuple[LiveBot, LiveBot]) -> None:
    entering, adding = buying
    adding.wish(add=["ETH/USDT"])
    until("it has bought some more", lambda: len(bought(adding)) > 2)
    before = len(bought(entering))
    entering.fault(endpoint=ORDER, side="BUY", latency_ms=LATENCY_MS)
    entering.wish(enter=["ETH/USDT", "SOL/USDT", "LTC/USDT", "XRP/USDT"])
    until("the first entry is there, and the next under way", lambda: len(entering.orders()) > before)
    entering.write({FILE.format(name=bot.name): (json.dumps(ON), 0o600, 0) for bot in buying})
    for bot in buying:
        until(f"the breaker of {bot.name} is proven", partial(proven, bot))
    at_proof = {bot.name: bought(bot) for bot in buying}
    for bot in buying:
        assert [hold["holder"] for hold in bot.holds()["holds"]] == ["breaker"]
        assert [side for _, side in bot.resting() if side == "LIMIT"] == [], "no entry rests at the exchange"
        comes_round(bot)
    assert {bot.name: bought(bot) for bot in buying} == at_proof
