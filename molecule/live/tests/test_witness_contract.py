"""The contract of the witness on the lab's exchange: shown there, refused while the bot runs, and not by one that lies.

On a bot of its own, so that no other test meets its orders.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lab.services.control import control
from tests.support.field import play, until
from tests.support.live import ORDER, LiveBot, deployed

NAME, NUMBER, PAIR, SYMBOL = "contracted", 20, "ETH/USDT", "ETHUSDT"
MOST = "20"
LISTING = "GET /api/v3/openOrders"
LATENCY_MS = 2000  # of the list of open orders, so that a resting order can be filled before it is looked for
DUST = 0.001  # less than the smallest order in ETH at any price of the lab
CLAIMS = 19


@pytest.fixture(scope="module")
def bot() -> Iterator[LiveBot]:
    """A bot that runs, without positions."""
    made = LiveBot(NAME, NUMBER, pairs=(PAIR,))
    deployed(made)
    yield made
    control("DELETE", "/faults")
    made.remove()


@pytest.fixture(scope="module")
def held(bot: LiveBot) -> LiveBot:
    """The same bot, held at level 3."""
    assert bot.halt(3)[0] == 0
    return bot


def contract(bot: LiveBot, *, order: bool, most: str = MOST) -> tuple[int, dict[str, Any]]:
    words = f" --order --pair {PAIR} --most {most}" if order else ""
    return bot.tool(f"witness-contract {bot.name} --json{words}")


def verdicts(answer: dict[str, Any]) -> dict[str, str]:
    return {claim["claim"]: claim["verdict"] for claim in answer["claims"]}


def kept(bot: LiveBot) -> Any:
    return json.loads(bot.sh(f"sudo cat {bot.home}/witness_contract.json"))


def nothing_left(bot: LiveBot) -> None:
    assert bot.resting() == []
    assert bot.balances().get("ETH", 0.0) < DUST


def test_the_reading_part_is_shown_while_the_bot_runs(bot: LiveBot) -> None:
    rc, answer = contract(bot, order=False)
    assert (rc, set(verdicts(answer).values())) == (0, {"proven"}), answer
    assert (answer["exchange"], answer["changed"], answer["left"]) == ("binance", False, [])
    assert bot.orders() == []


def test_no_order_is_placed_while_the_bot_runs(bot: LiveBot) -> None:
    rc, answer = contract(bot, order=True)
    assert (rc, "not held at level 3" in answer["refused"]) == (1, True), answer
    assert bot.orders() == []


def test_no_order_is_placed_above_what_is_allowed(held: LiveBot) -> None:
    rc, answer = contract(held, order=True, most="1")
    assert (rc, "more than the 1 allowed" in answer["refused"]) == (1, True), answer
    assert held.orders() == []


def test_both_parts_are_shown_by_the_playbook_and_the_evidence_is_here(held: LiveBot, tmp_path: Path) -> None:
    words = ("-e", f"bots={NAME}", "-e", "allow_order=true", "-e", f"pair={PAIR}", "-e", f"most={MOST}")
    played = play("witness_contract", *words, inventory=held.inventory(tmp_path))
    assert played.rc == 0, played.out
    assert "THE CONTRACT IS NOT PROVEN" not in played.out
    found = kept(held)
    assert (len(found["claims"]), {claim["verdict"] for claim in found["claims"]}) == (CLAIMS, {"proven"}), found
    assert (found["parts"], found["left"]) == (["reading", "order"], [])
    assert any("ccxt_config.urls" in line for line in found["overrides"])  # so it counts for no exchange
    assert [order["status"] for order in held.orders()] == ["CANCELED", "FILLED", "FILLED"]
    assert held.sh(f"sudo stat -c '%a %U' {held.home}/witness_contract.json").strip() == "600 root"
    nothing_left(held)


def test_an_order_whose_answer_was_lost_is_not_proven_and_nothing_rests(held: LiveBot) -> None:
    held.fault(endpoint=ORDER, side="BUY", symbol=SYMBOL, answer="reset", after=True, times=1)
    rc, answer = contract(held, order=True)
    control("DELETE", "/faults")
    assert (rc, verdicts(answer)["found"], answer["left"]) == (2, "not proven", []), answer
    nothing_left(held)


def test_an_order_that_is_filled_by_hand_meanwhile_is_not_proven_and_sold(held: LiveBot) -> None:
    before = len(held.orders())
    held.fault(endpoint=LISTING, latency_ms=LATENCY_MS)
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(contract, held, order=True)
        until("its order rests", lambda: bool(held.orders("NEW")))
        [order] = held.orders("NEW")
        control("POST", f"/accounts/{held.account}/orders/{order['orderId']}/fill", {})
        rc, answer = asked.result()
    control("DELETE", "/faults")
    assert (rc, answer["proven"], answer["left"]) == (2, False, []), answer
    assert [(each["side"], each["status"]) for each in held.orders()[before:]] == [
        ("BUY", "FILLED"),
        ("SELL", "FILLED"),
    ]
    nothing_left(held)


def test_an_exchange_that_fills_nothing_is_not_proven_and_nothing_is_left(held: LiveBot) -> None:
    held.fault(endpoint=ORDER, side="BUY", symbol=SYMBOL, partial="0")
    rc, answer = contract(held, order=True)
    control("DELETE", "/faults")
    assert (rc, verdicts(answer)["bought"], answer["left"]) == (2, "not proven", []), answer
    nothing_left(held)


def test_its_orders_are_strange_to_no_later_command(held: LiveBot) -> None:
    incident = held.holds()["holds"][0]["incident"]
    rc, answer = held.tool(f"reconcile {held.name} --incident {incident} --reason 'after a contract'")
    assert (rc, answer["agrees"]) == (0, True), answer
