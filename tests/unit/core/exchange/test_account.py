"""Whose is what on an account: nothing is the bot's that it did not buy, and nothing of it is overlooked."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.exchange import account, sales
from freqops.core.exchange.account import Judgement, Market, View
from freqops.core.exchange.positions import protected
from freqops.core.exchange.sales import Sale
from tests.unit.accounts import filled, opened, recorded, resting

NONE: frozenset[str] = frozenset()
BTC = Market("BTC", Decimal("0.001"), Decimal(5), Decimal("0.001"), Decimal(1000))
COIN = Market("COIN", Decimal(1), Decimal(0), Decimal(0), Decimal("0.5"))


def view(
    *,
    coins: dict[str, str] | None = None,
    trades: list[dict[str, Any]] | None = None,
    orders: list[dict[str, Any]] | None = None,
    pairs: list[str] | None = None,
    open_orders: list[dict[str, Any]] | None = None,
    fills: list[dict[str, Any]] | None = None,
    kept: bool = True,
) -> View:
    """Return what was asked of an account with BTC and COIN; pairs are those of the trades unless given."""
    trades = trades or []
    pairs = sorted({trade["pair"] for trade in trades}) if pairs is None else pairs
    return View(
        {"trades": trades, "orders": orders or [], "pairs": pairs, "since": 0, "kept": kept},
        {coin: Decimal(amount) for coin, amount in (coins or {}).items()},
        open_orders or [],
        fills or [],
        {"BTC/USDT": BTC, "COIN/USDT": COIN},
    )


def judge(seen: View, declared: dict[str, str] | None = None, ours: frozenset[str] = NONE) -> Judgement:
    amounts = {coin: Decimal(amount) for coin, amount in (declared or {}).items()}
    return account.judge(seen, "USDT", amounts, ours)


def bought(amount: str, there: str | None = None) -> View:
    """An open trade of ``amount`` BTC, bought by its order 1, of which ``there`` is on the account."""
    return view(
        coins={"BTC": amount if there is None else there, "USDT": "7"},
        trades=[opened(1, amount)],
        orders=[recorded("1")],
        fills=[filled("1", "buy", amount)],
    )


# --- dust


@pytest.mark.parametrize(
    ("amount", "dust"),
    [
        ("0.005", False),  # exactly the smallest value
        ("0.0049999", True),
        ("0.0059999", False),
        ("0.004", True),
        ("0", True),
        ("-1", True),
        ("1", False),
    ],
)
def test_dust_is_what_is_worth_less_than_the_smallest_order(amount: str, dust: bool) -> None:
    assert BTC.is_dust(Decimal(amount)) is dust


@pytest.mark.parametrize(("amount", "dust"), [("1", False), ("0.9999", True), ("1.5", False)])
def test_dust_is_what_is_less_than_the_smallest_amount(amount: str, dust: bool) -> None:
    assert COIN.is_dust(Decimal(amount)) is dust


@pytest.mark.parametrize(
    ("step", "amount", "whole"),
    [("0.001", "0.0059", "0.005"), ("0.001", "0.005", "0.005"), ("0", "1.23456789", "1.23456789"), ("2", "5", "4")],
)
def test_amounts_are_rounded_down_to_whole_steps(step: str, amount: str, whole: str) -> None:
    market = Market("X", Decimal(0), Decimal(0), Decimal(step), Decimal(1))
    assert market.whole_steps(Decimal(amount)) == Decimal(whole)


def test_what_is_too_small_for_one_step_is_dust() -> None:
    """It has the value, and yet nothing of it can be sold."""
    dear = Market("X", Decimal(0), Decimal(5), Decimal(1), Decimal(1000))
    assert dear.is_dust(Decimal("0.9"))


# --- what a coin is


@pytest.mark.parametrize(
    ("there", "declared", "kind", "own"),
    [
        ("1", {}, "position", "1"),
        ("1", {"BTC": "0.4"}, "position", "0.6"),
        ("1", {"BTC": "0.996"}, "dust", "0.004"),
        ("1", {"BTC": "1"}, "foreign", "0"),
        ("1", {"BTC": "2"}, "foreign", "0"),  # declared more than there is
        ("0.004", {}, "dust", "0.004"),
        ("0.005", {}, "position", "0.005"),
    ],
)
def test_a_coin_that_the_bot_trades(there: str, declared: dict[str, str], kind: str, own: str) -> None:
    judgement = judge(view(coins={"BTC": there}, pairs=["BTC/USDT"]), declared)
    assert [(each.kind, each.own) for each in judgement.holdings] == [(kind, Decimal(own))]
    assert judgement.flat is (kind != "position")
    assert (judgement.remarks == []) is (kind == "position")


def test_a_coin_that_the_bot_never_traded_is_not_its_own() -> None:
    judgement = judge(view(coins={"COIN": "50"}, pairs=["BTC/USDT"]))
    assert (judgement.holdings[0].kind, judgement.flat, judgement.agrees) == ("foreign", True, True)
    assert judgement.remarks == ["not the bot's: 50 COIN, not declared"]
    assert sales.sales(view(coins={"COIN": "50"}), judgement, NONE) == ([], [])


def test_what_was_declared_is_said() -> None:
    assert judge(view(coins={"COIN": "50"}), {"COIN": "20"}).remarks == ["not the bot's: 50 COIN, of which 20 declared"]
    assert judge(view(coins={"BTC": "0.004"}, pairs=["BTC/USDT"])).remarks == ["dust: 0.004 BTC, worth 4.00 USDT"]


def test_the_stake_is_no_position() -> None:
    judgement = judge(view(coins={"USDT": "1000"}, pairs=["BTC/USDT"]))
    assert (judgement.holdings, judgement.flat, judgement.agrees) == ([], True, True)


def test_a_coin_without_a_price_is_a_position_that_nobody_can_sell() -> None:
    seen = view(coins={"OLD": "3"}, pairs=["OLD/USDT"])
    judgement = judge(seen)
    assert (judgement.holdings[0].kind, judgement.flat, judgement.agrees) == ("position", False, False)
    assert judgement.disagreements == ["OLD: it has no price, so its amount cannot be compared"]
    wanted, kept = sales.sales(seen, judgement, NONE)
    assert wanted == []
    assert kept == [
        "3 OLD, worth an unknown amount, which belongs to no open trade: there is no pair to sell it in",
    ]


def test_an_open_trade_keeps_it_from_being_flat_even_where_its_coins_are_gone() -> None:
    judgement = judge(bought("1", "0"))
    assert (judgement.account_flat, judgement.flat, judgement.agrees) == (True, False, False)
    assert judgement.missing == ["its records have trade 1 BTC/USDT 1 open"]
    assert judgement.disagreements == ["BTC: its records say 1, on its account are 0"]


def test_a_judgement_can_be_written_down() -> None:
    judgement = judge(bought("1"))
    assert json.loads(json.dumps(judgement.to_json()))["holdings"][0]["total"] == "1"


# --- orders and fills


def test_entries_exits_and_orders_of_nobody() -> None:
    orders = [recorded("1"), recorded("2", side="sell"), recorded("3", side="stoploss")]
    rest = [
        resting("1"),
        resting("2", "sell"),
        resting("3", "sell", stop_price="90"),
        resting("4"),
        resting("5", "sell"),
    ]
    judgement = judge(view(orders=orders, open_orders=rest), ours=frozenset({"5"}))
    assert [order["id"] for order in judgement.entries] == ["1"]
    assert [order["id"] for order in judgement.others] == ["2", "3", "5"]
    assert judgement.unknown == ["an open order that stands in no record: 4 buy 1 BTC/USDT at 100 (limit)"]
    assert (judgement.flat, judgement.account_flat, judgement.agrees) == (False, False, False)
    assert len(judgement.on_account) == 4


@pytest.mark.parametrize("number", ["1", "2", "3"])
def test_every_open_order_of_the_bot_keeps_it_from_being_flat(number: str) -> None:
    orders = [recorded("1"), recorded("2", side="sell"), recorded("3", side="stoploss")]
    judgement = judge(view(orders=orders, open_orders=[resting(number)]))
    assert (judgement.flat, judgement.agrees) == (False, True)


def test_a_fill_of_nobody_keeps_it_from_being_flat_and_from_agreeing() -> None:
    seen = view(orders=[recorded("1")], fills=[filled("1", "buy", "1"), filled("9", "sell", "1")])
    judgement = judge(seen)
    assert judgement.unknown == ["a fill that stands in no record: sell 1 BTC/USDT at 100, order 9"]
    assert (judgement.flat, judgement.account_flat, judgement.agrees) == (False, False, False)


def test_what_we_sold_ourselves_is_known() -> None:
    seen = view(fills=[filled("9", "sell", "1")], open_orders=[resting("8", "sell")])
    assert judge(seen, ours=frozenset({"8", "9"})).unknown == []


def test_without_any_records_a_coin_that_could_be_sold_is_unexplained() -> None:
    judgement = judge(view(coins={"BTC": "1", "COIN": "0.5"}, kept=False))
    assert judgement.unknown == [
        "1 BTC, worth 1000.00 USDT, which belongs to no open trade, and the bot has no records at all",
    ]
    assert (judgement.flat, judgement.agrees) == (False, False)


def test_without_any_records_what_is_declared_or_dust_is_explained() -> None:
    judgement = judge(view(coins={"BTC": "1", "COIN": "0.5", "USDT": "5"}, kept=False), {"BTC": "1"})
    assert (judgement.unknown, judgement.flat, judgement.agrees) == ([], True, True)


# --- do the records agree


@pytest.mark.parametrize(
    ("there", "agrees"),
    [("1", True), ("0.9951", True), ("1.0049", True), ("0.995", False), ("1.005", False), ("0", False), ("2", False)],
)
def test_records_and_account_may_differ_by_dust(there: str, agrees: bool) -> None:
    judgement = judge(bought("1", there))
    assert judgement.agrees is agrees
    assert judgement.disagreements == ([] if agrees else [f"BTC: its records say 1, on its account are {there}"])


# --- what can be sold by nobody


def resting_entry(amount: str, filled_: str, there: str, *, is_open: bool = True, side: str = "buy") -> View:
    """A trade of which its records have ``amount`` BTC, and an order of it that rests and has ``filled_``."""
    return view(
        coins={"BTC": there},
        trades=[opened(1, amount, is_open=is_open)],
        orders=[recorded("1", side=side), recorded("2", 2)],
        open_orders=[resting("1", side, filled=filled_), resting("2", filled="9")],
    )


@pytest.mark.parametrize(
    ("seen", "what"),
    [
        (resting_entry("0", "0.004", "0.004"), "0.004 BTC, worth 4.00"),
        (resting_entry("0.001", "0.003", "0.004"), "0.004 BTC, worth 4.00"),
        (bought("0.004"), "0.004 BTC, worth 4.00"),
        (bought("0", "0.0001"), "0.0001 BTC, worth 0.10"),
        (bought("0.004", "1"), "0.004 BTC, worth 4.00"),
    ],
    ids=["filled in part", "increased in part", "rests no more", "a crumb", "beside a deposit"],
)
def test_an_open_trade_that_is_too_small_to_be_sold_is_named_with_the_way_out(seen: View, what: str) -> None:
    [text] = judge(seen).unexitable
    assert text.startswith(f"trade 1 BTC/USDT: what it has bought, {what}, is less than the smallest order")
    assert "DELETE /api/v1/trades/1 of the running bot" in text
    assert "declare its orders (1) in the bot's foreign_orders" in text


@pytest.mark.parametrize(
    "seen",
    [
        resting_entry("0", "0.005", "0.005"),
        resting_entry("0.002", "0.003", "0.005"),
        resting_entry("0", "0", "0.004"),
        resting_entry("0", "0.004", "0.004", is_open=False),
        resting_entry("1", "0.004", "1", side="sell"),
        bought("0.005"),
        bought("0", "0"),
        view(coins={"BTC": "0.004"}, pairs=["BTC/USDT"]),
        view(trades=[opened(1, "0.001", "XRP/USDT")]),
    ],
    ids=["just enough", "enough together", "nothing yet", "closed", "an exit", "bought", "empty", "dust", "no price"],
)
def test_what_can_be_sold_or_is_no_open_trade_is_not_called_unexitable(seen: View) -> None:
    assert judge(seen).unexitable == []


def test_a_crumb_that_was_declared_is_no_trades() -> None:
    assert judge(bought("0", "0.0001"), {"BTC": "0.0001"}).unexitable == []


def test_two_trades_of_one_coin_are_added_up() -> None:
    seen = view(coins={"BTC": "3"}, trades=[opened(1, "1"), opened(2, "2"), opened(3, "4", is_open=False)])
    judgement = judge(seen)
    assert (judgement.agrees, judgement.holdings[0].recorded) == (True, Decimal(3))


def test_what_was_declared_is_not_the_open_trades() -> None:
    assert judge(bought("1", "1.5"), {"BTC": "0.5"}).agrees
    assert not judge(bought("1", "1"), {"BTC": "0.5"}).agrees
    assert not judge(bought("1", "1"), {"BTC": "1"}).agrees  # wholly declared, and yet a trade of it is open


def test_a_deposit_of_a_coin_that_it_trades_disagrees() -> None:
    assert not judge(view(coins={"BTC": "1"}, pairs=["BTC/USDT"])).agrees


# --- what may be sold


def sold(
    seen: View, declared: dict[str, str] | None = None, ours: frozenset[str] = NONE
) -> tuple[list[Sale], list[str]]:
    return sales.sales(seen, judge(seen, declared, ours), ours)


def test_what_the_bot_bought_is_sold_in_whole_steps() -> None:
    assert sold(bought("1.0005")) == ([Sale("BTC/USDT", Decimal("1.000"))], [])


def test_what_was_deposited_is_not_sold() -> None:
    wanted, kept = sold(bought("1", "3"))
    assert wanted == [Sale("BTC/USDT", Decimal(1))]
    assert kept == ["2.000 BTC: not sold, for the bot's orders did not buy it"]
    without_trade = view(coins={"BTC": "1"}, pairs=["BTC/USDT"])
    assert sold(without_trade) == ([], ["1.000 BTC: not sold, for the bot's orders did not buy it"])


def test_what_was_declared_is_not_sold() -> None:
    assert sold(bought("1", "3"), {"BTC": "2"}) == ([Sale("BTC/USDT", Decimal(1))], [])
    assert sold(bought("1", "1"), {"BTC": "1"}) == ([], [])


def test_no_more_is_sold_than_is_there() -> None:
    assert sold(bought("1", "0.5"))[0] == [Sale("BTC/USDT", Decimal("0.5"))]


def test_what_the_bot_sold_already_is_not_sold_again() -> None:
    seen = bought("1")
    seen.records["orders"].append(recorded("2", side="sell"))
    seen.fills.append(filled("2", "sell", "0.4"))
    assert sold(seen)[0] == [Sale("BTC/USDT", Decimal("0.6"))]


@pytest.mark.parametrize("taken_in", [True, False])
def test_what_we_sold_already_is_not_sold_again(taken_in: bool) -> None:
    """Whether its records have our order by now, or not yet."""
    seen = bought("1")
    seen.fills.append(filled("ours", "sell", "0.4"))
    if taken_in:
        seen.records["orders"].append(recorded("ours", side="sell"))
    assert sold(seen, ours=frozenset({"ours"}))[0] == [Sale("BTC/USDT", Decimal("0.6"))]


def test_orders_of_earlier_trades_explain_nothing() -> None:
    """Their other half may lie before the window: a sale without its purchase would hide what is there."""
    seen = bought("1")
    seen.records["orders"].extend([recorded("10", trade=99, side="sell"), recorded("11", trade=98)])
    seen.fills.extend([filled("10", "sell", "5"), filled("11", "buy", "7")])
    assert sales.explained(seen, "BTC/USDT", NONE) == Decimal(1)


def test_our_sale_of_an_earlier_trade_explains_nothing_once_it_is_in_its_records() -> None:
    seen = bought("1")
    seen.records["orders"].append(recorded("ours", trade=99, side="sell"))
    seen.fills.append(filled("ours", "sell", "5"))
    assert sales.explained(seen, "BTC/USDT", frozenset({"ours"})) == Decimal(1)


def test_a_closed_trade_of_the_window_counts_with_both_halves() -> None:
    seen = bought("1")
    seen.records["trades"].append(opened(2, "3", is_open=False))
    seen.records["orders"].extend([recorded("20", trade=2), recorded("21", trade=2, side="sell")])
    seen.fills.extend([filled("20", "buy", "3"), filled("21", "sell", "3")])
    assert sales.explained(seen, "BTC/USDT", NONE) == Decimal(1)


def test_fills_of_other_pairs_explain_nothing() -> None:
    seen = bought("1")
    seen.records["orders"].append(recorded("2", pair="COIN/USDT"))
    seen.fills.append(filled("2", "buy", "50", "COIN/USDT"))
    assert sales.explained(seen, "BTC/USDT", NONE) == Decimal(1)


@pytest.mark.parametrize("strange", ["fill", "order"])
def test_where_somebody_else_traded_nothing_is_ours_to_sell(strange: str) -> None:
    seen = bought("1")
    if strange == "fill":
        seen.fills.append(filled("9", "buy", "0.1"))
    else:
        seen.open_orders.append(resting("9", "sell"))
    wanted, kept = sold(seen)
    assert wanted == []
    assert "orders that stand in no record make its owner doubtful" in kept[0]


def test_a_declared_order_of_somebody_else_is_known_and_explains_nothing() -> None:
    seen = bought("1", "1.5")
    seen.fills.append(filled("9", "buy", "0.5"))
    declared = frozenset({"9"})
    judgement = judge(seen, ours=declared)
    assert judgement.unknown == []
    wanted, _ = sales.sales(seen, judgement, NONE, declared)
    assert wanted == [Sale("BTC/USDT", Decimal(1))]


def test_somebody_elses_order_in_one_pair_does_not_protect_another() -> None:
    seen = bought("1")
    seen.open_orders.append(resting("9", "sell", "COIN/USDT"))
    assert sold(seen)[0] == [Sale("BTC/USDT", Decimal(1))]


def test_without_records_nothing_is_sold() -> None:
    assert sold(view(coins={"BTC": "1"}, kept=False)) == ([], [])


def test_more_sold_than_bought_sells_nothing_and_keeps_what_is_there() -> None:
    seen = bought("1")
    seen.records["orders"].append(recorded("2", side="sell"))
    seen.fills.append(filled("2", "sell", "1.5"))
    assert sold(seen) == ([], ["1 BTC: not sold, for the bot's orders did not buy it"])


# --- what must be asked


def test_pairs_of_interest() -> None:
    records = {"trades": [opened(1, pair="BTC/USDT"), opened(2, pair="ETH/USDT", is_open=False)]}
    balances = {"USDT": Decimal(1), "COIN": Decimal(1), "GONE": Decimal(0)}
    assert account.pairs_of_interest(records, balances, "USDT") == ["BTC/USDT", "COIN/USDT", "ETH/USDT"]


# --- what protects a position


def test_a_stop_protects_what_it_has_not_sold_yet() -> None:
    holding = judge(bought("1")).holdings[0]
    stop = resting("3", "sell", stop_price="90", amount="1", filled="0.4")
    assert protected(holding, [stop]) == "stop at 90 on the exchange for 0.6"
    for other in (resting("3", "sell"), resting("3", "sell", "COIN/USDT", stop_price="90")):
        assert protected(holding, [other]) == "unprotected"


# --- whatever is there

AMOUNT = st.decimals(0, 20, places=4)
PAIRS = ["BTC/USDT", "COIN/USDT"]
NUMBERS = [f"o{number}" for number in range(6)]


@st.composite
def views(draw: st.DrawFn) -> tuple[View, dict[str, Decimal], frozenset[str]]:
    """Any account, any records of it, any declaration, and any orders of ours."""
    trades = [
        opened(number, str(draw(AMOUNT)), draw(st.sampled_from(PAIRS)), is_open=draw(st.booleans()))
        for number in range(draw(st.integers(0, 3)))
    ]
    pair_of = {number: draw(st.sampled_from(PAIRS)) for number in NUMBERS}
    known = draw(st.lists(st.sampled_from(NUMBERS), unique=True))
    orders = [
        recorded(number, draw(st.integers(0, 4)), draw(st.sampled_from(["buy", "sell", "stoploss"])), pair_of[number])
        for number in known
    ]
    sides = st.sampled_from(["buy", "sell"])
    fills = [
        filled(number, draw(sides), str(draw(AMOUNT)), pair_of[number])
        for number in draw(st.lists(st.sampled_from(NUMBERS), max_size=6))
    ]
    rest = [
        resting(number, draw(sides), pair_of[number])
        for number in draw(st.lists(st.sampled_from(NUMBERS), unique=True, max_size=2))
    ]
    seen = view(
        coins={coin: str(draw(AMOUNT)) for coin in draw(st.sets(st.sampled_from(["BTC", "COIN", "OLD", "USDT"])))},
        trades=trades, orders=orders, open_orders=rest, fills=fills, kept=draw(st.booleans()),
        pairs=sorted({trade["pair"] for trade in trades} | draw(st.sets(st.sampled_from([*PAIRS, "OLD/USDT"])))),
    )  # fmt: skip
    declared = draw(st.dictionaries(st.sampled_from(["BTC", "COIN", "OLD"]), AMOUNT))
    return seen, declared, frozenset(draw(st.sets(st.sampled_from(NUMBERS))))


@given(views())
def test_what_is_sold_is_the_bots_own_and_explained(case: tuple[View, dict[str, Decimal], frozenset[str]]) -> None:
    seen, declared, ours = case
    judgement = account.judge(seen, "USDT", declared, ours)
    wanted, _ = sales.sales(seen, judgement, ours)
    known = {order["id"] for order in seen.records["orders"]} | ours
    for sale in wanted:
        coin, market = sale.pair.partition("/")[0], seen.markets[sale.pair]
        assert 0 < sale.amount <= sales.explained(seen, sale.pair, ours)
        assert sale.amount <= seen.balances[coin] - declared.get(coin, Decimal(0))
        assert sale.amount == market.whole_steps(sale.amount)
        assert not market.is_dust(sale.amount)
        assert {fill["order"] for fill in seen.fills if fill["pair"] == sale.pair} <= known
        assert {order["id"] for order in seen.open_orders if order["pair"] == sale.pair} <= known


@given(views())
def test_flat_means_that_nothing_is_left(case: tuple[View, dict[str, Decimal], frozenset[str]]) -> None:
    seen, declared, ours = case
    judgement = account.judge(seen, "USDT", declared, ours)
    assert judgement.flat is (judgement.missing == [] and judgement.unknown == [])
    if not judgement.flat:
        return
    assert [holding for holding in judgement.holdings if holding.kind == "position"] == []
    assert seen.open_orders == []
    assert [trade for trade in seen.records["trades"] if trade["is_open"]] == []
    for coin in {pair.partition("/")[0] for pair in seen.records["pairs"]} & set(seen.balances):
        own = seen.balances[coin] - declared.get(coin, Decimal(0))
        assert own <= 0 or seen.markets[f"{coin}/USDT"].is_dust(own)


@given(views())
def test_however_often_it_is_asked_no_more_is_sold_than_the_bot_bought(
    case: tuple[View, dict[str, Decimal], frozenset[str]],
) -> None:
    """Each sale is booked, and stands in no record of the bot's."""
    seen, declared, ours = case
    first, total = seen, dict.fromkeys(PAIRS, Decimal(0))
    for number in range(5):
        wanted, _ = sales.sales(seen, account.judge(seen, "USDT", declared, ours), ours)
        balances, fills = dict(seen.balances), list(seen.fills)
        for sale in wanted:
            total[sale.pair] += sale.amount
            balances[sale.pair.partition("/")[0]] -= sale.amount
            fills.append(filled(f"sold {number}", "sell", str(sale.amount), sale.pair))
        seen = View(seen.records, balances, seen.open_orders, fills, seen.markets)
        ours |= {f"sold {number}"}
    for pair, amount in total.items():
        assert amount <= max(Decimal(0), sales.explained(first, pair, case[2]))
        coin = pair.partition("/")[0]
        assert amount <= max(Decimal(0), first.balances.get(coin, Decimal(0)) - declared.get(coin, Decimal(0)))


def test_a_sale_closes_what_the_records_have_and_no_more() -> None:
    """Freqtrade closes a trade by its amount; what fees took of a purchase is not there to be sold."""
    seen = bought("1", "3")
    seen.records["trades"][0].update(amount="0.999")
    assert sold(seen)[0] == [Sale("BTC/USDT", Decimal("0.999"))]


@given(views())
def test_every_coin_but_the_stake_is_accounted_for(case: tuple[View, dict[str, Decimal], frozenset[str]]) -> None:
    seen, declared, ours = case
    judgement = account.judge(seen, "USDT", declared, ours)
    assert {holding.coin for holding in judgement.holdings} >= set(seen.balances) - {"USDT"}
    positions = sum(holding.kind == "position" for holding in judgement.holdings)
    assert len(judgement.remarks) + positions == len(judgement.holdings)
    json.dumps(judgement.to_json())
