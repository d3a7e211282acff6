"""The endpoints that anyone may ask."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from lab.exchange.book import MAX_LEVELS, Side
from lab.exchange.candles import INTERVALS, aggregate_trade, klines, span, ticker_24h, trades
from lab.exchange.errors import bad_interval
from lab.exchange.markets import MARKETS, exchange_info
from lab.exchange.prices import LISTED_S

if TYPE_CHECKING:
    from lab.exchange.book import Book
    from lab.exchange.core import Exchange
    from lab.exchange.params import Params

MAX_ANSWERS = 1000


def ping(_exchange: Exchange, _params: Params) -> Any:
    """Answer that the exchange is there."""
    return {}


def server_time(exchange: Exchange, _params: Params) -> Any:
    """Tell the time."""
    return {"serverTime": exchange.feed.now_ms()}


def system_status(_exchange: Exchange, _params: Params) -> Any:
    """Answer that there is no maintenance."""
    return {"status": 0, "msg": "normal"}


def info(exchange: Exchange, params: Params) -> Any:
    """Describe the pairs and their filters."""
    return exchange_info(params.symbols(), exchange.feed.now_ms())


def candles(exchange: Exchange, params: Params) -> Any:
    """Return candles."""
    market, interval = params.market(), params.text("interval")
    if interval not in INTERVALS:
        raise bad_interval()
    now_s = exchange.feed.now_s()
    opens = span(
        INTERVALS[interval],
        now_s,
        _up(params.find_whole("startTime")),
        _down(params.find_whole("endTime")),
        params.limit(500, MAX_ANSWERS),
    )
    return klines(exchange.feed.path(market.symbol), market, INTERVALS[interval], opens, now_s)


def day_ticker(exchange: Exchange, params: Params) -> Any:
    """Summarise the last 24 hours."""
    return _one_or_all(params, [_day_ticker(exchange, symbol) for symbol in params.symbols()])


def price_ticker(exchange: Exchange, params: Params) -> Any:
    """Return last prices."""
    symbols = params.symbols()
    prices = [MARKETS[symbol].price_text(exchange.feed.price(symbol)) for symbol in symbols]
    return _one_or_all(
        params, [{"symbol": symbol, "price": price} for symbol, price in zip(symbols, prices, strict=True)]
    )


def book_ticker(exchange: Exchange, params: Params) -> Any:
    """Return the best bids and asks."""
    return _one_or_all(
        params, [{"symbol": symbol, **_best(exchange.engine.book(symbol))} for symbol in params.symbols()]
    )


def depth(exchange: Exchange, params: Params) -> Any:
    """Return the order book: the ladder, and what rests of the accounts' own orders."""
    market, count = params.market(), params.limit(100, MAX_LEVELS)
    exchange.engine.settle()
    book = exchange.engine.book(market.symbol)
    resting: dict[str, Counter[int]] = {"BUY": Counter(), "SELL": Counter()}
    for order in exchange.orders.all_open():
        if order.symbol == market.symbol and order.is_working:
            resting[order.side][market.ticks(order.price)] += int(order.remaining / market.step)
    return {
        "lastUpdateId": exchange.feed.now_s() - LISTED_S,
        "bids": _side(book, "SELL", resting["BUY"], count),
        "asks": _side(book, "BUY", resting["SELL"], count),
    }


def recent_trades(exchange: Exchange, params: Params) -> Any:
    """Return the last public trades."""
    market, count = params.market(), params.limit(500, MAX_ANSWERS)
    now_s = exchange.feed.now_s()
    return trades(exchange.feed.path(market.symbol), market, range(max(LISTED_S, now_s - count + 1), now_s + 1))


def aggregate_trades(exchange: Exchange, params: Params) -> Any:
    """Return public trades by number, by time, or the last ones."""
    market, count = params.market(), params.limit(500, MAX_ANSWERS)
    now_s = exchange.feed.now_s()
    from_id, start, end = (
        params.find_whole("fromId"),
        _up(params.find_whole("startTime")),
        _down(params.find_whole("endTime")),
    )
    last = now_s if end is None else min(end, now_s)
    oldest = last - count + 1 if start is None else start
    first = oldest if from_id is None else LISTED_S + from_id
    first = max(first, LISTED_S)
    seconds = range(first, min(last, first + count - 1) + 1)
    return [aggregate_trade(trade) for trade in trades(exchange.feed.path(market.symbol), market, seconds)]


def _day_ticker(exchange: Exchange, symbol: str) -> dict[str, Any]:
    ticker = ticker_24h(exchange.feed.path(symbol), MARKETS[symbol], exchange.feed.now_s())
    return {**ticker, **_best(exchange.engine.book(symbol))}


def _best(book: Book) -> dict[str, str]:
    bid, ask = book.levels("SELL", 1)[0], book.levels("BUY", 1)[0]
    return {
        "bidPrice": book.market.price_text(bid.ticks),
        "bidQty": book.market.quantity_text(bid.steps),
        "askPrice": book.market.price_text(ask.ticks),
        "askQty": book.market.quantity_text(ask.steps),
    }


def _side(book: Book, side: Side, resting: Counter[int], count: int) -> list[list[str]]:
    """Return what a `side` order meets: the ladder with the resting orders added in."""
    levels = Counter({level.ticks: level.steps for level in book.levels(side, count)})
    levels.update(resting)
    prices = sorted(levels, reverse=side == "SELL")[:count]
    return [[book.market.price_text(ticks), book.market.quantity_text(levels[ticks])] for ticks in prices]


def _one_or_all(params: Params, answers: list[dict[str, Any]]) -> Any:
    return answers[0] if params.find("symbol") else answers


def _up(time_ms: int | None) -> int | None:
    return None if time_ms is None else -(-time_ms // 1000)


def _down(time_ms: int | None) -> int | None:
    return None if time_ms is None else time_ms // 1000


ROUTES = {
    "/api/v3/ping": ping,
    "/api/v3/time": server_time,
    "/api/v3/exchangeInfo": info,
    "/api/v3/klines": candles,
    "/api/v3/ticker/24hr": day_ticker,
    "/api/v3/ticker/price": price_ticker,
    "/api/v3/ticker/bookTicker": book_ticker,
    "/api/v3/depth": depth,
    "/api/v3/trades": recent_trades,
    "/api/v3/aggTrades": aggregate_trades,
    "/sapi/v1/system/status": system_status,
}
