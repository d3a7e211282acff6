"""flatten: only for a dead bot, only what is its own, each order once, and flat is what the exchange says."""

from __future__ import annotations

import errno
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.next_step import NextStep
from freqops.core.exchange.sales import Sale
from freqops.core.halt import holds, way_out
from freqops.hostctl.exchange import flatten as flattening
from freqops.hostctl.exchange import sales_journal
from freqops.hostctl.exchange.flatten import Flattened, flatten
from freqops.hostctl.exchange.witness import Rejected, Unanswered
from tests.unit.accounts import MARKET, Lost, filled, recorded, resting
from tests.unit.fakes import process
from tests.unit.hostctl.host import Host


@pytest.fixture
def dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A live bot, held at level 3 and without a process, that left one BTC on its account."""
    host = Host(tmp_path, monkeypatch, mode="live")
    host.processes.clear()
    host.hold(3)
    host.account.buy("1", "1")
    return host


def run(host: Host, incident: str = "one") -> Flattened:
    return flatten(host.bot, incident, host.silent, host.clock, host.engine)


def acts(host: Host) -> list[str]:
    return [what for what, _ in host.account.asked if what in ("sell", "cancel")]


def orders(host: Host) -> list[dict[str, Any]]:
    return sales_journal.read(host.bot)


# --- refusals


def test_a_paper_bot_has_nothing_to_sell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(tmp_path, monkeypatch)
    host.processes.clear()
    host.hold(3)
    with pytest.raises(Refused, match="trades on paper") as refusal:
        run(host)
    assert way_out.of_error(refusal.value) == (NextStep("resume", "one"),)
    assert host.account.asked == []


@pytest.mark.parametrize("level", [0, 1])
def test_below_level_3_it_could_be_started_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: int
) -> None:
    host = Host(tmp_path, monkeypatch, mode="live")
    host.processes.clear()
    if level:
        host.hold(level)
    with pytest.raises(Refused, match="not held at level 3") as refusal:
        run(host)
    assert way_out.of_error(refusal.value) == (NextStep("halt"),)
    assert host.account.asked == []


def test_while_a_process_lives_it_sells_itself(dead: Host) -> None:
    dead.processes.append(process(77))
    with pytest.raises(Refused, match="process 77 of alpha lives") as refusal:
        run(dead)
    assert way_out.of_error(refusal.value) == (NextStep("halt"),)
    assert dead.account.asked == []


def test_while_another_command_works_on_it(dead: Host) -> None:
    with durable.locked(dead.home / ".lock", 0, Clock()), pytest.raises(Refused, match="another command"):
        run(dead)
    assert dead.account.asked == []


def test_only_under_the_incident_whose_hold_is_in_force(dead: Host) -> None:
    said = r"no hold of incident 'two' is in force; in force: one \(halt, level 3\)"
    with pytest.raises(Refused, match=said) as refusal:
        run(dead, "two")
    assert way_out.of_error(refusal.value) == (NextStep("again", "one"),)
    assert dead.account.asked == []


def test_holds_that_cannot_be_read_sell_nothing(dead: Host) -> None:
    """They count as level 3, and a halt replaces them; until then nobody knows why it is held."""
    dead.bot.holds.write_text("{")
    with pytest.raises(holds.HoldsUnreadable):
        run(dead)
    assert dead.account.asked == []


def test_with_sales_that_cannot_be_read_nothing_is_sold(dead: Host) -> None:
    dead.bot.sales.write_text("{")
    with pytest.raises(NotProven, match="it is not known what was sold before"):
        run(dead)
    assert dead.account.asked == []


# --- what it does


def test_it_sells_what_the_bot_bought_and_says_so(dead: Host) -> None:
    result = run(dead)
    assert (result.proven, result.left, result.cancelled) == (True, [], [])
    assert [(each["pair"], each["amount"], each["id"], each["status"]) for each in result.sold] == [
        ("BTC/USDT", "1.0000", "s0", "closed")
    ]
    assert result.sold == orders(dead)
    assert dead.account.coins["BTC"] == 0
    json.dumps(result.to_json())


def test_on_a_flat_account_it_does_nothing(dead: Host) -> None:
    run(dead)
    looks = dead.account.looks
    again = run(dead)
    assert (again.proven, again.sold, again.cancelled, acts(dead)) == (True, [], [], ["sell"])
    assert dead.account.looks == looks + 1


def test_orders_are_taken_away_before_anything_is_sold(dead: Host) -> None:
    """A stop holds the coins; and an entry would buy behind the sale."""
    dead.account.orders += [recorded("5", side="stoploss"), recorded("6")]
    dead.account.open_orders += [resting("5", "sell", stop_price="90"), resting("6")]
    result = run(dead)
    assert acts(dead) == ["cancel", "cancel", "sell"]
    assert (result.proven, len(result.cancelled)) == (True, 2)
    assert "6 buy 1 BTC/USDT at 100 (limit)" in result.cancelled


def test_an_order_that_cannot_be_cancelled_stops_no_other_and_is_tried_again(dead: Host) -> None:
    dead.account.orders += [recorded("5", side="sell"), recorded("6")]
    dead.account.open_orders += [resting("5", "sell"), resting("6")]
    dead.account.faults["cancel"] = [Unanswered("timeout")]
    result = run(dead)
    assert acts(dead) == ["cancel", "cancel", "cancel", "sell"]
    assert (result.proven, result.left) == (True, [])


def test_an_order_that_stays_is_not_flat_at_the_deadline(dead: Host) -> None:
    dead.account.orders.append(recorded("5", side="sell"))
    dead.account.open_orders.append(resting("5", "sell"))
    dead.account.faults["cancel"] = [Rejected("no")] * 1000
    result = run(dead)
    assert (result.proven, acts(dead).count("sell")) == (False, 0)
    assert "5 sell 1 BTC/USDT at 100 (limit) was not cancelled: no" in result.left
    assert flattening.DEADLINE <= dead.clock.now < flattening.DEADLINE + 5


def test_a_pair_that_fails_keeps_no_other_from_being_sold(dead: Host) -> None:
    dead.account.markets["AAA/USDT"] = {**MARKET, "base": "AAA"}
    dead.account.buy("2", "3", trade=2, coin="AAA")
    sell = dead.account._sell

    def refuse_one(pair: str, **with_: Any) -> Any:
        if pair == "AAA/USDT":
            raise Rejected("sell: no funds")
        return sell(pair, **with_)

    dead.account._sell = refuse_one  # type: ignore[assignment,method-assign]
    result = run(dead)
    assert (result.proven, [each["pair"] for each in result.sold]) == (False, ["BTC/USDT"])
    assert dead.account.coins["BTC"] == 0
    assert any(text.startswith("3.0000 AAA/USDT was not sold: sell: no funds") for text in result.left)
    assert any(text.startswith("3 AAA, worth") for text in result.left)


def test_what_is_not_the_bots_is_never_sold(dead: Host) -> None:
    """A deposit of the same coin, a coin that it never traded, and dust."""
    dead.account.coins["BTC"] += Decimal(2)
    dead.account.coins["BNB"] = Decimal(5)
    dead.account.markets["BNB/USDT"] = {**MARKET, "base": "BNB"}
    result = run(dead)
    assert [(each["pair"], each["amount"]) for each in result.sold] == [("BTC/USDT", "1.0000")]
    assert (result.proven, dead.account.coins["BTC"], dead.account.coins["BNB"]) == (False, Decimal(2), Decimal(5))
    assert "2.0000 BTC: not sold, for the bot's orders did not buy it" in result.left
    assert result.detail == ["on the exchange: not the bot's: 5 BNB, not declared"]


def test_declared_coins_are_never_sold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(tmp_path, monkeypatch, mode="live", foreign_holdings={"BTC": "2"})
    host.processes.clear()
    host.hold(3)
    host.account.buy("1", "1")
    host.account.coins["BTC"] += Decimal(2)
    result = run(host)
    assert (result.proven, host.account.coins["BTC"]) == (True, Decimal(2))


def test_dust_is_flat_and_said(dead: Host) -> None:
    dead.account.coins["BTC"] += Decimal("0.01")
    result = run(dead)
    assert (result.proven, result.detail) == (True, ["on the exchange: dust: 0.0100 BTC, worth 1.00 USDT"])


@pytest.mark.parametrize("what", ["order", "fill"])
def test_where_somebody_else_traded_nothing_is_sold(dead: Host, what: str) -> None:
    if what == "order":
        dead.account.open_orders.append(resting("9", "sell"))
    else:
        dead.account.fills.append(filled("9", "sell", "0.1"))
    result = run(dead)
    assert (result.proven, acts(dead), result.sold) == (False, [], [])
    assert any("stands in no record" in text for text in result.left)
    assert any("make its owner doubtful" in text for text in result.left)
    assert dead.clock.now < 5  # waiting changes nothing


def test_what_was_done_by_hand_and_declared_keeps_nothing_from_being_sold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody bought more of the same coin: it explains itself, and is nevertheless not the bot's."""
    host = Host(tmp_path, monkeypatch, mode="live", foreign_orders=["9"], foreign_holdings={"BTC": "0.5"})
    host.processes.clear()
    host.hold(3)
    host.account.buy("1", "1")
    host.account.fills.append(filled("9", "buy", "0.5"))
    host.account.coins["BTC"] += Decimal("0.5")
    result = run(host)
    assert (result.proven, host.account.coins["BTC"]) == (True, Decimal("0.5"))


# --- an order is never sent twice


@pytest.mark.parametrize("error", [Lost("timeout"), Lost("the connection broke")])
def test_a_lost_answer_is_found_by_the_orders_name_and_never_sent_again(dead: Host, error: Exception) -> None:
    dead.account.faults["sell"] = [error]
    result = run(dead)
    assert acts(dead) == ["sell"]
    assert (result.proven, [each["id"] for each in result.sold], result.left) == (True, ["s0"], [])
    asked = next(with_ for what, with_ in dead.account.asked if what == "order")
    assert asked == {"pair": "BTC/USDT", "client_id": orders(dead)[0]["client_id"]}
    assert orders(dead)[0]["id"] == "s0"


def test_an_order_that_shows_up_late_is_waited_for(dead: Host) -> None:
    """An exchange may know an order a moment after it took it."""
    dead.account.faults["sell"] = [Lost("timeout")]
    known = dead.account.placed
    looks: list[str] = []

    def before(what: str) -> None:
        looks.extend([what] if what == "order" else [])
        dead.account.placed = known if looks.count("order") >= flattening.LOOKS or what != "order" else {}

    dead.account.before = before
    result = run(dead)
    assert acts(dead) == ["sell"]
    assert (result.proven, looks.count("order")) == (True, flattening.LOOKS)


def test_an_order_that_never_arrived_is_sent_again_under_another_name(dead: Host) -> None:
    dead.account.faults["sell"] = [Unanswered("timeout")]
    result = run(dead)
    assert (acts(dead), result.proven) == (["sell", "sell"], True)
    first, second = orders(dead)
    assert first["client_id"] != second["client_id"]
    assert (first["id"], "never arrived" in first["failed"], second["id"]) == (None, True, "s0")
    assert [what for what, _ in dead.account.asked].count("order") == flattening.LOOKS


def test_while_the_exchange_does_not_say_what_became_of_an_order_nothing_more_is_sold(dead: Host) -> None:
    dead.account.faults["sell"] = [Unanswered("timeout")]
    dead.account.mute.add("order")
    with pytest.raises(NotProven, match=r"the result of order freqops-[0-9a-f]+ BTC/USDT is not known"):
        run(dead)
    assert acts(dead) == ["sell"]
    assert len(sales_journal.SalesJournal(dead.bot, "one", dead.clock).unfinished) == 1


def test_an_intent_of_an_earlier_crash_is_looked_up_before_anything_else(dead: Host) -> None:
    order = sales_journal.SalesJournal(dead.bot, "earlier", dead.clock).intend(Sale("BTC/USDT", Decimal(1)))
    dead.account._sell("BTC/USDT", "1", order["client_id"])
    result = run(dead)
    assert dead.account.asked[0][0] == "order"
    assert (acts(dead), result.proven, [each["id"] for each in result.sold]) == ([], True, ["s0"])


def test_an_intent_that_was_never_sent_is_sold_now(dead: Host) -> None:
    sales_journal.SalesJournal(dead.bot, "earlier", dead.clock).intend(Sale("BTC/USDT", Decimal(1)))
    result = run(dead)
    assert (acts(dead), result.proven, len(orders(dead))) == (["sell"], True, 2)


def test_an_intent_of_which_nobody_knows_sells_nothing(dead: Host) -> None:
    sales_journal.SalesJournal(dead.bot, "earlier", dead.clock).intend(Sale("BTC/USDT", Decimal(1)))
    dead.account.mute.add("order")
    with pytest.raises(NotProven, match="is not known"):
        run(dead)
    assert acts(dead) == []


def test_an_order_that_was_refused_is_asked_for_once_and_tried_again(dead: Host) -> None:
    dead.account.faults["sell"] = [Rejected("sell: market is closed")]
    result = run(dead)
    assert (acts(dead), result.proven, result.left) == (["sell", "sell"], True, [])
    assert [what for what, _ in dead.account.asked].count("order") == 1


def test_what_is_refused_for_good_is_said_at_the_deadline(dead: Host) -> None:
    dead.account.faults["sell"] = [Rejected("sell: market is closed")] * 1000
    result = run(dead)
    assert (result.proven, result.sold) == (False, [])
    assert "1.0000 BTC/USDT was not sold: sell: market is closed" in result.left
    assert flattening.DEADLINE <= dead.clock.now < flattening.DEADLINE + 10
    assert sales_journal.SalesJournal(dead.bot, "one", dead.clock).unfinished == []


def test_without_room_for_the_intent_nothing_is_sent(dead: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("freqops.core.base.durable.beside", refuse)
    with pytest.raises(OSError, match="No space"):
        run(dead)
    assert acts(dead) == []


@pytest.mark.parametrize("what", ["records", "open_orders", "balances", "markets", "fills"])
def test_an_unanswered_question_is_not_flat(dead: Host, what: str) -> None:
    dead.account.mute.add(what)
    with pytest.raises(Unanswered):
        run(dead)
    assert acts(dead) == []


def test_a_sale_that_is_only_partly_filled_goes_on(dead: Host) -> None:
    sell = dead.account._sell
    dead.account._sell = lambda pair, amount, client_id: sell(  # type: ignore[method-assign]
        pair, "0.4" if not dead.account.placed else amount, client_id
    )
    result = run(dead)
    assert (result.proven, acts(dead)) == (True, ["sell", "sell"])
    assert [each["filled"] for each in orders(dead)] == ["0.4", "0.6000"]


def test_the_lock_of_the_bot_is_held_until_it_is_done(dead: Host) -> None:
    def before(_what: str) -> None:
        with durable.locked(dead.home / ".lock", 0, Clock()) as free:
            assert not free

    dead.account.before = before
    assert run(dead).proven
