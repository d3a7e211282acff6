"""The order part of the witness's contract: the smallest orders, and claims judged from what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal

from ..base.errors import Refused
from .account import ZERO, Market
from .answers import Balance, Fill, Order
from .contract import Finding, lied, not_proven, proven
from .contract_reading import page_size, same

FAR = Decimal("0.8")  # of the price: far enough to rest, near enough for exchanges that refuse what is farther
MARGIN = Decimal("1.06")  # above the smallest order: what the price may move, and the fee that the sale lacks
ROOM = Decimal("1.02")  # what the price may rise until the order is there
NEAR = Decimal("0.01")  # an exchange rounds a price to its own step
ROUNDED = Decimal("0.000001")  # of a worth: exchanges round what an amount costs
FEE = Decimal("0.01")  # the most that any exchange takes of what was traded
DIGITS = Context(prec=12, rounding=ROUND_HALF_UP)
OPEN, CLOSED, CANCELLED = "open", "closed", "canceled"  # as ccxt spells them
NOTHING = Balance(ZERO, ZERO, ZERO)

Balances = Mapping[str, Balance]


@dataclass(frozen=True)
class Wanted:
    """An order as it was asked for.

    Attributes:
        pair: Its pair.
        side: ``buy`` or ``sell``.
        amount: Its amount.
        price: Its limit, None at the market.
    """

    pair: str
    side: str
    amount: Decimal
    price: Decimal | None = None


@dataclass(frozen=True)
class Placed:
    """An order that was placed: as it was wanted, its name, its number, and what was told for its name."""

    wanted: Wanted
    client_id: str
    id: str
    found: Order | None


def smallest(market: Market, price: Decimal) -> Decimal:
    """Return the smallest amount that can be bought at a price, and sold again less its fee.

    Raises:
        Refused: The market does not say what the smallest order is.
    """
    if min(market.step, market.min_amount, market.min_cost, price) <= ZERO:
        raise Refused(f"the smallest order of {market.base} is not known")
    least = max(market.min_amount, market.min_cost / price) * MARGIN
    return (least / market.step).to_integral_value(ROUND_CEILING) * market.step + market.step


def plan(pair: str, market: Market, most: Decimal, free: Decimal) -> tuple[Wanted, Wanted]:
    """Return the buy that rests and the buy at the market, each the smallest.

    Args:
        pair: Their pair.
        market: Its market.
        most: The most that each may cost, in stake.
        free: The stake that is free.

    Raises:
        Refused: One costs more than ``most``, or than is there.
    """
    if not most.is_finite() or most <= ZERO:
        raise Refused(f"the most that an order may cost is {most}; allowed is an amount above zero")
    low = DIGITS.multiply(market.price, FAR)
    wanted = (Wanted(pair, "buy", smallest(market, low), low), at_the_market(pair, market, most))
    refuse_above(wanted[0], market.price, most)
    for order in wanted:
        needed = cost(order, market.price) * ROOM
        if needed > free:
            raise Refused(f"the smallest order in {pair} needs {needed:f} in stake, and {free:f} are free")
    return wanted


def at_the_market(pair: str, market: Market, most: Decimal) -> Wanted:
    """Return the smallest buy at the market at its present price; raises as `plan`."""
    wanted = Wanted(pair, "buy", smallest(market, market.price))
    refuse_above(wanted, market.price, most)
    return wanted


def cost(wanted: Wanted, price: Decimal) -> Decimal:
    """Return what an order costs, at its limit or at the price."""
    return wanted.amount * (price if wanted.price is None else wanted.price)


def refuse_above(wanted: Wanted, price: Decimal, most: Decimal) -> None:
    """Refuse an order that costs, or may come to cost, more than is allowed.

    Raises:
        Refused: It does.
    """
    needed = cost(wanted, price) * (ROOM if wanted.price is None else 1)
    if needed > most:
        raise Refused(f"the smallest order in {wanted.pair} costs up to {needed:f}, more than the {most:f} allowed")


def rests(placed: Placed, claim: str = "found") -> Finding:
    """Judge whether an order that was placed is found by its name, as it was placed, and rests."""
    found = placed.found
    if found is None:
        return lied(claim, f"order {placed.id} was taken, and {placed.client_id} is not known to it")
    wrong = _differences(placed, found)
    if wrong:
        return lied(claim, f"order {placed.id}: {'; '.join(wrong)}")
    if found.status != OPEN or found.filled:
        return not_proven(claim, f"order {placed.id} does not rest: it is {found.status}, and {found.filled} filled")
    return proven(claim, f"{_text(found)}, {placed.client_id}")


def _differences(placed: Placed, found: Order) -> list[str]:
    """Return in what an order is not the one that was placed."""
    wanted = placed.wanted
    pairs = [("number", found.id, placed.id), ("pair", found.pair, wanted.pair), ("side", found.side, wanted.side),
             ("amount", found.amount, wanted.amount), ("name", found.client_id, placed.client_id)]  # fmt: skip
    wrong = [f"its {name} is {told}, not {asked}" for name, told, asked in pairs if told != asked]
    if wanted.price is not None and (found.price is None or abs(found.price - wanted.price) > wanted.price * NEAR):
        wrong.append(f"its price is {found.price}, not {wanted.price}")
    return wrong


def listed(placed: Placed, everywhere: Sequence[Order], of_pair: Sequence[Order]) -> Finding:
    """Judge whether an order that rests is listed, asked without and with its pair."""
    places = {"without a pair": everywhere, "with its pair": of_pair}
    for how, orders in places.items():
        told = [order for order in orders if order.id == placed.id]
        wrong = _differences(placed, told[0]) if told else []
        if told and (wrong or told[0].status != OPEN or told[0].filled):
            said = "; ".join([*wrong, f"it is {told[0].status}, and {told[0].filled} filled"])
            return lied("listed", f"order {placed.id}, asked {how}: {said}")
        if told:
            continue
        if placed.found is not None and placed.found.status != OPEN:
            return not_proven("listed", f"order {placed.id} does not rest any more: it is {placed.found.status}")
        return lied("listed", f"order {placed.id} rests by its name, and is not among the open orders asked {how}")
    return proven("listed", f"order {placed.id} stands among {len(everywhere)} open orders, {len(of_pair)} of its pair")


def set_aside(placed: Placed, stake: str, before: Balances, during: Balances) -> Finding:
    """Judge whether the cost of a resting buy went from free to used, perhaps with its fee."""
    one, other = before.get(stake, NOTHING), during.get(stake, NOTHING)
    price = placed.wanted.price if placed.found is None or placed.found.price is None else placed.found.price
    needed = placed.wanted.amount * (price or ZERO)
    text = f"{stake}: free {one.free} -> {other.free}, used {one.used} -> {other.used}, for a cost of {needed}"
    aside = other.used - one.used
    least, most = needed * (1 - ROUNDED), needed * (1 + FEE)
    if not same(one.free - other.free, aside, one.total) or not least <= aside <= most:
        return lied("set_aside", text)
    return proven("set_aside", text)


def cancelled(placed: Placed, everywhere: Sequence[Order], of_pair: Sequence[Order]) -> Finding:
    """Judge whether an order that was cancelled is gone, and is cancelled by its name."""
    if any(order.id == placed.id for order in [*everywhere, *of_pair]):
        return lied("cancelled", f"order {placed.id} was cancelled, and stands among the open orders")
    found = placed.found
    if found is None:
        return lied("cancelled", f"order {placed.id} was cancelled, and {placed.client_id} is not known any more")
    if found.status != CANCELLED or found.id != placed.id:
        return lied("cancelled", f"order {placed.id} was cancelled, and by its name {found.id} is {found.status}")
    if found.filled:
        return not_proven("cancelled", f"{found.filled} of order {placed.id} were bought before it was cancelled")
    return proven("cancelled", f"order {placed.id} is {found.status}")


def given_back(stake: str, before: Balances, after: Balances) -> Finding:
    """Judge whether the stake is as it was before an order that was cancelled."""
    one, other = before.get(stake, NOTHING), after.get(stake, NOTHING)
    text = f"{stake}: free {one.free} -> {other.free}, used {one.used} -> {other.used}"
    back = same(one.free, other.free, one.total) and same(one.used, other.used, one.total)
    return proven("given_back", text) if back else lied("given_back", text)


def executed(claim: str, placed: Placed, fills: Sequence[Fill]) -> Finding:
    """Judge whether an order at the market is closed and whole by its name, and its fills say the same."""
    found = placed.found
    if found is None:
        return lied(claim, f"order {placed.id} was taken, and {placed.client_id} is not known to it")
    wrong = _differences(placed, found)
    if wrong:
        return lied(claim, f"order {placed.id}: {'; '.join(wrong)}")
    if found.status != CLOSED or found.filled != found.amount:
        return not_proven(claim, f"order {placed.id} is {found.status}, {found.filled} of {found.amount} filled")
    mine = _of(fills, placed)
    filled = sum((fill.amount for fill in mine), ZERO)
    strange = [fill for fill in mine if (fill.pair, fill.side) != (found.pair, found.side) or fill.price <= ZERO]
    if filled != found.filled or strange:
        return lied(claim, f"order {placed.id} is filled, {found.filled}, and its {len(mine)} fills say {filled}"
                    f"{', of another pair or side, or without a price' if strange else ''}")  # fmt: skip
    return proven(claim, f"{_text(found)}, {len(mine)} fills, for {_worth(mine):f}")


def received(bought: Placed, fills: Sequence[Fill], stake: str, before: Balances, after: Balances) -> Finding:
    """Judge whether the coin rose by what was bought and the stake fell by what it cost, and say who took the fee."""
    coin = bought.wanted.pair.partition("/")[0]
    mine = _of(fills, bought)
    amount, worth = sum((fill.amount for fill in mine), ZERO), _worth(mine)
    came, went = _change(coin, before, after), -_change(stake, before, after)
    said = fee(coin, stake, amount - came, went - worth, before, after)
    text = f"{coin} rose by {came} of {amount}, {stake} fell by {went} for {worth:f}; {said}"
    slack = worth * ROUNDED
    if not amount * (1 - FEE) <= came <= amount or not worth - slack <= went <= worth * (1 + FEE) or not mine:
        return lied("received", text)
    return proven("received", text)


def fee(coin: str, stake: str, of_coin: Decimal, of_stake: Decimal, before: Balances, after: Balances) -> str:
    """Return in words in which coin a fee was taken."""
    taken = [f"{amount.normalize():f} {name}" for name, amount in ((coin, of_coin), (stake, of_stake)) if amount]
    others = sorted(({*before, *after}) - {coin, stake})
    taken += [
        f"{-_change(name, before, after).normalize():f} {name}"
        for name in others
        if _change(name, before, after) < ZERO
    ]
    return f"the fee is {' and '.join(taken)}" if taken else "no fee was taken"


def dust(market: Market, coin: str, before: Balances, after: Balances) -> Finding:
    """Judge whether less than the smallest order is left of what was bought, and nothing more was sold."""
    rest = _change(coin, before, after)
    text = f"{rest} {coin} are left, worth {rest * market.price:f}"
    if rest < ZERO:
        return lied("dust", f"more was sold than was bought: {text}")
    return proven("dust", text) if market.is_dust(rest) else not_proven("dust", text)


def paged(large: Sequence[Fill], small: Sequence[Fill], orders: Sequence[Placed]) -> Finding:
    """Judge whether fills are the same over the end of a page, with those of both orders among them."""
    if set(large) != set(small):
        alone = sorted(fill.id for fill in set(large) ^ set(small))
        return lied("paged", f"fills that are in one reading alone: {', '.join(alone[:5])}")
    missing = [placed.id for placed in orders if not _of(small, placed)]
    if missing:
        return lied("paged", f"order {missing[0]} has no fill any more")
    size = page_size(large)
    if len(large) < size:
        return not_proven("paged", f"{len(large)} fills end on no page of {size}")
    return proven("paged", f"{len(large)} fills, in pages of {size}")


def as_before(
    stake: str, pair: str, before: Balances, after: Balances, fills: Sequence[Fill], everywhere: Sequence[Order]
) -> Finding:
    """Judge whether nothing rests, and the stake is what the fills of both orders explain."""
    coin = pair.partition("/")[0]
    spent, earned = (_worth([fill for fill in fills if fill.side == side]) for side in ("buy", "sell"))
    expected, change = earned - spent, _change(stake, before, after)
    text = (f"{stake} changed by {change:f}, of which {expected:f} by the fills; {_change(coin, before, after):f} "
            f"{coin} more than before")  # fmt: skip
    if everywhere:
        return lied("as_before", f"order {everywhere[0].id} {everywhere[0].pair} rests; {text}")
    one, other = before.get(stake, NOTHING), after.get(stake, NOTHING)
    if not same(one.used, other.used, one.total) or not fills:
        return lied("as_before", f"{other.used} {stake} are set aside, {one.used} before; {text}")
    turnover = spent + earned
    if not expected - turnover * FEE <= change <= expected + turnover * ROUNDED:
        return lied("as_before", text)
    return proven("as_before", text)


def _of(fills: Sequence[Fill], placed: Placed) -> list[Fill]:
    return [fill for fill in fills if fill.order == placed.id]


def _worth(fills: Sequence[Fill]) -> Decimal:
    return sum((fill.amount * fill.price for fill in fills), ZERO)


def _change(coin: str, before: Balances, after: Balances) -> Decimal:
    return after.get(coin, NOTHING).total - before.get(coin, NOTHING).total


def _text(order: Order) -> str:
    price = "" if order.price is None else f" at {order.price}"
    return f"order {order.id}: {order.side} {order.amount} {order.pair}{price}, {order.status}"
