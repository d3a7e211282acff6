"""The contract of the witness and an exchange that lies, or fails: nothing is shown by it, and nothing is left."""

from __future__ import annotations

import errno
from decimal import Decimal
from typing import Any

import pytest

from freqops.core.base.errors import NotProven
from freqops.core.exchange import contract
from freqops.hostctl.exchange import sales_journal
from freqops.hostctl.exchange.contract_leftovers import Leftovers
from freqops.hostctl.exchange.witness_contract import LIES, NOT_SHOWN, Contracted
from tests.unit.hostctl.exchange.contracted import (
    ACCOUNT,
    ASKING,
    BTC,
    CANCELLING,
    FILLS,
    LISTING,
    MARKETS,
    OPEN,
    ORDERED,
    PLACING,
    TIME,
    Contracting,
    Lie,
    Parameters,
    Truth,
)

# --- one that lies while it is asked


def everybody(_: Parameters, __: str, ___: Truth) -> tuple[int, Any]:
    return 200, {"balances": [{"asset": "USDT", "free": "1.0", "locked": "0.0"}]}


def without_a_smallest_cost(_: Parameters, __: str, truth: Truth) -> tuple[int, Any]:
    status, document = truth()
    for symbol in document["symbols"]:
        symbol["filters"] = [each for each in symbol["filters"] if each["filterType"] != "NOTIONAL"]
    return status, document


def any_order(said: Parameters, _: str, __: Truth) -> tuple[int, Any]:
    return 200, order_shape(said, "1", "NEW")


def order_shape(said: Parameters, number: str, status: str) -> dict[str, Any]:
    """An order in Binance's words, as whoever asks wants to hear it."""
    amount = said.get("quantity", "0.1")
    return {
        "symbol": said["symbol"], "orderId": int(number), "status": status, "type": said.get("type", "LIMIT"),
        "clientOrderId": said.get("newClientOrderId", said.get("origClientOrderId", "x")), "timeInForce": "GTC",
        "side": said.get("side", "BUY"), "price": said.get("price", "60000"), "origQty": amount,
        "executedQty": amount if status == "FILLED" else "0", "cummulativeQuoteQty": "0", "time": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("endpoint", "lie", "claim", "verdict"),
    [
        (MARKETS, without_a_smallest_cost, "markets", contract.NOT_PROVEN),
        (ASKING, any_order, "no_order", contract.LIED),
        (TIME, lambda *_: (200, {}), "time", contract.NOT_PROVEN),
        (TIME, lambda *_: (503, {"code": 0, "msg": "maintenance"}), "time", contract.NOT_PROVEN),
        (ASKING, lambda *_: (400, {"code": -1100, "msg": "Illegal characters"}), "no_order", contract.NOT_PROVEN),
    ],
)
def test_a_question_with_a_wrong_answer_is_not_shown(
    lab: Contracting, endpoint: str, lie: Lie, claim: str, verdict: str
) -> None:
    lab.liar.lies[endpoint] = lie
    row = lab.run()
    assert (row.proven, lab.verdicts(row)[claim]) == (False, verdict)
    assert row.outcome == (LIES if verdict == contract.LIED else NOT_SHOWN)
    others = {name: verdict for name, verdict in lab.verdicts(row).items() if name != claim}
    assert set(others.values()) == {contract.PROVEN}


def test_one_that_answers_a_wrong_key_is_named(lab: Contracting) -> None:
    right = lab.key["api_key"]
    lab.liar.lies[ACCOUNT] = lambda said, key, truth: truth() if key == right else everybody(said, key, truth)
    row = lab.run()
    assert (lab.verdicts(row)["wrong_key"], row.outcome) == (contract.LIED, LIES)


def test_a_wrong_key_that_is_told_as_something_else_is_not_shown(lab: Contracting) -> None:
    right = lab.key["api_key"]
    busy = (503, {"code": 0, "msg": "maintenance"})
    lab.liar.lies[ACCOUNT] = lambda _, key, truth: truth() if key == right else busy
    row = lab.run()
    assert (lab.verdicts(row)["wrong_key"], row.outcome) == (contract.NOT_PROVEN, NOT_SHOWN)


def test_an_account_without_the_stake_shows_nothing_of_it(lab: Contracting) -> None:
    lab.server.control("POST", "/accounts/bot/reset", {"balances": {"BTC": "1"}})
    assert lab.verdicts(lab.run())["balances"] == contract.NOT_PROVEN


def test_open_orders_that_are_told_with_their_pair_alone_are_found(lab: Contracting) -> None:
    lab.server.client(lab.key).create_order(BTC, "limit", "buy", 0.01, 50000)
    lab.liar.lies[LISTING] = lambda said, _, truth: truth() if "symbol" in said else (200, [])
    row = lab.run()
    assert lab.verdicts(row)["open_orders"] == contract.LIED
    assert "is told when asked with its pair alone" in lab.evidence(row, "open_orders")


def test_an_exchange_whose_pages_are_shorter_than_asked_loses_fills_and_is_found(lab: Contracting) -> None:
    """Asked for 500, it gives 4: the witness takes that for the last page."""
    client = lab.server.client(lab.key)
    for _ in range(6):
        client.create_order(BTC, "market", "buy", 0.001)
        lab.server.time.advance(1)

    def short(_: Parameters, __: str, truth: Truth) -> tuple[int, Any]:
        status, found = truth()
        return status, found[:4]

    lab.liar.lies[FILLS] = short
    row = lab.run()
    assert (lab.verdicts(row)["fills"], row.proven) == (contract.LIED, False)


def test_answers_that_change_from_one_question_to_the_next_are_found(lab: Contracting) -> None:
    count = iter(range(1000))

    def other(_: Parameters, __: str, truth: Truth) -> tuple[int, Any]:
        status, found = truth()
        found["balances"].append({"asset": "ETH", "free": str(next(count) + 1), "locked": "0"})
        return status, found

    right = lab.key["api_key"]
    lab.liar.lies[ACCOUNT] = lambda said, key, truth: other(said, key, truth) if key == right else truth()
    row = lab.run()
    assert lab.verdicts(row)["repeated"] == contract.LIED


def test_an_exchange_that_refuses_the_key_is_not_asked_claim_by_claim(lab: Contracting) -> None:
    lab.configure("x" * 64, pair_whitelist=[BTC])
    row = lab.order()
    assert (row.proven, set(lab.verdicts(row).values())) == (False, {contract.NOT_PROVEN})
    assert set(lab.asked) == {"about"}
    assert "the exchange refuses the key" in lab.evidence(row, "balances")


def test_an_exchange_that_is_down_is_given_up_claim_by_claim(lab: Contracting) -> None:
    lab.server.fault(endpoint="*", error={"status": 503, "code": 0, "msg": "maintenance"})
    began = lab.clock.monotonic()
    row = lab.order()
    assert (row.proven, row.outcome, lab.orders()) == (False, NOT_SHOWN, [])
    assert lab.clock.monotonic() - began < 8 * 25


# --- one that lies about orders


def failed(lab: Contracting, row: Contracted, claim: str, verdict: str) -> None:
    """The order part ended with this claim, and no later one was reached."""
    assert (row.proven, lab.verdicts(row)[claim]) == (False, verdict), row.claims
    place = ORDERED.index(claim)
    assert {lab.verdicts(row)[name] for name in ORDERED[:place]} <= {contract.PROVEN}
    assert {lab.evidence(row, name) for name in ORDERED[place + 1 :]} <= {contract.NOT_REACHED}
    assert contract.passed(lab.kept, "binance", lab.bot.image, lab.clock.utcnow())


def test_one_that_takes_an_order_and_knows_nothing_of_it(lab: Contracting) -> None:
    lab.liar.lies[PLACING] = lambda said, *_: (200, order_shape(said, "4711", "NEW"))
    row = lab.order()
    failed(lab, row, "found", contract.LIED)
    assert row.outcome == LIES


class YesToEverything:
    """It takes every order, knows it by its name, and does nothing."""

    def __init__(self, lab: Contracting, *, lists: bool) -> None:
        self.said: dict[str, dict[str, Any]] = {}
        self.lists = lists
        lab.liar.lies |= {PLACING: self.place, ASKING: self.show, CANCELLING: self.cancel, LISTING: self.list}

    def place(self, said: Parameters, _: str, __: Truth) -> tuple[int, Any]:
        number = str(len(self.said) + 1)
        status = "FILLED" if said["type"] == "MARKET" else "NEW"
        self.said[said["newClientOrderId"]] = order_shape(said, number, status)
        return 200, self.said[said["newClientOrderId"]]

    def show(self, said: Parameters, _: str, truth: Truth) -> tuple[int, Any]:
        known = self.said.get(said["origClientOrderId"])
        return truth() if known is None else (200, known)

    def cancel(self, said: Parameters, *_: object) -> tuple[int, Any]:
        [order] = [each for each in self.said.values() if each["orderId"] == int(said["orderId"])]
        order["status"] = "CANCELED"
        return 200, order

    def list(self, *_: object) -> tuple[int, Any]:
        return 200, [each for each in self.said.values() if self.lists and each["status"] == "NEW"]


def test_one_that_says_yes_to_everything_and_lists_nothing(lab: Contracting) -> None:
    YesToEverything(lab, lists=False)
    failed(lab, lab.order(), "listed", contract.LIED)


def test_one_that_says_yes_to_everything_and_sets_nothing_aside(lab: Contracting) -> None:
    YesToEverything(lab, lists=True)
    row = lab.order()
    failed(lab, row, "set_aside", contract.LIED)
    assert row.left == []


def balances_of(lab: Contracting, **changed: str) -> Lie:
    """Tell of the stake what is said, or the truth where nothing is."""

    def lie(_: Parameters, __: str, truth: Truth) -> tuple[int, Any]:
        status, found = truth()
        if status == 200 and lab.orders(*OPEN):
            for each in found["balances"]:
                each.update(changed if each["asset"] == "USDT" else {})
        return status, found

    return lie


def test_one_that_lists_the_order_and_keeps_the_stake_free(lab: Contracting) -> None:
    lab.liar.lies[ACCOUNT] = balances_of(lab, free="10000", locked="0")
    failed(lab, lab.order(), "set_aside", contract.LIED)
    lab.nothing_left()


def test_one_that_says_cancelled_and_does_not_cancel_is_found_and_what_is_left_is_named(lab: Contracting) -> None:
    lab.liar.lies[CANCELLING] = lambda said, *_: (200, order_shape(said, said["orderId"], "CANCELED"))
    row = lab.order()
    failed(lab, row, "cancelled", contract.LIED)
    [order] = lab.orders(*OPEN)
    assert any(f"order {order['orderId']}, {order['clientOrderId']}: buy" in line for line in row.left), row.left
    assert lab.kept["left"] == row.left
    del lab.liar.lies[CANCELLING]
    row = lab.order()
    assert row.proven, row.claims
    assert any(f"order {order['orderId']} BTC/USDT was cancelled" in line for line in row.detail)
    lab.nothing_left()


def test_one_that_lists_what_was_cancelled(lab: Contracting) -> None:
    known: dict[int, Any] = {}

    def always(_: Parameters, __: str, truth: Truth) -> tuple[int, Any]:
        status, found = truth()
        known.update({each["orderId"]: each for each in found})
        return status, list(known.values())

    lab.liar.lies[LISTING] = always
    row = lab.order()
    failed(lab, row, "cancelled", contract.LIED)
    assert row.left


def test_one_that_does_not_give_back(lab: Contracting) -> None:
    def kept(_: Parameters, __: str, truth: Truth) -> tuple[int, Any]:
        status, found = truth()
        if status == 200 and lab.orders("CANCELED"):
            for each in found["balances"]:
                each.update({"free": "9993.76", "locked": "6.24"} if each["asset"] == "USDT" else {})
        return status, found

    lab.liar.lies[ACCOUNT] = kept
    failed(lab, lab.order(), "given_back", contract.LIED)
    lab.nothing_left()


def test_one_whose_list_of_fills_stays_empty(lab: Contracting) -> None:
    lab.liar.lies[FILLS] = lambda *_: (200, [])
    failed(lab, lab.order(), "bought", contract.LIED)
    lab.nothing_left()


def test_one_that_says_filled_and_brings_nothing(lab: Contracting) -> None:
    def same(_: Parameters, __: str, truth: Truth) -> tuple[int, Any]:
        status, found = truth()
        if status == 200 and lab.orders("FILLED"):
            found["balances"] = [each for each in found["balances"] if each["asset"] != "BTC"]
        return status, found

    lab.liar.lies[ACCOUNT] = same
    row = lab.order()
    failed(lab, row, "received", contract.LIED)
    assert row.left  # as far as it says, what was bought is not there


def test_one_whose_fills_have_no_second_page(lab: Contracting) -> None:
    """The page that begins at the moment of the last fill is empty there."""

    def once(said: Parameters, _: str, truth: Truth) -> tuple[int, Any]:
        status, found = truth()
        return status, found if int(said["limit"]) == 500 else found[1:]

    lab.liar.lies[FILLS] = once
    failed(lab, lab.order(), "paged", contract.LIED)
    lab.nothing_left()


# --- what goes wrong


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_an_order_whose_answer_was_lost_is_not_shown_and_nothing_is_left_of_it(lab: Contracting, side: str) -> None:
    lab.liar.lies[PLACING] = lambda said, _, truth: (
        (truth(), (504, {"code": -1007, "msg": "Timeout."}))[1] if said["side"] == side else truth()
    )
    row = lab.order()
    failed(lab, row, {"BUY": "found", "SELL": "sold"}[side], contract.NOT_PROVEN)
    assert row.left == []
    lab.nothing_left()
    assert sales_journal.numbers(lab.bot) == {str(order["orderId"]) for order in lab.orders()}


def test_an_order_that_never_arrived_leaves_nothing(lab: Contracting) -> None:
    lab.server.fault(endpoint=PLACING, error={"status": 400, "code": -1013, "msg": "Filter failure"})
    row = lab.order()
    failed(lab, row, "found", contract.NOT_PROVEN)
    assert (row.left, lab.orders(), "never arrived" in lab.lines[0]["failed"]) == ([], [], True)


def test_an_order_that_is_filled_by_hand_meanwhile_is_not_shown_and_what_it_bought_is_sold(lab: Contracting) -> None:
    def fill(what: str) -> None:
        for order in lab.orders(*OPEN) if what == "open_orders_of" else []:
            lab.server.control("POST", f"/accounts/bot/orders/{order['orderId']}/fill", {})

    lab.before = fill
    row = lab.order()
    failed(lab, row, "listed", contract.NOT_PROVEN)
    assert [order["side"] for order in lab.orders("FILLED")] == ["BUY", "SELL"]
    assert row.left == []
    lab.nothing_left()


def test_a_buy_that_is_filled_in_part_is_not_shown_and_what_it_bought_stays_as_dust(lab: Contracting) -> None:
    lab.server.fault(endpoint=PLACING, side="BUY", partial="0.5")
    row = lab.order()
    failed(lab, row, "bought", contract.NOT_PROVEN)
    assert row.left == []
    lab.nothing_left()


def test_a_price_that_rose_meanwhile_buys_nothing_above_what_is_allowed(lab: Contracting) -> None:
    def rise(what: str) -> None:
        if what == "cancel":
            lab.server.hold("BTCUSDT", "600000")
            lab.server.time.advance(2)

    lab.before = rise
    row = lab.order("7")
    failed(lab, row, "bought", contract.NOT_PROVEN)
    assert "allowed" in lab.evidence(row, "bought")
    assert [order["side"] for order in lab.orders("FILLED")] == []


def test_an_exchange_that_falls_silent_leaves_what_is_named_and_taken_away_by_the_next(lab: Contracting) -> None:
    def silent(what: str) -> None:
        if what == "cancel":
            lab.server.fault(endpoint="*", error={"status": 503, "code": 0, "msg": "maintenance"})

    lab.before = silent
    row = lab.order()
    failed(lab, row, "cancelled", contract.NOT_PROVEN)
    [order] = lab.orders(*OPEN)
    assert any(order["clientOrderId"] in line for line in row.left)
    lab.server.control("DELETE", "/faults")
    lab.before = None
    looked = lab.run()
    assert (looked.proven, "run it again with its order part" in looked.left[0]) == (False, True)
    assert lab.order().proven
    lab.nothing_left()


def test_while_what_an_earlier_one_left_cannot_be_taken_away_nothing_more_is_ordered(lab: Contracting) -> None:
    lab.liar.lies[CANCELLING] = lambda *_: (400, {"code": -2011, "msg": "Unknown order sent."})
    assert lab.order().left
    lab.asked.clear()
    row = lab.order()
    assert (row.proven, bool(row.left), "buy" in lab.asked) == (False, True, False)
    assert set(lab.verdicts(row).values()) == {contract.NOT_PROVEN}


def test_what_an_earlier_one_bought_is_sold_by_the_next(lab: Contracting, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was killed between its buy and its sale."""
    with monkeypatch.context() as killed:
        killed.setattr(Leftovers, "clear", lambda _: ["killed"] if lab.lines else [])
        lab.server.fault(endpoint=PLACING, side="SELL", error={"status": 503, "code": 0})
        assert lab.order().left == ["killed"]
    assert lab.coins["BTC"] > Decimal("0.00009")
    lab.server.control("DELETE", "/faults")
    row = lab.order()
    assert row.proven, row.claims
    assert "0.0000900 BTC were sold" in "".join(row.detail)
    lab.nothing_left()


def test_a_refusal_after_something_was_taken_away_is_none(lab: Contracting) -> None:
    lab.liar.lies[CANCELLING] = lambda *_: (400, {"code": -2011, "msg": "Unknown order sent."})
    assert lab.order().left
    lab.liar.lies.clear()
    with pytest.raises(NotProven, match=r"was cancelled; then: .* more than the 6 allowed"):
        lab.order("6")
    assert lab.orders(*OPEN) == []


def test_without_room_for_an_order_on_the_disk_it_is_not_sent(
    lab: Contracting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("freqops.hostctl.exchange.sales_journal.durable.write_json", full)
    with pytest.raises(OSError, match="No space"):
        lab.order()
    assert "buy" not in lab.asked
    assert lab.orders() == []


def test_coins_that_the_account_had_are_not_sold_by_who_takes_away(lab: Contracting) -> None:
    """Half of what was bought is gone in another way: no more is sold than is there beyond what was there before."""
    lab.server.control("POST", "/accounts/bot/deposits", {"asset": "BTC", "amount": "0.5"})

    def taken(what: str) -> None:
        if what == "sell" and "sell" not in lab.asked[:-1]:
            lab.server.fault(endpoint=PLACING, side="SELL", error={"status": 400, "code": -1013}, times=1)
            lab.server.control("POST", "/accounts/bot/deposits", {"asset": "BTC", "amount": "-0.00005"})

    lab.before = taken
    row = lab.order()
    assert not row.proven
    assert lab.coins["BTC"] >= Decimal("0.5")
