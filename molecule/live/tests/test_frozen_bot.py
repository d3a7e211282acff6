"""Level 3 on a bot that does not answer, with an entry and a stop on the exchange; then flatten, reconcile, resume.

Then level 1 on the same bot, which runs again, with entries on the exchange that it does not cancel.
"""

from __future__ import annotations

import json
import re
import signal
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from lab.services.control import control
from tests.support.field import until
from tests.support.live import ORDER, LiveBot

REASON = "--reason 'nobody answers'"


@pytest.fixture(scope="module")
def halted(bots: dict[str, LiveBot]) -> dict[str, Any]:
    """The row of a halt at level 3 of a frozen bot with two positions and an entry that rests."""
    bot = bots["frozen"]
    bot.enter("ETH/USDT", "SOL/USDT")
    bot.enter("XRP/USDT", price={"XRP/USDT": 1.0})
    bot.ask(
        f"import os\n[os.kill(p.pid, {int(signal.SIGSTOP)}) for p in processes.trading(bot.name, processes.scan())]"
    )
    rc, row = bot.halt(3, reason="frozen")
    assert rc == 0, row
    return row


def words(bot: LiveBot) -> str:
    """Return the words by which a command names the incident in force."""
    return f"{bot.name} --incident {bot.holds()['holds'][0]['incident']} {REASON}"


def test_the_entry_is_cancelled_on_the_exchange_and_the_stops_stay(
    halted: dict[str, Any], bots: dict[str, LiveBot]
) -> None:
    assert (halted["verdict"], halted["state"]) == ("HALTED, PROVEN", "no process"), halted
    said = "\n".join(halted["detail"])
    assert "entry order cancelled on the exchange" in said
    assert "XRP/USDT" in said
    assert sorted(bots["frozen"].resting()) == [("ETHUSDT", "STOP_LOSS_LIMIT"), ("SOLUSDT", "STOP_LOSS_LIMIT")]
    assert said.count("stop at") == 2


def test_resume_is_refused_while_the_exchange_does_not_answer(halted: dict[str, Any], bots: dict[str, LiveBot]) -> None:
    bot = bots["frozen"]
    fault = bot.fault(endpoint="GET /api/v3/account", error={"status": 503, "code": 0, "msg": "maintenance"})
    rc, answer = bot.tool(f"resume {words(bot)}")
    control("DELETE", f"/faults?id={fault['id']}")
    assert (rc, "not_proven" in answer) == (2, True), answer
    assert bot.level() == 3


def test_flatten_sells_once_although_the_answer_is_lost(halted: dict[str, Any], bots: dict[str, LiveBot]) -> None:
    bot = bots["frozen"]
    bot.fault(endpoint=ORDER, side="SELL", symbol="ETHUSDT", answer="reset", after=True, times=1)
    bot.fault(endpoint=ORDER, side="SELL", symbol="SOLUSDT", answer="timeout", times=1)
    rc, answer = bot.tool(f"flatten {words(bot)}")
    assert (rc, answer["flat"]) == (0, True), answer
    sold = [order for order in bot.orders("FILLED") if order["side"] == "SELL"]
    assert sorted(order["symbol"] for order in sold) == ["ETHUSDT", "SOLUSDT"]
    assert bot.resting() == []
    sales = json.loads(bot.sh(f"cat {bot.home}/sold.json"))["orders"]
    assert sorted(str(order["id"]) for order in sales if order["id"]) == sorted(str(order["orderId"]) for order in sold)


def test_flatten_again_does_nothing(halted: dict[str, Any], bots: dict[str, LiveBot]) -> None:
    bot = bots["frozen"]
    before = bot.orders()
    rc, answer = bot.tool(f"flatten {words(bot)}")
    assert (rc, answer["flat"], answer["sold"], answer["cancelled"]) == (0, True, [], [])
    assert bot.orders() == before


def test_resume_is_refused_until_the_records_agree(halted: dict[str, Any], bots: dict[str, LiveBot]) -> None:
    bot = bots["frozen"]
    rc, answer = bot.tool(f"resume {words(bot)}")
    assert rc == 1, answer
    assert "ETH: its records say" in answer["refused"]
    assert "reconcile" in answer["refused"]
    assert (bot.level(), bot.processes()) == (3, [])
    rc, answer = bot.tool(f"reconcile {words(bot)}")
    assert (rc, answer["agrees"]) == (0, True), answer
    assert {trade["pair"] for trade in answer["trades"] if not trade["open"]} >= {"ETH/USDT", "SOL/USDT"}
    assert bot.processes() == []
    for level, state in ((1, "paused"), (0, "running")):
        rc, answer = bot.tool(f"resume {words(bot)} --anyway 'a test'")
        assert rc == 0, answer
        assert (bot.level(), bot.state()) == (level, state)
    assert bot.trades() == []


def test_flatten_and_reconcile_refuse_a_bot_that_lives(halted: dict[str, Any], bots: dict[str, LiveBot]) -> None:
    bot = bots["frozen"]
    until("it runs", lambda: bot.state() == "running")
    for command in ("flatten", "reconcile"):
        rc, answer = bot.tool(f"{command} {bot.name} --incident 20260101T000000Z-halt3-000002 {REASON}")
        assert (rc, "not held at level 3" in answer["refused"]) == (1, True), answer


@dataclass(frozen=True)
class Asked:
    """A halt at level 1 over an entry of which the bot never heard, and one that has bought less than can be sold."""

    row: dict[str, Any]
    lost: int
    listed: int


@pytest.fixture(scope="module")
def asked(halted: dict[str, Any], bots: dict[str, LiveBot]) -> Asked:
    """The row, and the numbers of both orders."""
    bot = bots["frozen"]
    until("it runs", lambda: bot.state() == "running")
    bot.fault(endpoint=ORDER, side="BUY", symbol="XRPUSDT", answer="reset", after=True, times=1)
    [trade] = bot.enter("XRP/USDT", price={"XRP/USDT": 1.0})
    listed = int(trade["orders"][0]["order_id"])
    [lost] = [order["orderId"] for order in bot.orders("NEW") if order["orderId"] != listed]
    control("POST", f"/accounts/{bot.account}/orders/{listed}/fill", {"quantity": "1"})
    _, row = bot.halt(1, reason="an answer was lost")
    return Asked(row, lost, listed)


def test_level_1_names_an_entry_whose_answer_was_lost(asked: Asked, bots: dict[str, LiveBot]) -> None:
    said = "\n".join(asked.row["detail"])
    assert (asked.row["verdict"], asked.row["state"]) == ("HALTED, EXCHANGE NOT PROVEN", "paused"), asked.row
    assert asked.row["acknowledged"], asked.row
    assert f"an open order that stands in no record: {asked.lost} buy" in said
    assert [order["orderId"] for order in bots["frozen"].orders("NEW", "PARTIALLY_FILLED")] == [asked.lost]


def test_level_1_cancels_on_the_exchange_what_freqtrade_does_not(asked: Asked) -> None:
    said = "\n".join(asked.row["detail"])
    assert f"entry order cancelled on the exchange: {asked.listed} buy" in said
    bought = re.search(r"XRP/USDT: what it has bought, (\S+) XRP, worth \S+, is less than the smallest order", said)
    assert bought, said
    # where the bot has taken it in by then, less the fee, in whole steps
    assert Decimal("0.9") <= Decimal(bought[1]) <= 1, said


def test_level_1_is_proven_when_the_order_of_nobody_was_cancelled_by_hand(
    asked: Asked, bots: dict[str, LiveBot]
) -> None:
    bot = bots["frozen"]
    control("DELETE", f"/accounts/{bot.account}/orders/{asked.lost}")
    rc, row = bot.halt(1)
    assert (rc, row["verdict"], row["state"]) == (0, "HALTED, PROVEN", "paused"), row
