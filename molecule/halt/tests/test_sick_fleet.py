"""One halt at each level over all diseases at once: what is said of each bot, row by row, and whether it is so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lab.services.control import control
from tests.support.diseases import SickBot, befall
from tests.support.field import GIVE_UP, Field
from tests.support.live import HOST, MODEL

STRANGER = "somebody-elses"
INSIDE = 'echo "import time; time.sleep(3600)" > /tmp/freqtrade && exec python3 /tmp/freqtrade trade'
LEAST_SECONDS, BOOTS = 90, 3  # a bot that boots in this moment, beside a halt of all the others, is proven by then
LEFT = {
    "frozen",
    "deaf",
    "estranged",
    "cut-off",
    "unheard",
    "selling",
}  # what no API, or no exchange, lets level 2 sell
DUST = 5.0  # in USDT: below the smallest order

PROVEN, NOT_SAVED, UNPROVEN = "HALTED, PROVEN", "HALTED, NOT SAVED", "NOT PROVEN"
FLAT, NOT_FLAT = "FLAT, PROVEN", "NOT FLAT"
RECORDS = "FLAT NOT PROVEN|FLAT, PROVEN"  # whether its records could be read in time, on a machine that halts 15 others
NO_ROOM, NO_ANSWER = "NOT SAVED", "the API gives no answer"

# By disease: the verdict at each level, and words that stand in the details of the row at that level.
EXPECTED: dict[str, tuple[tuple[str, str], tuple[str, str], tuple[str, str]]] = {
    "healthy": ((PROVEN, ""), (FLAT, ""), (PROVEN, "")),
    "frozen": ((UNPROVEN, NO_ANSWER), (NOT_FLAT, "the way: level 3"), (PROVEN, "stop at")),
    "hung": (("HALTED, LAST LOOP NOT PROVEN", "LAST LOOP"), ("FLAT NOT PROVEN", "LAST LOOP"), (PROVEN, "")),
    "deaf": ((UNPROVEN, NO_ANSWER), (NOT_FLAT, "its records have trade 1 ETH/USDT"), (PROVEN, "stop at")),
    "estranged": ((UNPROVEN, "refuses our user"), (NOT_FLAT, "refuses our user"), (PROVEN, "stop at")),
    "cut-off": (
        ("HALTED, EXCHANGE NOT PROVEN", "EXCHANGE NOT PROVEN"),
        (NOT_FLAT, "EXCHANGE NOT PROVEN"),
        ("HALTED, EXCHANGE NOT PROVEN", "EXCHANGE NOT PROVEN"),
    ),
    "unheard": (
        ("HALTED, LAST LOOP NOT PROVEN", "LAST LOOP"),
        (NOT_FLAT, "EXCHANGE NOT PROVEN"),
        ("HALTED, EXCHANGE NOT PROVEN", "EXCHANGE NOT PROVEN"),
    ),
    "selling": ((PROVEN, ""), (NOT_FLAT, "trade 1 ETH/USDT"), (PROVEN, "")),
    "full": ((NOT_SAVED, NO_ROOM), ("FLAT, NOT SAVED", NO_ROOM), (NOT_SAVED, NO_ROOM)),
    "read-only": ((NOT_SAVED, NO_ROOM), ("FLAT, NOT SAVED", NO_ROOM), (NOT_SAVED, NO_ROOM)),
    "slow": ((PROVEN, ""), (FLAT, ""), (PROVEN, "")),
    "booting": ((PROVEN, ""), (FLAT, ""), (PROVEN, "")),
    "reloading": ((PROVEN, ""), (FLAT, ""), (PROVEN, "")),
    "crashing": ((PROVEN, "starts paused"), (RECORDS, "starts paused"), (PROVEN, "")),
    "resting": ((PROVEN, "entry order cancelled: trade 1 LTC/USDT"), (FLAT, ""), (PROVEN, "")),
    "gone": (
        (PROVEN, "entry order cancelled on the exchange"),
        (NOT_FLAT, "open in its records"),
        (PROVEN, ""),
    ),
    "partial": ((PROVEN, "entry order cancelled: trade 1 LTC/USDT"), (FLAT, ""), (PROVEN, "")),
    "averaging": ((PROVEN, ""), (FLAT, ""), (PROVEN, "")),
}


@dataclass(frozen=True)
class Halted:
    """What one halt said: its exit status, its answer, and its rows by bot; and what each bot had bought by then."""

    rc: int
    answer: dict[str, Any]
    rows: dict[str, dict[str, Any]]
    bought: dict[str, int]


def halt(level: int, bots: str, sick: dict[str, SickBot]) -> Halted:
    """Halt bots of the host, with what does not last brought about right before."""
    befall(sick)
    seconds = max(LEAST_SECONDS, BOOTS * max(bot.boot for bot in sick.values()))
    words = f"halt --level {level} --bots {bots} --reason diseases --deadline {seconds:.0f} --json"
    rc, answer = Field(HOST, MODEL).tool(words, seconds + GIVE_UP)
    return Halted(rc, answer, {row["bot"]: row for row in answer["bots"]}, bought(sick))


def bought(sick: dict[str, SickBot]) -> dict[str, int]:
    """Return how many entries of each bot have filled, in part at least."""
    orders = {name: bot.orders() for name, bot in sick.items()}
    return {
        name: sum(order["side"] == "BUY" and float(order["executedQty"]) > 0 for order in found)
        for name, found in orders.items()
    }


@pytest.fixture(scope="module")
def first(sick: dict[str, SickBot]) -> Iterator[Halted]:
    """Level 1 on all bots of the host, beside a Freqtrade that nobody declared."""
    field = Field(HOST, MODEL)
    image = field.ask("answer = bot.image")
    field.sh(f"docker run --detach --name {STRANGER} --entrypoint sh {image} -c '{INSIDE}'")
    try:
        yield halt(1, "all", sick)
    finally:
        field.sh(f"docker rm --force {STRANGER}")
        field.resume()


@pytest.fixture(scope="module")
def second(first: Halted, sick: dict[str, SickBot]) -> Halted:
    """Level 2 on the sick ones."""
    return halt(2, ",".join(sick), sick)


@pytest.fixture(scope="module")
def third(second: Halted, sick: dict[str, SickBot]) -> Halted:
    """Level 3 on the sick ones."""
    return halt(3, ",".join(sick), sick)


def wrong(halted: Halted, level: int) -> list[str]:
    """Return the rows that are not as they must be, each with what it is."""
    found = []
    for name, levels in EXPECTED.items():
        verdict, words = levels[level - 1]
        row = halted.rows[name]
        detail = "\n".join(row["detail"])
        said = row["verdict"]
        if said not in verdict.split("|") or words not in detail or row["proven"] != said.endswith(", PROVEN"):
            found.append(f"{name}: {row['verdict']}, not {verdict}, in its details {words!r}: {row}")
    return found


def worth(bot: SickBot) -> dict[str, float]:
    """Return the coins of a bot's account that are worth more than dust, in USDT."""
    prices = {
        symbol.removesuffix("USDT"): float(price) for symbol, price in control("GET", "/status")["prices"].items()
    }
    held = {coin: amount * prices[coin] for coin, amount in bot.balances().items() if coin in prices}
    return {coin: value for coin, value in held.items() if value >= DUST}


def test_level_1_says_of_each_what_is_so(first: Halted, sick: dict[str, SickBot]) -> None:
    assert wrong(first, 1) == []
    assert first.rc == 2
    entering = {
        name: [order for order in bot.orders("NEW", "PARTIALLY_FILLED") if order["side"] == "BUY"]
        for name, bot in sick.items()
        if first.rows[name]["proven"]
    }
    assert not any(entering.values()), entering


def test_a_freqtrade_that_nobody_declared_is_named(first: Halted) -> None:
    assert [process["command"] for process in first.answer["undeclared"]] == ["python3 /tmp/freqtrade trade"]
    assert not first.answer["proven"]


def test_what_level_1_called_proven_bought_nothing_more(first: Halted, second: Halted) -> None:
    more = {name: second.bought[name] - count for name, count in first.bought.items() if first.rows[name]["proven"]}
    assert more == dict.fromkeys(more, 0)


def test_level_2_says_of_each_what_is_so(second: Halted, sick: dict[str, SickBot]) -> None:
    assert wrong(second, 2) == []
    assert second.rc == 2
    left = {name: worth(bot) for name, bot in sick.items()}
    assert {name for name, coins in left.items() if coins} == LEFT
    assert not any(row["verdict"].startswith("FLAT, PROVEN") and left[name] for name, row in second.rows.items())


def test_level_3_says_of_each_what_is_so(third: Halted, sick: dict[str, SickBot]) -> None:
    assert wrong(third, 3) == []
    assert third.rc == 2
    assert {name: found for name, bot in sick.items() if (found := bot.processes())} == {}
    for name in ("frozen", "deaf", "estranged"):
        assert [kind for _, kind in sick[name].resting()] == ["STOP_LOSS_LIMIT"], "its stop stays on the exchange"
