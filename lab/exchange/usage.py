"""The use of Binance's rate limits by clients, counted and shown, never enforced."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.exchange.feed import Clock
    from lab.exchange.params import Params

WEIGHT_HEADER = "X-MBX-USED-WEIGHT-1M"
ORDERS_HEADER = "X-MBX-ORDER-COUNT-10S"
_MINUTE_MS, _TEN_SECONDS_MS = 60_000, 10_000
_DEPTH = "GET /api/v3/depth"
_DEPTH_WEIGHTS = ((100, 5), (500, 25), (1000, 50))
_DEEPEST_WEIGHT = 250
# With a symbol, and without one.
_WEIGHTS = {
    "GET /api/v3/exchangeInfo": (20, 20),
    "GET /api/v3/klines": (2, 2),
    "GET /api/v3/trades": (25, 25),
    "GET /api/v3/aggTrades": (4, 4),
    "GET /api/v3/ticker/24hr": (2, 80),
    "GET /api/v3/ticker/price": (2, 4),
    "GET /api/v3/ticker/bookTicker": (2, 4),
    "GET /api/v3/account": (20, 20),
    "GET /api/v3/account/commission": (20, 20),
    "GET /api/v3/order": (4, 4),
    "GET /api/v3/openOrders": (6, 80),
    "GET /api/v3/allOrders": (20, 20),
    "GET /api/v3/myTrades": (20, 20),
    "GET /sapi/v1/capital/config/getall": (10, 10),
    "GET /sapi/v1/spot/delist-schedule": (100, 100),
}


class Usage:
    """Weights by address and minute, orders by account and ten seconds; a restart forgets them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._minute = self._ten_seconds = 0
        self._weights: Counter[str] = Counter()
        self._orders: Counter[int] = Counter()

    def charge(self, address: str, endpoint: str, params: Params) -> None:
        """Count a request."""
        self._turn()
        self._weights[address] += weight(endpoint, params)

    def weight_of(self, address: str) -> int:
        """Return what an address has used in this minute."""
        self._turn()
        return self._weights[address]

    def count_order(self, account_id: int) -> int:
        """Count an order that was accepted; return how many it was in these ten seconds."""
        self._turn()
        self._orders[account_id] += 1
        return self._orders[account_id]

    def _turn(self) -> None:
        """Begin again when a minute, or ten seconds, are over."""
        minute, ten_seconds = self._clock() // _MINUTE_MS, self._clock() // _TEN_SECONDS_MS
        if minute != self._minute:
            self._minute = minute
            self._weights.clear()
        if ten_seconds != self._ten_seconds:
            self._ten_seconds = ten_seconds
            self._orders.clear()


def weight(endpoint: str, params: Params) -> int:
    """Return what Binance charges for a request."""
    if endpoint == _DEPTH:
        wanted = params.find("limit") or "100"
        levels = int(wanted) if wanted.isdecimal() else 0
        return next((cost for most, cost in _DEPTH_WEIGHTS if levels <= most), _DEEPEST_WEIGHT)
    with_symbol, without = _WEIGHTS.get(endpoint, (1, 1))
    return with_symbol if params.find("symbol") else without
