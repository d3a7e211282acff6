"""Placing, matching and cancelling orders."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from lab.exchange.book import Book, Side, Taken, reach
from lab.exchange.candles import Path, window
from lab.exchange.errors import filter_failure, unknown_order_sent
from lab.exchange.markets import FEE_RATE, MARKETS, MAX_ORDERS, PLACES, Market
from lab.exchange.orders import Fill, Order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.exchange.feed import Feed
    from lab.exchange.ledger import Ledger
    from lab.exchange.orderform import OrderForm
    from lab.exchange.orders import Orders
    from lab.exchange.prices import Candle
    from lab.exchange.store import Store

_CENT = Decimal(1).scaleb(-PLACES)


class Engine:
    """The matching engine. An order rests until the price path reaches it, also while the exchange itself is down."""

    def __init__(self, store: Store, feed: Feed, ledger: Ledger, orders: Orders) -> None:
        self._store = store
        self._feed = feed
        self._ledger = ledger
        self._orders = orders

    def book(self, symbol: str) -> Book:
        """Return the book of this second."""
        return self._book(symbol, self._feed.now_s())

    def settle(self) -> None:
        """Fill every open order that the path reached since the last call."""
        self._settle(self._feed.now_s())

    def place(self, account_id: int, form: OrderForm) -> tuple[Order, list[Fill]]:
        """Place an order; it commits as a whole or not at all."""
        now_ms = self._feed.now_ms()
        self._settle(now_ms // 1000)
        with self._store.transaction():
            order = self._orders.insert(_new_order(account_id, form, now_ms))
            return self._place_market(order, now_ms) if form.type == "MARKET" else self._place_limit(order, now_ms)

    def cancel(self, account_id: int, symbol: str, order_id: int | None, client_id: str | None) -> Order:
        """Cancel an open order, or refuse."""
        now_ms = self._feed.now_ms()
        self._settle(now_ms // 1000)
        with self._store.transaction():
            order = self._orders.find(account_id, symbol, order_id, client_id)
            if order is None or not order.is_open:
                raise unknown_order_sent()
            return self._close(order, "CANCELED", now_ms)

    def _book(self, symbol: str, second: int) -> Book:
        return Book(MARKETS[symbol], self._feed.seed, second, self._feed.path(symbol).price(second))

    def _settle(self, now_s: int) -> None:
        settled = int(self._store.get("settled_s") or now_s - 1)
        if now_s <= settled:
            return
        with self._store.transaction():
            for second, order in sorted(self._hits(range(settled + 1, now_s + 1)), key=lambda hit: hit[0]):
                self._execute(order, [Taken(order.price, order.remaining)], second * 1000, is_maker=True)
            self._store.put("settled_s", str(now_s))

    def _place_market(self, order: Order, now_ms: int) -> tuple[Order, list[Fill]]:
        book = self._book(order.symbol, now_ms // 1000)
        if order.quote_quantity:
            taken = book.sweep_money(order.side, order.quote_quantity)
            order = replace(order, quantity=sum((part.quantity for part in taken), Decimal(0)))
        else:
            taken = book.sweep(order.side, order.quantity, None)
        if not taken:
            raise filter_failure("LOT_SIZE")
        order, fills = self._execute(order, taken, now_ms, is_maker=False)
        return (self._close(order, "EXPIRED", now_ms) if order.is_open else order), fills

    def _place_limit(self, order: Order, now_ms: int) -> tuple[Order, list[Fill]]:
        if self._orders.count_open(order.account_id, order.symbol) > MAX_ORDERS:
            raise filter_failure("MAX_NUM_ORDERS")
        market = MARKETS[order.symbol]
        self._ledger.lock(order.account_id, *_stake(market, order), now_ms)
        taken = self._book(order.symbol, now_ms // 1000).sweep(order.side, order.quantity, order.price)
        if order.time_in_force == "FOK" and sum(part.quantity for part in taken) < order.quantity:
            taken = []
        order, fills = self._execute(order, taken, now_ms, is_maker=False)
        if order.is_open and order.time_in_force != "GTC":
            order = self._close(order, "EXPIRED", now_ms)
        return order, fills

    def _close(self, order: Order, status: str, now_ms: int) -> Order:
        """End an order that is not filled and release what it had locked."""
        if order.type == "LIMIT":
            asset, amount = _stake(MARKETS[order.symbol], order)
            self._ledger.lock(order.account_id, asset, -amount, now_ms)
        closed = replace(order, status=status, updated_ms=now_ms)
        self._orders.update(closed)
        return closed

    def _execute(self, order: Order, taken: list[Taken], time_ms: int, *, is_maker: bool) -> tuple[Order, list[Fill]]:
        fills = []
        for part in taken:
            fill = self._orders.add_fill(_fill(order, part, time_ms, is_maker=is_maker))
            self._pay(order, fill)
            fills.append(fill)
            executed = order.executed + fill.quantity
            status = "FILLED" if executed == order.quantity else "PARTIALLY_FILLED"
            order = replace(order, executed=executed, spent=order.spent + fill.quote, status=status, updated_ms=time_ms)
        self._orders.update(order)
        return order, fills

    def _pay(self, order: Order, fill: Fill) -> None:
        """Exchange the two assets; a limit order pays out of what it locked, and a better price is its gain."""
        market = MARKETS[order.symbol]
        if order.side == "BUY":
            given, cost, got, gain = market.quote, fill.quote, market.base, fill.quantity
        else:
            given, cost, got, gain = market.base, fill.quantity, market.quote, fill.quote
        locked = _locked_for(order, fill.quantity) if order.type == "LIMIT" else Decimal(0)
        self._ledger.move(order.account_id, given, fill.time_ms, free=locked - cost, locked=-locked)
        self._ledger.move(order.account_id, got, fill.time_ms, free=gain - fill.fee)

    def _hits(self, seconds: range) -> Iterator[tuple[int, Order]]:
        """Yield the open orders that the path reached in these seconds, and when it did so first."""
        stretches: dict[str, Candle] = {}
        for order in self._orders.all_open():
            market, path = MARKETS[order.symbol], self._feed.path(order.symbol)
            if order.symbol not in stretches:
                stretches[order.symbol] = window(path, seconds.start, seconds.stop)
            limit = market.ticks(order.price)
            if is_reached(market, order.side, limit, stretches[order.symbol]):
                yield first_reached(path, market, order.side, limit, seconds), order


def _new_order(account_id: int, form: OrderForm, now_ms: int) -> Order:
    return Order(
        id=0,
        account_id=account_id,
        symbol=form.market.symbol,
        client_id=form.client_id,
        side=form.side,
        type=form.type,
        time_in_force=form.time_in_force,
        price=form.price,
        quantity=form.quantity,
        quote_quantity=form.quote_quantity,
        executed=Decimal(0),
        spent=Decimal(0),
        status="NEW",
        created_ms=now_ms,
        updated_ms=now_ms,
    )


def _stake(market: Market, order: Order) -> tuple[str, Decimal]:
    """Return what the unfilled part of a limit order keeps locked."""
    return (market.quote if order.side == "BUY" else market.base), _locked_for(order, order.remaining)


def _locked_for(order: Order, quantity: Decimal) -> Decimal:
    return order.price * quantity if order.side == "BUY" else quantity


def _fill(order: Order, part: Taken, time_ms: int, *, is_maker: bool) -> Fill:
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


def is_reached(market: Market, side: Side, limit: int, candle: Candle) -> bool:
    """Tell whether the book came to a resting order while the candle was made."""
    if side == "BUY":
        return reach(market, side, candle.low) <= limit
    return reach(market, side, candle.high) >= limit


def first_reached(path: Path, market: Market, side: Side, limit: int, seconds: range) -> int:
    """Return the first second in which the book came to a resting order, given that it did, by halving the stretch."""
    while len(seconds) > 1:
        middle = (seconds.start + seconds.stop) // 2
        middle -= middle % 60 if len(seconds) > 180 else 0
        is_earlier = is_reached(market, side, limit, window(path, seconds.start, middle))
        seconds = range(seconds.start, middle) if is_earlier else range(middle, seconds.stop)
    return seconds.start
