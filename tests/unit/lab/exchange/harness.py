"""A running exchange for tests: in a thread with a clock that the test moves, or as a process that can be killed."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import ccxt
import ccxt.async_support
import pytest

from lab.exchange.app import build_app
from lab.exchange.control import build_control
from lab.exchange.core import Exchange, open_exchange
from lab.exchange.feed import wall_clock
from lab.exchange.server import Address, listening
from lab.exchange.signing import sign
from tests.unit.patience import PATIENCE

NOON = int(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp())
ROOT = Path(__file__).parents[4]


class Clock:
    """Milliseconds since the epoch, as the test wants them."""

    def __init__(self, second: int = NOON) -> None:
        self.ms = second * 1000

    def __call__(self) -> int:
        """Return the time."""
        return self.ms

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.ms += round(seconds * 1000)


class Urls:
    """Where an exchange listens, and ways to talk to it."""

    def __init__(self, port: int, control_port: int, clock: Callable[[], int]) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.control_base = f"http://127.0.0.1:{control_port}"
        self.clock = clock

    def options(self, key: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what points ccxt here, as in a bot's configuration."""
        api = {"public": f"{self.base}/api/v3", "private": f"{self.base}/api/v3", "sapi": f"{self.base}/sapi/v1"}
        options: dict[str, Any] = {
            "urls": {"api": api},
            "options": {"fetchMarkets": {"types": ["spot"]}, "warnOnFetchOpenOrdersWithoutSymbol": False},
            "enableRateLimit": False,
        }
        if key:
            options |= {"apiKey": key["api_key"], "secret": key["secret"]}
        return options

    def client(self, key: dict[str, Any] | None = None) -> ccxt.binance:
        """Return ccxt's synchronous client, which signs by the exchange's clock."""
        client = ccxt.binance(self.options(key))
        client.nonce = self.clock
        return client

    def async_client(self, key: dict[str, Any] | None = None) -> ccxt.async_support.binance:
        """Return ccxt's asynchronous client; the caller closes it."""
        client = ccxt.async_support.binance(self.options(key))
        client.nonce = self.clock
        return client

    def get(self, path: str, **params: object) -> tuple[int, Any]:
        """Ask a public endpoint; return status and body."""
        query = urllib.parse.urlencode(params)
        return http("GET", f"{self.base}{path}?{query}")

    def signed(self, method: str, path: str, key: dict[str, Any], **params: object) -> tuple[int, Any]:
        """Ask a signed endpoint with the parameters in the query; return status and body."""
        query = urllib.parse.urlencode({"timestamp": self.clock(), **params})
        url = f"{self.base}{path}?{query}&signature={sign(key['secret'], query)}"
        return http(method, url, headers={"X-MBX-APIKEY": key["api_key"]})

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Use the operator's port, which must agree."""
        status, answer = self.try_control(method, path, body)
        assert status < 300, answer
        return answer

    def try_control(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Use the operator's port; return status and body."""
        return http(method, self.control_base + path, None if body is None else json.dumps(body).encode())

    def account(self, name: str = "bot", **body: Any) -> dict[str, Any]:
        """Open an account with 10,000 USDT, or as told; return its key."""
        key: dict[str, Any] = self.control("POST", "/accounts", {"name": name, "balances": {"USDT": "10000"}, **body})
        return key

    def hold(self, symbol: str, price: float | str) -> None:
        """Let a pair stand at a price from the next second on."""
        self.control("PUT", f"/prices/{symbol}", {"price": price})

    def fault(self, **body: Any) -> dict[str, Any]:
        """Let requests fail; return the fault."""
        fault: dict[str, Any] = self.control("PUT", "/faults", body)
        return fault

    def script(self, symbol: str, *points: list[Any], mode: str = "linear") -> None:
        """Lay a price script over a pair."""
        self.control("PUT", f"/scripts/{symbol}", {"points": list(points), "mode": mode})


class Server(Urls):
    """An exchange in a thread of this process."""

    def __init__(self, state: Path, seed: int = 1) -> None:
        self.time = Clock()
        self._state, self._seed = state, seed
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ports = (0, 0)
        self.exchange: Exchange
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(PATIENCE), "the exchange did not start"
        super().__init__(*self._ports, self.time)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the exchange did not stop"
        self._loop.close()

    def tasks(self) -> int:
        """Return how many tasks are going on in the exchange."""
        return len(asyncio.all_tasks(self._loop))

    def break_down(self) -> None:
        """Close the state file under the exchange's feet."""
        self._loop.call_soon_threadsafe(self.exchange.store.close)

    async def _serve(self) -> None:
        exchange, anywhere = open_exchange(self._state, self._seed, self.time), Address("127.0.0.1", 0)
        async with (
            listening(build_app(exchange), anywhere) as port,
            listening(build_control(exchange), anywhere) as control_port,
        ):
            self.exchange, self._ports = exchange, (port, control_port)
            self._ready.set()
            await self._stop.wait()
        exchange.store.close()


class Process(Urls):
    """An exchange in a process of its own, on the real clock."""

    def __init__(self, process: subprocess.Popen[str], port: int, control_port: int) -> None:
        super().__init__(port, control_port, wall_clock)
        self._process = process

    def kill(self) -> None:
        """End the process as a crash would."""
        self._process.kill()
        self._process.wait(PATIENCE)

    def stop(self) -> int:
        """Ask the process to end; return its code."""
        self._process.terminate()
        return self._process.wait(PATIENCE)


@contextmanager
def process(state: Path, *options: str) -> Iterator[Process]:
    """Run `python -m lab.exchange` while inside."""
    argv = [sys.executable, "-m", "lab.exchange", "--port", "0", "--control-port", "0", "--state", str(state), *options]
    with subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stderr is not None
            line = running.stderr.readline()
            found = re.search(r"exchange on 127\.0\.0\.1:(\d+), control on 127\.0\.0\.1:(\d+)", line)
            assert found, line + running.stderr.read()
            yield Process(running, int(found[1]), int(found[2]))
        finally:
            running.kill()


@contextmanager
def refused(expected: type[Exception], match: str | None = None) -> Iterator[None]:
    """Expect this very exception of ccxt, not one of its kind: Freqtrade tells them apart."""
    with pytest.raises(expected, match=match) as refusal:
        yield
    assert refusal.type is expected


def http(method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """Send a request to a loopback address; return status and decoded body."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - loopback
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
