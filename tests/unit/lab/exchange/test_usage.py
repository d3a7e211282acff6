"""What an answer tells about rate limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lab.exchange.params import Params
from lab.exchange.usage import weight

if TYPE_CHECKING:
    import ccxt

    from tests.unit.lab.exchange.harness import Server

USED, ORDERS = "X-MBX-USED-WEIGHT-1M", "X-MBX-ORDER-COUNT-10S"
BTC = "BTC/USDT"


def headers(client: ccxt.binance) -> dict[str, str]:
    """Return the headers of the last answer."""
    return dict(client.last_response_headers or {})


@pytest.mark.parametrize(
    ("endpoint", "query", "expected"),
    [
        ("GET /api/v3/ping", "", 1),
        ("GET /api/v3/exchangeInfo", "", 20),
        ("GET /api/v3/depth", "symbol=BTCUSDT", 5),
        ("GET /api/v3/depth", "symbol=BTCUSDT&limit=101", 25),
        ("GET /api/v3/depth", "symbol=BTCUSDT&limit=1000", 50),
        ("GET /api/v3/depth", "symbol=BTCUSDT&limit=5000", 250),
        ("GET /api/v3/depth", "symbol=BTCUSDT&limit=many", 5),
        ("GET /api/v3/ticker/24hr", "symbol=BTCUSDT", 2),
        ("GET /api/v3/ticker/24hr", "", 80),
        ("GET /api/v3/openOrders", "symbol=BTCUSDT", 6),
        ("GET /api/v3/openOrders", "", 80),
        ("POST /api/v3/order", "symbol=BTCUSDT", 1),
        ("GET /sapi/v1/nobody/knows", "", 1),
    ],
)
def test_a_request_weighs_what_binance_charges(endpoint: str, query: str, expected: int) -> None:
    """Where that is known; 1 otherwise."""
    assert weight(endpoint, Params(query)) == expected


def test_every_answer_tells_the_weight_of_the_minute(server: Server, bot: ccxt.binance) -> None:
    """Refusals and unknown paths included; the next minute begins again."""
    bot.public_get_ping()
    assert headers(bot)[USED] == "1"
    bot.public_get_ticker_24hr()
    assert headers(bot)[USED] == "81"
    for ask in (bot.public_get_klines, bot.public_get_avgprice):
        with pytest.raises(Exception, match="binance"):
            ask({})
    assert headers(bot)[USED] == "84"
    server.time.advance(60)
    bot.public_get_ping()
    assert headers(bot)[USED] == "1"


def test_an_order_tells_how_many_there_were(server: Server, bot: ccxt.binance, key: dict[str, Any]) -> None:
    """Per account and ten seconds; other requests do not tell."""
    for count in ("1", "2"):
        bot.create_order(BTC, "market", "buy", 0.001)
        assert headers(bot)[ORDERS] == count
    other = server.client(server.account("other"))
    other.create_order(BTC, "market", "buy", 0.001)
    assert headers(other)[ORDERS] == "1"
    bot.fetch_balance()
    assert ORDERS not in headers(bot)
    server.time.advance(10)
    bot.create_order(BTC, "market", "buy", 0.001)
    assert headers(bot)[ORDERS] == "1"
