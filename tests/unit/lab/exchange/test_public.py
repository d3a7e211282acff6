"""What anyone may ask, asked by ccxt and, where ccxt is too kind, by hand."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import ccxt
import pytest

from lab.exchange.candles import INTERVALS
from lab.exchange.markets import MARKETS
from lab.exchange.prices import LISTED_S
from tests.unit.lab.exchange.harness import NOON, refused

if TYPE_CHECKING:
    from tests.unit.lab.exchange.harness import Server

KLINES = "/api/v3/klines"
BTC = {"symbol": "BTCUSDT"}
HOUR_MS = 3_600_000


def test_ccxt_loads_the_markets(server: Server) -> None:
    """With precision, limits and fees as Freqtrade needs them."""
    markets = server.client().load_markets()
    assert sorted(market["id"] for market in markets.values()) == sorted(MARKETS)
    btc = markets["BTC/USDT"]
    assert (btc["active"], btc["spot"], btc["type"]) == (True, True, "spot")
    assert (btc["precision"]["price"], btc["precision"]["amount"]) == (0.01, 0.00001)
    assert (btc["limits"]["cost"]["min"], btc["taker"]) == (5, 0.001)


def test_ccxt_reads_candles_tickers_and_book(server: Server) -> None:
    """The synchronous client, as Freqtrade uses it."""
    client = server.client()
    candles = client.fetch_ohlcv("BTC/USDT", "1m", limit=10)
    ticker = client.fetch_ticker("BTC/USDT")
    book = client.fetch_l2_order_book("BTC/USDT", 20)
    assert [candle[0] for candle in candles] == [(NOON - 60 * i) * 1000 for i in reversed(range(10))]
    assert candles[-1][4] == ticker["last"]
    assert ticker["bid"] == book["bids"][0][0] < ticker["last"] < book["asks"][0][0] == ticker["ask"]
    assert [len(book["bids"]), len(book["asks"])] == [20, 20]
    assert set(client.fetch_tickers()) == {f"{market.base}/USDT" for market in MARKETS.values()}
    assert set(client.fetch_tickers(["ETH/USDT", "ADA/USDT"])) == {"ETH/USDT", "ADA/USDT"}
    assert client.fetch_bids_asks(["BTC/USDT"])["BTC/USDT"]["ask"] == ticker["ask"]
    assert client.fetch_last_prices(["BTC/USDT"])["BTC/USDT"]["price"] == ticker["last"]
    assert client.fetch_time() == NOON * 1000
    assert client.fetch_status()["status"] == "ok"


def test_ccxt_reads_public_trades(server: Server) -> None:
    """By time and by number, as Freqtrade pages through them."""
    client = server.client()
    last = client.fetch_trades("BTC/USDT", limit=3)
    since = client.fetch_trades("BTC/USDT", since=(NOON - 3) * 1000, limit=2)
    by_id = client.fetch_trades("BTC/USDT", limit=2, params={"fromId": last[0]["id"]})
    assert [trade["timestamp"] for trade in last] == [(NOON - 2) * 1000, (NOON - 1) * 1000, NOON * 1000]
    assert [trade["timestamp"] for trade in since] == [(NOON - 3) * 1000, (NOON - 2) * 1000]
    assert [trade["id"] for trade in by_id] == [last[0]["id"], last[1]["id"]]
    raw = client.fetch_trades("BTC/USDT", limit=3, params={"fetchTradesMethod": "publicGetTrades"})
    assert [trade["id"] for trade in raw] == [trade["id"] for trade in last]


def test_ccxt_works_asynchronously(server: Server) -> None:
    """The client that Freqtrade fetches candles with, many at once."""

    async def ask() -> list[Any]:
        client = server.async_client()
        try:
            await client.load_markets()
            return await asyncio.gather(*(client.fetch_ohlcv(symbol, "5m", limit=1000) for symbol in client.symbols))
        finally:
            await client.close()

    answers = asyncio.run(ask())
    assert [len(candles) for candles in answers] == [1000] * len(MARKETS)


@pytest.mark.parametrize("interval", sorted(INTERVALS))
def test_candles_are_aligned_and_joined(server: Server, interval: str) -> None:
    """At every interval, with numbers as numbers and amounts as text."""
    server.time.advance(90)
    candles = server.get(KLINES, **BTC, interval=interval, limit=50)[1]
    length_ms = INTERVALS[interval] * 1000
    assert len(candles) == 50
    assert all(isinstance(candle[0], int) and candle[0] % length_ms == 0 for candle in candles)
    assert all(candle[6] == candle[0] + length_ms - 1 for candle in candles)
    assert all(later[0] - earlier[0] == length_ms for earlier, later in pairwise(candles))
    assert all(later[1] == earlier[4] for earlier, later in pairwise(candles))
    assert all(isinstance(field, str) for candle in candles for field in (*candle[1:6], candle[7]))


def test_the_last_candle_is_open_and_moves(server: Server) -> None:
    """It closes at the live price, and grows until it is whole."""
    seen = []
    for _ in range(6):
        candle = server.get(KLINES, **BTC, interval="1m", limit=1)[1][0]
        assert candle[4] == server.get("/api/v3/ticker/price", **BTC)[1]["price"]
        seen.append(candle)
        server.time.advance(10)
    assert {candle[0] for candle in seen} == {NOON * 1000}
    assert len({candle[4] for candle in seen}) > 3
    volumes = [float(candle[5]) for candle in seen]
    assert volumes == sorted(volumes)


@pytest.mark.parametrize(
    ("params", "first_ms", "count"),
    [
        ({"limit": 3}, (NOON - 2 * 3600) * 1000, 3),
        ({}, (NOON - 499 * 3600) * 1000, 500),
        ({"limit": 5000}, (NOON - 999 * 3600) * 1000, 1000),
        ({"startTime": 0, "limit": 2}, LISTED_S * 1000, 2),
        ({"startTime": NOON * 1000 - 5 * HOUR_MS + 1}, NOON * 1000 - 4 * HOUR_MS, 5),
        ({"startTime": NOON * 1000 - 5 * HOUR_MS, "endTime": NOON * 1000 - 3 * HOUR_MS}, NOON * 1000 - 5 * HOUR_MS, 3),
        ({"endTime": NOON * 1000 - 1, "limit": 2}, NOON * 1000 - 2 * HOUR_MS, 2),
        ({"startTime": (NOON + 60) * 1000}, None, 0),
        ({"endTime": 0}, None, 0),
    ],
)
def test_candles_come_from_where_they_are_asked(
    server: Server, params: dict[str, int], first_ms: int | None, count: int
) -> None:
    """By start, by end, by both or by neither, as Binance does."""
    candles = server.get(KLINES, **BTC, interval="1h", **params)[1]
    assert (candles[0][0] if candles else None, len(candles)) == (first_ms, count)


def test_the_day_ticker_sums_up_the_day(server: Server) -> None:
    """It covers 86,400 seconds and agrees with the candles of that time."""
    ticker = server.get("/api/v3/ticker/24hr", **BTC)[1]
    minutes = server.get(KLINES, **BTC, interval="1h", limit=25)[1]
    assert ticker["closeTime"] - ticker["openTime"] == 86_399_000
    assert ticker["count"] > 0
    assert float(ticker["highPrice"]) <= max(float(candle[2]) for candle in minutes)
    assert float(ticker["priceChange"]) == pytest.approx(float(ticker["lastPrice"]) - float(ticker["openPrice"]))
    assert float(ticker["quoteVolume"]) / float(ticker["volume"]) == pytest.approx(float(ticker["weightedAvgPrice"]))


def test_turnover_ranks_the_pairs(server: Server) -> None:
    """VolumePairList sorts by it."""
    tickers = server.get("/api/v3/ticker/24hr")[1]
    ranked = sorted(tickers, key=lambda ticker: -float(ticker["quoteVolume"]))
    assert [ticker["symbol"] for ticker in ranked[:3]] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        (KLINES, {"symbol": "NOPEUSDT", "interval": "1m"}, 400, -1121),
        (KLINES, {"interval": "1m"}, 400, -1102),
        (KLINES, {"symbol": "", "interval": "1m"}, 400, -1102),
        (KLINES, BTC, 400, -1102),
        (KLINES, {**BTC, "interval": "7m"}, 400, -1120),
        (KLINES, {**BTC, "interval": "1m", "limit": "ten"}, 400, -1100),
        (KLINES, {**BTC, "interval": "1m", "limit": 0}, 400, -1130),
        (KLINES, {**BTC, "interval": "1m", "startTime": -1}, 400, -1100),
        ("/api/v3/depth", {}, 400, -1102),
        ("/api/v3/ticker/24hr", {"symbol": "btcusdt"}, 400, -1121),
        ("/api/v3/ticker/price", {"symbols": '["BTCUSDT","NOPE"]'}, 400, -1121),
        ("/api/v3/ticker/price", {"symbols": "BTCUSDT"}, 400, -1100),
        ("/api/v3/avgPrice", BTC, 404, -5000),
        ("/fapi/v1/exchangeInfo", {}, 404, -5000),
        ("/", {}, 404, -5000),
    ],
)
def test_refusals_have_binances_codes(
    server: Server, path: str, params: dict[str, object], status: int, code: int
) -> None:
    """Nothing that this exchange does not have is ever answered with 200."""
    answer = server.get(path, **params)
    assert (answer[0], answer[1]["code"]) == (status, code)
    assert answer[1]["msg"]


def test_unknown_paths_are_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """So that a new release of ccxt that asks for more is noticed."""
    server.get("/api/v3/uiKlines", **BTC)
    assert "unknown path: GET /api/v3/uiKlines" in caplog.text


def test_ccxt_understands_the_refusals(server: Server) -> None:
    """The exceptions that Freqtrade reacts to."""
    client = server.client()
    client.load_markets()
    with refused(ccxt.BadSymbol):
        client.public_get_klines({"symbol": "NOPE", "interval": "1m"})
    with refused(ccxt.BadRequest):
        client.public_get_klines(BTC)
    with refused(ccxt.ExchangeError):
        client.public_get_avgprice(BTC)
