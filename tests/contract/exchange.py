"""An exchange of the suite's own: the lab's is used by others, who must not meet our prices and faults."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.parse
import urllib.request
from decimal import Decimal
from typing import Any

from lab.engine.ports import LOOPBACK
from tests.contract.polling import eventually
from tests.contract.stack import Stack, free_port

TICKERS = "GET /api/v3/ticker/24hr"
ORDER = "POST /api/v3/order"
PRICES = {"BTCUSDT": 67000, "ETHUSDT": 3300, "SOLUSDT": 160, "XRPUSDT": 2, "BNBUSDT": 620, "LTCUSDT": 100}
Json = dict[str, Any]
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Exchange:
    """The lab's exchange in a container of its own, its prices at rest until a test moves them."""

    def __init__(self, stack: Stack) -> None:
        address, market, control = stack.address(), free_port(), free_port()
        self.url = f"http://{address}:8080"
        self._market, self._control = f"http://{LOOPBACK}:{market}", f"http://{LOOPBACK}:{control}"
        every = "0.0.0.0"  # noqa: S104  inside its container; published on loopback only
        command = ["--listen", every, "--control-listen", every, "--control-port", "8081", "--state", "/tmp/state"]  # noqa: S108
        ports = {"8080/tcp": (LOOPBACK, market), "8081/tcp": (LOOPBACK, control)}
        stack.run(stack.exchange_image, address, command=command, ports=ports, init=True)
        eventually(self._answers, "the exchange answers")
        for symbol, price in PRICES.items():
            self.move(symbol, price)

    def move(self, symbol: str, price: float) -> None:
        """Let a price jump, and stay where it is then."""
        self.ask("PUT", f"/scripts/{symbol}", {"mode": "step", "points": [[0, price]]})
        eventually(lambda: self._price(symbol) == Decimal(str(price)), f"{symbol} costs {price}")

    def delay(self, endpoint: str, seconds: int) -> None:
        """Let an endpoint answer late, until healed."""
        self.fault(endpoint, latency_ms=seconds * 1000)

    def fault(self, endpoint: str, **what: Any) -> None:
        """Let an endpoint answer late (``latency_ms``) or with an ``error``, for so many ``times`` or until healed."""
        self.ask("PUT", "/faults", {"endpoint": endpoint, **what})

    def takes(self, order_type: str) -> bool:
        """Return whether orders of that type can be placed."""
        request = urllib.request.Request(f"{self._market}/api/v3/exchangeInfo?symbol=BTCUSDT")  # noqa: S310
        return order_type in _answer(request)["symbols"][0]["orderTypes"]

    def struck(self) -> bool:
        """Return whether every fault that was set for a number of times has happened so often."""
        return not self.ask("GET", "/faults")

    def heal(self) -> None:
        """Let every endpoint answer at once."""
        self.ask("DELETE", "/faults")

    def _price(self, symbol: str) -> Decimal:
        return Decimal(self.ask("GET", "/status")["prices"][symbol])

    def _answers(self) -> bool:
        try:
            return bool(self.ask("GET", "/status"))
        except OSError:
            return False

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request to the operator's port."""
        data = None if body is None else json.dumps(body).encode()
        return _answer(urllib.request.Request(f"{self._control}{path}", data=data, method=method))  # noqa: S310

    def trade(self, method: str, path: str, account: Account, **fields: Any) -> Any:
        """Send a signed request to the market, as somebody does who holds the account's key."""
        query = urllib.parse.urlencode({**fields, "timestamp": int(time.time() * 1000)})
        signature = hmac.new(account.secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        url = f"{self._market}{path}?{query}&signature={signature}"
        headers = {"X-MBX-APIKEY": account.key}
        return _answer(urllib.request.Request(url, headers=headers, method=method))  # noqa: S310


class Account:
    """An account with money in it, and what happened there."""

    def __init__(self, exchange: Exchange, name: str, **balances: str) -> None:
        self._exchange, self._name = exchange, name
        made = exchange.ask("POST", "/accounts", {"name": name, "balances": balances})
        self.key, self.secret = str(made["api_key"]), str(made["secret"])

    def orders(self, symbol: str | None = None) -> list[Json]:
        """Return all orders, oldest first."""
        orders = self._exchange.ask("GET", f"/accounts/{self._name}/orders")
        return [order for order in orders if symbol in {None, order["symbol"]}]

    def resting(self, symbol: str | None = None) -> list[Json]:
        """Return the orders that may still be filled."""
        return [order for order in self.orders(symbol) if order["status"] in {"NEW", "PARTIALLY_FILLED"}]

    def holds(self, asset: str) -> Decimal:
        """Return how much of an asset there is, locked or not."""
        balance = self._exchange.ask("GET", f"/accounts/{self._name}")["balances"].get(asset, {})
        return sum((Decimal(amount) for amount in balance.values()), Decimal(0))

    def deposit(self, asset: str, amount: str) -> None:
        """Bring coins in that no order bought."""
        self._exchange.ask("POST", f"/accounts/{self._name}/deposits", {"asset": asset, "amount": amount})

    def sell_by_hand(self, symbol: str, quantity: float) -> Json:
        """Sell at the market behind the bot's back."""
        fields = {"symbol": symbol, "side": "SELL", "type": "MARKET", "quantity": quantity}
        answer: Json = self._exchange.trade("POST", "/api/v3/order", self, **fields)
        return answer

    def cancel_by_hand(self, symbol: str) -> None:
        """Cancel everything that rests on a pair behind the bot's back."""
        for order in self.resting(symbol):
            self._exchange.trade("DELETE", "/api/v3/order", self, symbol=symbol, orderId=order["orderId"])


def _answer(request: urllib.request.Request) -> Any:
    with _OPENER.open(request, timeout=10) as response:
        return json.load(response)
