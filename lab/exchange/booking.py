"""The amounts that an order locks and a fill moves, to the last digit."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from lab.exchange.markets import FEE_RATE, MARKETS, PLACES
from lab.exchange.orders import Fill, Order

if TYPE_CHECKING:
    from lab.exchange.book import Taken
    from lab.exchange.ledger import Ledger

_CENT = Decimal(1).scaleb(-PLACES)


def stake(order: Order) -> tuple[str, Decimal]:
    """Return what the unfilled part of an order keeps locked; a market order locks nothing."""
    market = MARKETS[order.symbol]
    return (market.quote if order.side == "BUY" else market.base), _locked_for(order, order.remaining)


def fill_of(order: Order, part: Taken, time_ms: int, *, is_maker: bool) -> Fill:
    """Return the execution of a part of an order, with its fee."""
    market = MARKETS[order.symbol]
    quote = part.price * part.quantity
    received, asset = (part.quantity, market.base) if order.side == "BUY" else (quote, market.quote)
    return Fill(
        id=0,
        order_id=order.id,
        account_id=order.account_id,
        symbol=order.symbol,
        price=part.price,
        quantity=part.quantity,
        quote=quote,
        fee=(received * FEE_RATE).quantize(_CENT, rounding=ROUND_DOWN),
        fee_asset=asset,
        is_buyer=order.side == "BUY",
        is_maker=is_maker,
        time_ms=time_ms,
    )


def pay(ledger: Ledger, order: Order, fill: Fill) -> None:
    """Exchange the two assets; a limit order pays out of what it locked, and a better price is its gain."""
    market = MARKETS[order.symbol]
    if order.side == "BUY":
        given, cost, got, gain = market.quote, fill.quote, market.base, fill.quantity
    else:
        given, cost, got, gain = market.base, fill.quantity, market.quote, fill.quote
    locked = _locked_for(order, fill.quantity)
    ledger.move(order.account_id, given, fill.time_ms, free=locked - cost, locked=-locked)
    ledger.move(order.account_id, got, fill.time_ms, free=gain - fill.fee)


def _locked_for(order: Order, quantity: Decimal) -> Decimal:
    if order.type == "MARKET":
        return Decimal(0)
    return order.price * quantity if order.side == "BUY" else quantity
