"""An exchange of the suite's own: the lab's is used by others, who must not meet our prices and faults."""

from __future__ import annotations

import json
import urllib.request
from decimal import Decimal
from typing import Any

from lab.ports import LOOPBACK
from tests.contract.polling import eventually
from tests.contract.stack import Stack, free_port

TICKERS = "GET /api/v3/ticker/24hr"
PRICES = {"BTCUSDT": 67000, "ETHUSDT": 3300, "SOLUSDT": 160, "XRPUSDT": 2, "BNBUSDT": 620, "LTCUSDT": 100}
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Exchange:
    """The lab's exchange in a container of its own, its prices at rest until a test moves them."""

    def __init__(self, stack: Stack) -> None:
        address, port = stack.address(), free_port()
        self.url = f"http://{address}:8080"
        self._control = f"http://{LOOPBACK}:{port}"
        every = "0.0.0.0"  # noqa: S104  inside its container; published on loopback only
        command = ["--listen", every, "--control-listen", every, "--control-port", "8081", "--state", "/tmp/state"]  # noqa: S108
        stack.run(stack.exchange_image, address, command=command, ports={"8081/tcp": (LOOPBACK, port)}, init=True)
        eventually(self._answers, "the exchange answers")
        for symbol, price in PRICES.items():
            self.move(symbol, price)

    def move(self, symbol: str, price: float) -> None:
        """Let a price jump, and stay where it is then."""
        self._ask("PUT", f"/scripts/{symbol}", {"mode": "step", "points": [[0, price]]})
        eventually(lambda: self._price(symbol) == Decimal(str(price)), f"{symbol} costs {price}")

    def delay(self, endpoint: str, seconds: int) -> None:
        """Let an endpoint answer late, until healed."""
        self._ask("PUT", "/faults", {"endpoint": endpoint, "latency_ms": seconds * 1000})

    def heal(self) -> None:
        """Let every endpoint answer at once."""
        self._ask("DELETE", "/faults")

    def _price(self, symbol: str) -> Decimal:
        return Decimal(self._ask("GET", "/status")["prices"][symbol])

    def _answers(self) -> bool:
        try:
            return bool(self._ask("GET", "/status"))
        except OSError:
            return False

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._control}{path}", data=data, method=method)  # noqa: S310
        with _OPENER.open(request, timeout=10) as response:
            return json.load(response)
