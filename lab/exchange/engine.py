"""Placing, matching and cancelling orders."""

from __future__ import annotations

import heapq
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from lab.exchange.book import Book, Taken
from lab.exchange.booking import fill_of, pay, stake
from lab.exchange.candles import window
from lab.exchange.errors import filter_failure, no_such_order, too_many, unknown_order_sent, would_trigger
from lab.exchange.markets import MARKETS, MAX_ORDERS, MAX_STOPS
from lab.exchange.orders import Fill, Order
from lab.exchange.reaching import condition_of, first_second, is_triggered

if TYPE_CHECKING:
    from lab.exchange.feed import Feed
    from lab.exchange.ledger import Ledger
    from lab.exchange.orderform import OrderForm
    from lab.exchange.orders import Orders
    from lab.exchange.prices import Candle
    from lab.exchange.store import Store

WHOLE = Decimal(1)


class FillError(ValueError):
    """An operator's fill that the order does not allow."""


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
        """Let happen to every open order what the path did to it since the last call."""
        self._settle(self._feed.now_s())

    def place(self, account_id: int, form: OrderForm, fraction: Decimal = WHOLE) -> tuple[Order, list[Fill]]:
        """Place an order, of which matching executes a fraction at most; it commits as a whole or not at all."""
        now_ms = self._feed.now_ms()
        self._settle(now_ms // 1000)
        with self._store.transaction():
            order = self._orders.insert(_new_order(account_id, form, fraction, now_ms))
            if form.type == "MARKET":
                return self._place_market(order, fraction, now_ms)
            return self._place_limit(order, now_ms)

    def cancel(self, account_id: int, symbol: str, order_id: int | None, client_id: str | None) -> Order:
        """Cancel an open order, or refuse."""
        now_ms = self._feed.now_ms()
        self._settle(now_ms // 1000)
        with self._store.transaction():
            order = self._orders.find(account_id, symbol, order_id, client_id)
            if order is None or not order.is_open:
                raise unknown_order_sent()
            return self._close(order, "CANCELED", now_ms)

    def fill_by_hand(self, account_id: int, order_id: int, quantity: Decimal | None) -> Order:
        """Fill a resting order at its own price: some of it, or the rest."""
        now_ms = self._feed.now_ms()
        self._settle(now_ms // 1000)
        order = self._orders.get(account_id, order_id)
        if order is None:
            raise no_such_order()
        if not order.is_open or not order.is_working:
            why = order.status if order.is_working else f"its stop {order.stop_price:f} was not reached"
            raise FillError(f"order {order_id} does not rest in the book: {why}")
        step, wanted = MARKETS[order.symbol].step, order.remaining if quantity is None else quantity
        if not 0 < wanted <= order.remaining or wanted % step:
            raise FillError(f"quantity must be a multiple of {step} up to {order.remaining:f}, not {wanted:f}")
        with self._store.transaction():
            return self._execute(order, [Taken(order.price, wanted)], now_ms, is_maker=True)[0]

    def _book(self, symbol: str, second: int) -> Book:
        return Book(MARKETS[symbol], self._feed.seed, second, self._feed.path(symbol).price(second))

    def _settle(self, now_s: int) -> None:
        settled = int(self._store.get("settled_s") or now_s - 1)
        if now_s <= settled:
            return

        @cache
        def stretch(symbol: str, since: int) -> Candle:
            return window(self._feed.path(symbol), since, now_s + 1)

        def event(order: Order, since: int) -> list[tuple[int, int, Order]]:
            """Return when the next thing happens to an order, if anything does."""
            condition = condition_of(order)
            if not order.is_open or since > now_s or not condition(stretch(order.symbol, since)):
                return []
            return [(first_second(self._feed.path(order.symbol), condition, range(since, now_s + 1)), order.id, order)]

        with self._store.transaction():
            events = [found for order in self._orders.all_open() for found in event(order, settled + 1)]
            heapq.heapify(events)
            while events:
                second, _, order = heapq.heappop(events)
                # A stop that triggers may fill in the same second, and what is left of it rests from the next one on.
                for found in event(self._happen(order, second * 1000), second + 1):
                    heapq.heappush(events, found)
            self._store.put("settled_s", str(now_s))

    def _happen(self, order: Order, time_ms: int) -> Order:
        """Fill an order that the path has reached, or put a stop into the book."""
        if order.is_working:
            return self._execute(order, [Taken(order.price, order.due)], time_ms, is_maker=True)[0]
        return self._match(replace(order, working_ms=time_ms, updated_ms=time_ms), time_ms)[0]

    def _place_market(self, order: Order, fraction: Decimal, now_ms: int) -> tuple[Order, list[Fill]]:
        book = self._book(order.symbol, now_ms // 1000)
        if order.quote_quantity:
            bought = book.sweep_money(order.side, order.quote_quantity)
            quantity = sum((part.quantity for part in bought), Decimal(0))
            order = replace(order, quantity=quantity, fillable=_part(order.symbol, quantity, fraction))
        if not order.quantity:
            raise filter_failure("LOT_SIZE")
        order, fills = self._execute(order, book.sweep(order.side, order.due, None), now_ms, is_maker=False)
        return (self._close(order, "EXPIRED", now_ms) if order.is_open else order), fills

    def _place_limit(self, order: Order, now_ms: int) -> tuple[Order, list[Fill]]:
        self._check_numbers(order)
        if not order.is_working and self._is_late(order, now_ms // 1000):
            raise would_trigger()
        self._ledger.lock(order.account_id, *stake(order), now_ms)
        return self._match(order, now_ms) if order.is_working else (order, [])

    def _check_numbers(self, order: Order) -> None:
        """Refuse an order that is one too many among those that its account has open on the pair."""
        rivals = self._orders.open_of(order.account_id, order.symbol)
        if len(rivals) > MAX_ORDERS:
            raise too_many("MAX_NUM_ORDERS")
        if order.is_stop and sum(rival.is_stop for rival in rivals) > MAX_STOPS:
            raise too_many("MAX_NUM_ALGO_ORDERS")

    def _is_late(self, order: Order, second: int) -> bool:
        """Tell whether the last price has passed a stop already."""
        now = window(self._feed.path(order.symbol), second, second + 1)
        return is_triggered(order.side, MARKETS[order.symbol].ticks(order.stop_price), now)

    def _match(self, order: Order, time_ms: int) -> tuple[Order, list[Fill]]:
        """Let a limit order take what the book offers, and end it if it may not wait for more."""
        taken = self._book(order.symbol, time_ms // 1000).sweep(order.side, order.due, order.price)
        if order.time_in_force == "FOK" and sum(part.quantity for part in taken) < order.quantity:
            taken = []
        order, fills = self._execute(order, taken, time_ms, is_maker=False)
        if order.is_open and order.time_in_force != "GTC":
            order = self._close(order, "EXPIRED", time_ms)
        return order, fills

    def _close(self, order: Order, status: str, now_ms: int) -> Order:
        """End an order that is not filled and release what it had locked."""
        asset, amount = stake(order)
        self._ledger.lock(order.account_id, asset, -amount, now_ms)
        closed = replace(order, status=status, updated_ms=now_ms)
        self._orders.update(closed)
        return closed

    def _execute(self, order: Order, taken: list[Taken], time_ms: int, *, is_maker: bool) -> tuple[Order, list[Fill]]:
        fills = []
        for part in taken:
            fill = self._orders.add_fill(fill_of(order, part, time_ms, is_maker=is_maker))
            pay(self._ledger, order, fill)
            fills.append(fill)
            executed = order.executed + fill.quantity
            status = "FILLED" if executed == order.quantity else "PARTIALLY_FILLED"
            order = replace(order, executed=executed, spent=order.spent + fill.quote, status=status, updated_ms=time_ms)
        self._orders.update(order)
        return order, fills


def _new_order(account_id: int, form: OrderForm, fraction: Decimal, now_ms: int) -> Order:
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
        stop_price=form.stop_price,
        fillable=_part(form.market.symbol, form.quantity, fraction),
        working_ms=None if form.stop_price else now_ms,
    )


def _part(symbol: str, quantity: Decimal, fraction: Decimal) -> Decimal:
    """Return a fraction of a quantity in whole steps."""
    step = MARKETS[symbol].step
    return quantity * fraction // step * step
