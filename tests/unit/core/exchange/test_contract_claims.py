"""The judges of the contract's claims, and the plan of its orders: each with an answer that it must not let pass."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base.errors import Refused
from freqops.core.base.kinds import Malformed
from freqops.core.exchange import answers, contract_order, contract_reading
from freqops.core.exchange.account import Market
from freqops.core.exchange.answers import About, Balance, Fill, Order
from freqops.core.exchange.contract import LIED, NOT_PROVEN, PROVEN
from freqops.core.exchange.contract_order import Placed, Wanted

PAIR, STAKE = "BTC/USDT", "USDT"
D = Decimal
MARKET = Market("BTC", D("0.00001"), D(5), D("0.00001"), D(60000))
ABOUT = About("binance", "4.5", steps=True, spot={PAIR: True})
LIMIT = Wanted(PAIR, "buy", D("0.0002"), D(50000))
RESTING = Order("7", "freqops-1", PAIR, "buy", "open", D("0.0002"), D(0), D(50000))
PLACED = Placed(LIMIT, "freqops-1", "7", RESTING)
BUY = Placed(Wanted(PAIR, "buy", D("0.0002")), "freqops-2", "8",
             Order("8", "freqops-2", PAIR, "buy", "closed", D("0.0002"), D("0.0002"), None))  # fmt: skip
BOUGHT = Fill("a", "8", PAIR, "buy", D("0.0002"), D(60000), 1000)
SOLD = Fill("b", "9", PAIR, "sell", D("0.00019"), D(60000), 2000)


def part(free: str, used: str = "0") -> Balance:
    return Balance(D(free), D(used), D(free) + D(used))


def order(**changed: Any) -> Order:
    return replace(RESTING, **changed)


def placed(**changed: Any) -> Placed:
    return replace(PLACED, found=order(**changed))


def without(name: str) -> Market:
    """Return the market without one of its figures."""
    figures: dict[str, Any] = {name: D(0)}
    return replace(MARKET, **figures)


# --- the plan


@given(
    step=st.sampled_from([D("0.00001"), D("0.001"), D(1), D("0.3")]),
    least=st.decimals("0.00001", "10", places=5),
    cost=st.decimals("0.01", "100", places=2),
    price=st.decimals("0.0001", "100000", places=4),
)
def test_the_smallest_order_can_be_bought_and_sold_again_less_its_fee(step: D, least: D, cost: D, price: D) -> None:
    market = Market("BTC", least, cost, step, price)
    amount = contract_order.smallest(market, price)
    assert amount % step == 0
    assert not market.is_dust(amount)
    assert not market.is_dust(amount * D("0.999"))
    assert amount <= max(least, cost / price) * contract_order.MARGIN + 2 * step  # and not much larger


@pytest.mark.parametrize("name", ["step", "min_amount", "min_cost", "price"])
def test_where_the_smallest_order_is_not_known_none_is_planned(name: str) -> None:
    with pytest.raises(Refused, match="not known"):
        contract_order.plan(PAIR, without(name), D(100), D(100))


def test_neither_order_costs_more_than_allowed_nor_than_is_there() -> None:
    far, near = contract_order.plan(PAIR, MARKET, D(10), D(10))
    assert far.price == D(48000)
    assert near.price is None
    for most in range(1, 6):
        with pytest.raises(Refused, match=f"more than the {most} allowed"):
            contract_order.plan(PAIR, MARKET, D(most), D(100))
        with pytest.raises(Refused, match=f"{most} are free"):
            contract_order.plan(PAIR, MARKET, D(10), D(most))
    with pytest.raises(Refused, match="more than"):
        contract_order.at_the_market(PAIR, replace(MARKET, price=D(10_000_000)), D(10))


@pytest.mark.parametrize("most", ["0", "-1", "NaN", "Infinity", "sNaN"])
def test_the_most_is_an_amount(most: str) -> None:
    with pytest.raises(Refused, match="above zero"):
        contract_order.plan(PAIR, MARKET, D(most), D(100))


# --- the reading part


@pytest.mark.parametrize("name", ["price", "step", "min_amount", "min_cost"])
def test_a_market_that_lacks_a_figure_is_not_shown(name: str) -> None:
    assert contract_reading.markets(ABOUT, [PAIR], {PAIR: MARKET}).verdict == PROVEN
    assert contract_reading.markets(ABOUT, [PAIR], {PAIR: without(name)}).verdict == NOT_PROVEN


@pytest.mark.parametrize(
    ("about", "pairs", "markets"),
    [
        (replace(ABOUT, steps=False), [PAIR], {PAIR: MARKET}),
        (replace(ABOUT, spot={PAIR: False}), [PAIR], {PAIR: MARKET}),
        (replace(ABOUT, spot={}), [PAIR], {PAIR: MARKET}),
        (ABOUT, [PAIR, "ETH/USDT"], {PAIR: MARKET}),
        (ABOUT, [PAIR], {}),
        (ABOUT, [], {PAIR: MARKET}),
    ],
)
def test_a_market_that_is_no_spot_or_missing_is_not_shown(about: About, pairs: list[str], markets: Any) -> None:
    assert contract_reading.markets(about, pairs, markets).verdict == NOT_PROVEN


@pytest.mark.parametrize(
    ("totals", "told", "verdict"),
    [
        ({STAKE: part("9", "1")}, {STAKE: (D(9), D(1))}, PROVEN),
        ({STAKE: Balance(D(9), D(1), D(11))}, {STAKE: (D(9), D(1))}, LIED),
        ({STAKE: part("9", "1")}, {STAKE: (D(9), D(0))}, LIED),
        ({STAKE: part("9"), "BTC": part("0", "1")}, {STAKE: (D(9), D(0))}, LIED),
        ({STAKE: part("9")}, {STAKE: (D(9), D(0)), "BTC": (D(1), D(0))}, LIED),
        ({STAKE: part("-1", "2")}, {STAKE: (D(-1), D(2))}, LIED),
        ({"BTC": part("9")}, {"BTC": (D(9), D(0))}, NOT_PROVEN),
        ({}, {}, NOT_PROVEN),
        ({STAKE: part("123456789.1", "0.000000001")}, {STAKE: (D("123456789.1"), D("0.000000001"))}, PROVEN),
    ],
)
def test_balances(totals: Any, told: Any, verdict: str) -> None:
    assert contract_reading.balances(STAKE, totals, told).verdict == verdict


@pytest.mark.parametrize(
    ("everywhere", "by_pair", "verdict"),
    [
        ([], {PAIR: []}, PROVEN),
        ([RESTING], {PAIR: [RESTING]}, PROVEN),
        ([RESTING], {PAIR: []}, LIED),
        ([], {PAIR: [RESTING]}, LIED),
        ([RESTING], {PAIR: [order(amount=D(1))]}, LIED),
        ([order(pair="ETH/USDT")], {PAIR: []}, PROVEN),
        ([], {PAIR: [order(pair="ETH/USDT")]}, LIED),
        ([order(status="canceled")], {PAIR: [order(status="canceled")]}, LIED),
    ],
)
def test_open_orders(everywhere: list[Order], by_pair: dict[str, list[Order]], verdict: str) -> None:
    assert contract_reading.open_orders([PAIR], everywhere, by_pair).verdict == verdict


def test_fills() -> None:
    whole = {PAIR: [BOUGHT, SOLD]}
    assert contract_reading.fills(whole, {PAIR: [SOLD, BOUGHT]}, 0).verdict == PROVEN
    for large, small, since in [
        (whole, {PAIR: [BOUGHT]}, 0), ({PAIR: [SOLD]}, whole, 0), (whole, {}, 0), (whole, whole, 1500),
        (whole, {PAIR: [BOUGHT, replace(SOLD, amount=D(1))]}, 0), ({"ETH/USDT": [SOLD]}, {"ETH/USDT": [SOLD]}, 0),
    ]:  # fmt: skip
        assert contract_reading.fills(large, small, since).verdict == LIED


@given(st.lists(st.integers(0, 20), max_size=60))
def test_a_small_page_holds_more_than_any_moment_and_there_are_not_too_many(moments: list[int]) -> None:
    found = [replace(BOUGHT, id=str(number), at_ms=at) for number, at in enumerate(sorted(moments))]
    size = contract_reading.page_size(found)
    start, pages, seen = 0, 0, set[str]()
    while True:
        page = [fill for fill in found if fill.at_ms >= start][:size]
        seen |= {fill.id for fill in page}
        pages += 1
        if len(page) < size:
            break
        start = page[-1].at_ms
        assert pages < 20
    assert len(seen) == len(found)


@pytest.mark.parametrize(
    ("server", "verdict"), [(8000, PROVEN), (12010, PROVEN), (7999, NOT_PROVEN), (12011, NOT_PROVEN)]
)
def test_time(server: int, verdict: str) -> None:
    assert contract_reading.time(10000, server, 10010).verdict == verdict


def test_no_order_and_wrong_key() -> None:
    assert contract_reading.no_order("x", None).verdict == PROVEN
    assert contract_reading.no_order("x", RESTING).verdict == LIED
    verdicts = {
        kind: contract_reading.wrong_key(kind, "").verdict for kind in ("unauthorized", "answered", "unanswered")
    }
    assert verdicts == {"unauthorized": PROVEN, "answered": LIED, "unanswered": NOT_PROVEN}


# --- the order part


@pytest.mark.parametrize(
    "changed",
    [{"id": "6"}, {"client_id": "x"}, {"client_id": None}, {"pair": "ETH/USDT"}, {"side": "sell"},
     {"amount": D("0.0003")}, {"price": None}, {"price": D(60000)}],
)  # fmt: skip
def test_an_order_that_is_another_one_lied(changed: dict[str, Any]) -> None:
    assert contract_order.rests(PLACED).verdict == PROVEN
    assert contract_order.rests(placed(**changed)).verdict == LIED
    assert contract_order.executed("bought", placed(**changed, status="closed"), [BOUGHT]).verdict == LIED
    if "id" not in changed:
        assert contract_order.listed(PLACED, [order(**changed)], [RESTING]).verdict == LIED
        assert contract_order.listed(PLACED, [RESTING], [order(**changed)]).verdict == LIED


def test_an_order_that_rests() -> None:
    assert contract_order.rests(replace(PLACED, found=None)).verdict == LIED
    assert contract_order.rests(placed(status="closed")).verdict == NOT_PROVEN
    assert contract_order.rests(placed(filled=D("0.0001"))).verdict == NOT_PROVEN


def test_an_order_that_is_listed() -> None:
    assert contract_order.listed(PLACED, [RESTING], [RESTING]).verdict == PROVEN
    assert contract_order.listed(PLACED, [], [RESTING]).verdict == LIED
    assert contract_order.listed(PLACED, [RESTING], []).verdict == LIED
    assert contract_order.listed(PLACED, [order(filled=D("0.0001"))], [RESTING]).verdict == LIED
    assert contract_order.listed(placed(status="closed"), [], []).verdict == NOT_PROVEN  # filled meanwhile


@pytest.mark.parametrize(
    ("free", "used", "verdict"),
    [("90", "10", PROVEN), ("89.95", "10.05", PROVEN), ("100", "0", LIED), ("90", "0", LIED), ("100", "10", LIED),
     ("91", "9", LIED), ("80", "20", LIED)],
)  # fmt: skip
def test_set_aside(free: str, used: str, verdict: str) -> None:
    assert contract_order.set_aside(PLACED, STAKE, {STAKE: part("100")}, {STAKE: part(free, used)}).verdict == verdict


def test_cancelled() -> None:
    gone = placed(status="canceled")
    assert contract_order.cancelled(gone, [], []).verdict == PROVEN
    assert contract_order.cancelled(gone, [RESTING], []).verdict == LIED
    assert contract_order.cancelled(gone, [], [RESTING]).verdict == LIED
    assert contract_order.cancelled(replace(gone, found=None), [], []).verdict == LIED
    assert contract_order.cancelled(PLACED, [], []).verdict == LIED
    assert contract_order.cancelled(placed(status="canceled", id="6"), [], []).verdict == LIED
    assert contract_order.cancelled(placed(status="canceled", filled=D("0.0001")), [], []).verdict == NOT_PROVEN


@pytest.mark.parametrize(("free", "used", "verdict"), [("100", "0", PROVEN), ("90", "10", LIED), ("99", "0", LIED)])
def test_given_back(free: str, used: str, verdict: str) -> None:
    assert contract_order.given_back(STAKE, {STAKE: part("100")}, {STAKE: part(free, used)}).verdict == verdict


def test_executed() -> None:
    assert contract_order.executed("bought", BUY, [BOUGHT, SOLD]).verdict == PROVEN
    half = [replace(BOUGHT, amount=D("0.0001")), replace(BOUGHT, id="c", amount=D("0.0001"))]
    assert contract_order.executed("bought", BUY, half).verdict == PROVEN
    for fills in ([], [SOLD], half[:1], [replace(BOUGHT, side="sell")], [replace(BOUGHT, pair="ETH/USDT")],
                  [replace(BOUGHT, price=D(0))], [BOUGHT, replace(BOUGHT, id="c")]):  # fmt: skip
        assert contract_order.executed("bought", BUY, fills).verdict == LIED
    assert contract_order.executed("bought", replace(BUY, found=None), [BOUGHT]).verdict == LIED
    found = BUY.found
    assert found is not None
    for told in (replace(found, status="expired"), replace(found, filled=D("0.0001"))):
        assert contract_order.executed("bought", replace(BUY, found=told), [BOUGHT]).verdict == NOT_PROVEN


@pytest.mark.parametrize(
    ("coin", "stake", "other", "verdict", "fee"),
    [
        ("0.0001998", "88", "1", PROVEN, "the fee is 0.0000002 BTC"),
        ("0.0002", "87.988", "1", PROVEN, "the fee is 0.012 USDT"),
        ("0.0002", "88", "0.9999", PROVEN, "the fee is 0.0001 BNB"),
        ("0.0002", "88", "1", PROVEN, "no fee was taken"),
        ("0", "88", "1", LIED, ""),
        ("0.0002", "100", "1", LIED, ""),
        ("0.0003", "88", "1", LIED, ""),
        ("0.000197", "88", "1", LIED, ""),
        ("0.0002", "87.8", "1", LIED, ""),
    ],
)
def test_received(coin: str, stake: str, other: str, verdict: str, fee: str) -> None:
    before = {STAKE: part("100"), "BNB": part("1"), "BTC": part("0.5")}
    after = {STAKE: part(stake), "BNB": part(other), "BTC": part(str(D("0.5") + D(coin)))}
    found = contract_order.received(BUY, [BOUGHT], STAKE, before, after)
    assert (found.verdict, fee in found.evidence) == (verdict, True)
    assert contract_order.received(BUY, [], STAKE, before, before).verdict == LIED


@pytest.mark.parametrize(
    ("rest", "verdict"), [("0", PROVEN), ("0.00001", PROVEN), ("0.0001", NOT_PROVEN), ("-0.00001", LIED)]
)
def test_dust(rest: str, verdict: str) -> None:
    before, after = {"BTC": part("0.5")}, {"BTC": part(str(D("0.5") + D(rest)))}
    assert contract_order.dust(MARKET, "BTC", before, after).verdict == verdict


def test_paged() -> None:
    both = [BUY, replace(BUY, id="9")]
    assert contract_order.paged([BOUGHT, SOLD], [SOLD, BOUGHT], both).verdict == PROVEN
    assert contract_order.paged([BOUGHT, SOLD], [BOUGHT], both).verdict == LIED
    assert contract_order.paged([BOUGHT], [BOUGHT], both).verdict == LIED
    assert contract_order.paged([BOUGHT], [BOUGHT], both[:1]).verdict == NOT_PROVEN  # no page ended
    assert contract_order.paged([], [], []).verdict == NOT_PROVEN


@pytest.mark.parametrize(
    ("stake", "verdict"),
    [("99.4", PROVEN), ("99.3886", PROVEN), ("99.5", LIED), ("99", LIED), ("100", LIED), ("88", LIED)],
)
def test_as_before(stake: str, verdict: str) -> None:
    before, after = {STAKE: part("100")}, {STAKE: part(stake)}
    fills = [BOUGHT, SOLD]
    assert contract_order.as_before(STAKE, PAIR, before, after, fills, []).verdict == verdict
    assert contract_order.as_before(STAKE, PAIR, before, after, fills, [RESTING]).verdict == LIED
    assert contract_order.as_before(STAKE, PAIR, before, before, [], []).verdict == LIED
    aside = {STAKE: part(str(D(stake) - 1), "1")}
    assert contract_order.as_before(STAKE, PAIR, before, aside, fills, []).verdict == LIED


# --- answers


ORDER_SAID = {"id": "7", "client_id": "x", "pair": PAIR, "side": "buy", "status": "open", "amount": "1", "filled": "0",
              "price": None}  # fmt: skip
FILL_SAID = {"id": "7", "order": "8", "pair": PAIR, "side": "buy", "amount": "1", "price": "2", "at_ms": 1}


@pytest.mark.parametrize("name", list(ORDER_SAID))
@pytest.mark.parametrize("value", ["", "NaN", "1e5", "-", " 7", "\x1b[2J", 7, 1.5, True, [], {}, "Infinity", "0x1"])
def test_an_order_with_a_malformed_field_is_no_fact(name: str, value: Any) -> None:
    if name in ("id", "client_id", "status") and value in ("NaN", "1e5", "-", "Infinity", "0x1"):
        return
    with pytest.raises(Malformed):
        answers.order({**ORDER_SAID, name: value})


@pytest.mark.parametrize("name", list(FILL_SAID))
def test_a_fill_that_lacks_a_field_is_no_fact(name: str) -> None:
    with pytest.raises(Malformed):
        answers.fills([{each: value for each, value in FILL_SAID.items() if each != name}])


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (answers.orders, [ORDER_SAID, ORDER_SAID]), (answers.fills, [FILL_SAID, FILL_SAID]), (answers.orders, {}),
        (answers.orders, None), (answers.fills, [None]), (answers.order_or_none, {}), (answers.placed, {"id": None}),
        (answers.placed, []), (answers.moment, "1"), (answers.moment, -1), (answers.moment, 1.5),
        (answers.balances, {"BTC": {"free": "1", "used": "0", "total": None}}), (answers.balances, {"BTC": "1"}),
        (answers.halves, {"BTC": {"free": "1"}}), (answers.markets, {PAIR: {"base": "ETH", "quote": "USDT"}}),
        (answers.markets, {"BTC": {}}), (answers.about, {"exchange": "x", "ccxt": "1", "steps": 1, "spot": {}}),
        (answers.about, {"exchange": "x", "ccxt": "1", "steps": True, "spot": {PAIR: "yes"}}), (answers.about, {}),
    ],
)  # fmt: skip
def test_what_is_malformed_is_no_fact(read: Any, value: Any) -> None:
    with pytest.raises(Malformed):
        read(value)
