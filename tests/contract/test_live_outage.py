"""A live bot that is down while its account changes, and how its records catch up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from freqops.core.bot.client import BotRefused, Failed
from tests.contract.bot import Bot, by_pair
from tests.contract.conftest import Deployed
from tests.contract.exchange import Account
from tests.contract.polling import eventually

RECOVERED, KEPT, LATE = "SOL/USDT", "XRP/USDT", "LTC/USDT"
CANCELLED, LATE_CANCELLED, WITH_A_CRUMB = "BNB/USDT", "ETH/USDT", "BTC/USDT"
FAR_BELOW = {CANCELLED: 300, LATE_CANCELLED: 1500, WITH_A_CRUMB: 30000}


@dataclass(frozen=True)
class Outage:
    """What was seen while the bot was down, and after it came up again, paused."""

    answer: Any
    exit_status: int
    recovery_status: int
    recovered: dict[str, dict[str, Any]]
    orders_sent: int
    said: str
    after: dict[str, dict[str, Any]]
    exit_reasons: dict[str, str]
    state: str
    looked_for: dict[str, str]
    left: set[str]
    stuck: bool


@pytest.fixture(scope="module")
def outage(deployed: Deployed, account: Account) -> Outage:
    """End the bot by a reload of a broken file, change its account, recover offline, change it again, and start it."""
    bot = deployed.live
    bot.reset()
    bot.wish(enter=[RECOVERED, KEPT, LATE, *FAR_BELOW], price=FAR_BELOW)
    trades = {pair: bot.with_fee(pair) for pair in (RECOVERED, KEPT, LATE)}
    eventually(lambda: len(account.resting()) == len(FAR_BELOW), "the entries rest")
    bot.wish()
    bot.files.put_conf("state.json", b'{"initial_state": ')
    answer = bot.api.call("POST", "/reload_config")
    exit_status = bot.ended()
    bot.files.put_state("paused")
    account.deposit("SOL", "0.01")
    account.sell_by_hand("SOLUSDT", trades[RECOVERED]["amount"] + 0.01)
    account.cancel_by_hand("BNBUSDT")
    before = len(account.orders())
    status, said = bot.update_records()
    orders_sent = len(account.orders()) - before
    recovered = by_pair(said)
    account.sell_by_hand("LTCUSDT", trades[LATE]["amount"])
    account.cancel_by_hand("ETHUSDT")
    account.cancel_by_hand("BTCUSDT")
    bot.container.start()
    state = bot.at_work("paused").state
    after = {trade["pair"]: trade for trade in bot.api.open_trades()}
    closed = bot.query("SELECT pair, exit_reason FROM trades WHERE is_open = 0 ORDER BY id")
    answers = {pair: _look_for(bot, after[pair]) for pair in (LATE_CANCELLED, WITH_A_CRUMB)}
    left = {trade["pair"] for trade in bot.api.open_trades()}
    stuck = _exit_fails(bot, after[WITH_A_CRUMB])
    bot.api.call("DELETE", f"/trades/{after[WITH_A_CRUMB]['trade_id']}")  # nothing else takes it away
    reasons = {str(pair): str(why) for pair, why in closed}
    return Outage(
        answer, exit_status, status, recovered, orders_sent, said, after, reasons, state, answers, left, stuck
    )


def _look_for(bot: Bot, trade: dict[str, Any]) -> str:
    """Have a trade looked for and return what was answered."""
    try:
        told = bot.api.call("POST", f"/trades/{trade['trade_id']}/reload")
    except BotRefused as refusal:
        return str(refusal)
    return f"open: {told['is_open']}"


def _exit_fails(bot: Bot, trade: dict[str, Any]) -> bool:
    try:
        bot.force_exit(trade)
    except Failed:
        return True
    return False


def test_a_reload_of_a_broken_file_ends_the_process_with_0(outage: Outage) -> None:
    """A reload of a broken file is answered with 200, and ends the process with 0.

    So a container that is gone is a failure to freqops, whatever its exit status.
    """
    assert outage.answer["status"].startswith("Reloading config")
    assert outage.exit_status == 0


def test_the_offline_recovery_closes_what_was_sold_by_hand(outage: Outage) -> None:
    """Without a loop and without an API, Freqtrade's own code finds a sale made by hand, even of a little too much.

    So the records of a bot that must not run can be made true, and its trade is closed.
    """
    assert outage.recovery_status == 0, outage.said
    assert not outage.recovered[RECOVERED]["open"]
    assert outage.exit_reasons[RECOVERED] == "sold_on_exchange"


def test_the_offline_recovery_drops_an_entry_that_was_cancelled(outage: Outage) -> None:
    """It drops a trade whose only entry was cancelled on the exchange.

    So such a trade is no position after a recovery.
    """
    assert (outage.recovered[CANCELLED]["open"], outage.recovered[CANCELLED]["amount"]) == (False, None)
    assert CANCELLED not in outage.after


def test_the_offline_recovery_leaves_what_is_there_and_sends_no_order(outage: Outage) -> None:
    """It leaves a trade whose coins are there as it is, sends no order, and opens no port.

    So it may be run while a hold of level 3 is in force.
    """
    assert outage.orders_sent == 0
    kept = outage.recovered[KEPT]
    assert kept["open"]
    assert float(kept["amount"]) == outage.after[KEPT]["amount"]
    assert "Starting HTTP Server" not in outage.said
    assert "Changing state" not in outage.said


def test_a_paused_bot_takes_in_at_its_start_what_was_sold_meanwhile(outage: Outage) -> None:
    """A live bot that starts into a pause closes, by its first round, the trades whose coins are gone.

    So a bot under a hold of level 1 may be started over a changed account.
    """
    assert outage.state == "paused"
    assert outage.exit_reasons[LATE] == "sold_on_exchange"
    assert LATE not in outage.after
    assert KEPT in outage.after


def test_a_cancelled_entry_leaves_an_empty_trade_until_it_is_looked_for(outage: Outage) -> None:
    """An entry cancelled while the bot was down leaves an empty open trade; looking for it drops it, with a 502.

    So only the list of trades says whether it went.
    """
    empty = outage.after[LATE_CANCELLED]
    assert (empty["amount"], empty["has_open_orders"]) == (0, False)
    assert outage.looked_for[LATE_CANCELLED] == "no active trade"
    assert LATE_CANCELLED not in outage.left


def test_a_crumb_of_the_coin_keeps_an_empty_trade_open(outage: Outage) -> None:
    """Where the account has a crumb of its coin, an empty trade stays open: looking for it and exiting it both fail.

    So such a trade is left to a person.
    """
    assert outage.after[WITH_A_CRUMB]["amount"] == 0
    assert outage.looked_for[WITH_A_CRUMB] == "open: True"
    assert WITH_A_CRUMB in outage.left
    assert outage.stuck
