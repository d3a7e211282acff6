"""How a fault answers, and which exception ccxt makes of it."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import ccxt
import pytest

from tests.unit.lab.exchange.harness import http, process, refused
from tests.unit.patience import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.lab.exchange.harness import Server

PING = "/api/v3/ping"
PLACING = "POST /api/v3/order"
BTC = "BTC/USDT"
BANNED = "This account may not place or cancel orders."


def bugs(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the exchange, or aiohttp under it, logged as an error of its own."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"status": 429, "code": -1003}, ccxt.DDoSProtection),
        ({"status": 418, "code": -1003}, ccxt.DDoSProtection),
        ({"status": 400, "code": -1003}, ccxt.RateLimitExceeded),
        ({"status": 400, "code": -1015}, ccxt.RateLimitExceeded),
        ({"status": 503}, ccxt.OperationFailed),
        ({"status": 503, "code": 0}, ccxt.ExchangeNotAvailable),
        ({"status": 403, "code": 0}, ccxt.ExchangeNotAvailable),
        ({"status": 504, "code": 0}, ccxt.RequestTimeout),
        ({"code": -1007}, ccxt.RequestTimeout),
        ({"status": 400, "code": -1021}, ccxt.InvalidNonce),
        ({"status": 401, "code": -1002}, ccxt.AuthenticationError),
        ({"status": 400, "code": -2010, "msg": BANNED}, ccxt.PermissionDenied),
        ({"status": 400, "code": -1121}, ccxt.BadSymbol),
    ],
)
def test_ccxt_sees_the_failures_of_a_real_exchange(
    server: Server, error: dict[str, Any], expected: type[Exception]
) -> None:
    """The exact classes that ccxt 4.5.90 raises; Freqtrade waits, retries or gives up by them."""
    server.fault(endpoint="GET /api/v3/time", error=error)
    with refused(expected):
        server.client().fetch_time()


def test_an_error_tells_when_to_come_back(server: Server) -> None:
    """In Binance's header, together with the weight that was used."""
    server.fault(endpoint=f"GET {PING}", error={"status": 429, "code": -1003, "msg": "Too many.", "retry_after": 17})
    client = server.client()
    with refused(ccxt.DDoSProtection, match="Too many"):
        client.public_get_ping()
    headers = client.last_response_headers or {}
    assert (headers["Retry-After"], headers["X-MBX-USED-WEIGHT-1M"]) == ("17", "1")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("timeout", ccxt.RequestTimeout), ("half", ccxt.NetworkError), ("reset", ccxt.NetworkError)],
)
@pytest.mark.parametrize("after", [False, True])
def test_an_answer_breaks_off(
    server: Server,
    bot: ccxt.binance,
    answer: str,
    expected: type[Exception],
    after: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The order was placed, or was not: the client cannot tell until it asks."""
    bot.load_markets()
    bot.timeout = 300
    server.fault(endpoint=PLACING, answer=answer, after=after, times=1)
    with refused(expected):
        bot.create_order(BTC, "market", "buy", 0.01, params={"newClientOrderId": "mine"})
    bot.timeout = 10_000
    assert bugs(caplog) == []
    if after:
        assert bot.fetch_order("", BTC, {"clientOrderId": "mine"})["status"] == "closed"
    else:
        with refused(ccxt.OrderNotFound):
            bot.fetch_order("", BTC, {"clientOrderId": "mine"})


def test_an_error_may_come_after_the_order_was_placed(server: Server, bot: ccxt.binance) -> None:
    """The worst case: the client is told that it failed. A part of it may be filled, too."""
    server.hold("BTCUSDT", 60000)
    server.time.advance(1)
    server.fault(account="bot", side="BUY", partial="0.5", error={"status": 503, "code": -1006}, after=True, times=1)
    with refused(ccxt.OperationFailed):
        bot.create_order(BTC, "limit", "buy", 0.01, 70000)
    [order] = bot.fetch_open_orders(BTC)
    assert order["filled"] == 0.005


def test_a_fault_hides_a_refusal(server: Server, bot: ccxt.binance) -> None:
    """What was refused was not executed, and the client learns neither."""
    server.fault(endpoint=PLACING, error={"status": 502, "code": 0}, after=True)
    with refused(ccxt.ExchangeNotAvailable):
        bot.create_order(BTC, "market", "sell", 1)
    assert server.control("GET", "/accounts/bot/orders") == []


def test_half_an_answer_is_half_of_the_truth(server: Server, bot: ccxt.binance) -> None:
    """When the request was executed: its first half arrives, and the length that was promised does not."""
    whole = server.get("/api/v3/exchangeInfo")
    server.fault(endpoint="GET /api/v3/exchangeInfo", answer="half", after=True, times=1)
    with refused(ccxt.NetworkError):
        bot.load_markets()
    assert server.get("/api/v3/exchangeInfo") == whole


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("timeout", ccxt.RequestTimeout), ("half", ccxt.ExchangeError), ("reset", ccxt.ExchangeNotAvailable)],
)
def test_the_asynchronous_client_sees_the_same(
    server: Server, key: dict[str, Any], answer: str, expected: type[Exception]
) -> None:
    """It fetches candles. What breaks off has other names there, and half an answer is no network error to it."""

    async def ask() -> None:
        client = server.async_client(key)
        client.timeout = 300
        try:
            with refused(expected):
                await client.fetch_time()
        finally:
            await client.close()

    server.fault(endpoint="GET /api/v3/time", answer=answer)
    asyncio.run(ask())


def test_who_gives_up_leaves_nothing_behind(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Requests that are never answered end with their clients, whom nothing else keeps waiting."""
    client = server.client()
    client.timeout = 200
    server.get(PING)
    before = server.tasks()
    server.fault(endpoint="GET /api/v3/time", answer="timeout")
    for _ in range(5):
        with refused(ccxt.RequestTimeout):
            client.fetch_time()
    assert server.get(PING)[0] == 200
    deadline = time.monotonic() + PATIENCE
    while server.tasks() > before:
        assert time.monotonic() < deadline, "requests of clients that went away are still waiting"
        time.sleep(0.05)
    assert bugs(caplog) == []


def test_silence_does_not_keep_the_exchange_from_stopping(tmp_path: Path) -> None:
    """SIGTERM ends it while a client waits for an answer that never comes."""
    with process(tmp_path / "state") as running:
        running.fault(endpoint=f"GET {PING}", answer="timeout")
        seen: list[type[BaseException]] = []

        def wait() -> None:
            try:
                http("GET", running.base + PING)
            except OSError as error:
                seen.append(type(error))

        waiting = threading.Thread(target=wait)
        waiting.start()
        while running.control("GET", "/faults")[0]["hits"] == 0:
            time.sleep(0.02)
        assert running.stop() == 0
        waiting.join(PATIENCE)
        assert len(seen) == 1
