"""The order in a `POST /api/v3/order`, read and checked against the pair's filters."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from lab.exchange.errors import BinanceError, bad_value, filter_failure, illegal, neither_sent, rejected, superfluous
from lab.exchange.markets import MIN_NOTIONAL, Market

if TYPE_CHECKING:
    from lab.exchange.book import Side
    from lab.exchange.params import Params

ZERO = Decimal(0)
_CLIENT_ID = r"^[a-zA-Z0-9-_]{1,36}$"
_UNSUPPORTED = {
    "STOP_LOSS": "Stop loss orders are not supported for this symbol.",
    "TAKE_PROFIT": "Take profit orders are not supported for this symbol.",
    "TAKE_PROFIT_LIMIT": "Take profit limit orders are not supported for this symbol.",
    "LIMIT_MAKER": "Limit maker orders are not supported for this symbol.",
}
_FOREIGN_TO = {
    "MARKET": ("timeInForce", "price", "stopPrice", "icebergQty", "trailingDelta"),
    "LIMIT": ("quoteOrderQty", "stopPrice", "icebergQty", "trailingDelta"),
    "STOP_LOSS_LIMIT": ("quoteOrderQty", "icebergQty", "trailingDelta"),
}


@dataclass(frozen=True, slots=True)
class OrderForm:
    """A requested order that passed all checks which need neither the book nor the account."""

    market: Market
    side: Side
    type: str
    time_in_force: str
    price: Decimal
    stop_price: Decimal
    quantity: Decimal
    quote_quantity: Decimal
    client_id: str


def read(params: Params, last: Decimal) -> OrderForm:
    """Read an order; `last` is the pair's price, by which the size of market orders is judged."""
    market, side, kind = params.market(), params.text("side"), params.text("type")
    if side not in ("BUY", "SELL"):
        raise BinanceError(-1117, "Invalid side.")
    if kind in _UNSUPPORTED:
        raise rejected(_UNSUPPORTED[kind])
    if kind not in _FOREIGN_TO:
        raise BinanceError(-1116, "Invalid orderType.")
    for name in _FOREIGN_TO[kind]:
        if params.find(name):
            raise superfluous(name)
    read_kind = _market if kind == "MARKET" else _limit
    form = read_kind(params, market, cast("Side", side))
    _check_filters(form, last)
    return form


def _limit(params: Params, market: Market, side: Side) -> OrderForm:
    """Read a limit order, or a stop that becomes one."""
    kind, time_in_force = params.text("type"), params.text("timeInForce")
    if time_in_force not in ("GTC", "IOC", "FOK"):
        raise BinanceError(-1115, "Invalid timeInForce.")
    quantity, price = params.amount("quantity"), params.amount("price")
    stop_price = _stop_price(params) if kind == "STOP_LOSS_LIMIT" else ZERO
    name = client_id(params, "newClientOrderId")
    return OrderForm(market, side, kind, time_in_force, price, stop_price, quantity, ZERO, name)


def _stop_price(params: Params) -> Decimal:
    if not params.find("stopPrice"):
        raise neither_sent("stopPrice", "trailingDelta")
    return params.amount("stopPrice")


def _market(params: Params, market: Market, side: Side) -> OrderForm:
    if params.find("quantity") and params.find("quoteOrderQty"):
        raise BinanceError(-1128, "Combination of optional parameters invalid.")
    by_money = bool(params.find("quoteOrderQty"))
    quantity = ZERO if by_money else params.amount("quantity")
    money = params.amount("quoteOrderQty") if by_money else ZERO
    if by_money and money <= 0:
        raise bad_value("quoteOrderQty")
    return OrderForm(market, side, "MARKET", "GTC", ZERO, ZERO, quantity, money, client_id(params, "newClientOrderId"))


def client_id(params: Params, name: str) -> str:
    """Return the client's own name for an order, or make one up."""
    chosen = params.find(name) or secrets.token_hex(11)
    if not re.match(_CLIENT_ID, chosen):
        raise illegal(name, _CLIENT_ID)
    return chosen


def _check_filters(form: OrderForm, last: Decimal) -> None:
    market = form.market
    prices = {"MARKET": (), "LIMIT": (form.price,), "STOP_LOSS_LIMIT": (form.price, form.stop_price)}
    if not all(_fits(price, market.tick, market.max_price) for price in prices[form.type]):
        raise filter_failure("PRICE_FILTER")
    if not form.quote_quantity and not _fits(form.quantity, market.step, market.max_quantity):
        raise filter_failure("LOT_SIZE")
    notional = form.quote_quantity or form.quantity * (form.price or last)
    if notional < MIN_NOTIONAL:
        raise filter_failure("NOTIONAL")


def _fits(value: Decimal, unit: Decimal, most: Decimal) -> bool:
    return unit <= value <= most and value % unit == 0
