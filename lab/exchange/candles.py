"""Candles of any length, and what is published of them: klines, the 24-hour ticker, trades."""

from __future__ import annotations

from typing import Any, Protocol

from lab.exchange.markets import Market, fixed
from lab.exchange.prices import LISTED_S, SIZES, Candle

INTERVALS = {
    "1m": 60,
    "3m": 180,
    "5m": 300,
    "15m": 900,
    "30m": 1800,
    "1h": 3600,
    "2h": 7200,
    "4h": 14400,
    "6h": 21600,
    "8h": 28800,
    "12h": 43200,
    "1d": 86400,
}
DAY_S = 86400


class Path(Protocol):
    """The source of candles."""

    def price(self, second: int) -> int:
        """Return the price at a second since the epoch."""

    def node(self, size: int, index: int) -> Candle:
        """Return the candle of `size` minutes that is number `index` since the epoch."""

    def part(self, minute: int, first: int, last: int) -> Candle:
        """Return the candle of some seconds of a minute."""


def merge(candles: list[Candle]) -> Candle:
    """Join neighbouring candles into one."""
    return Candle(
        candles[0].open,
        max(candle.high for candle in candles),
        min(candle.low for candle in candles),
        candles[-1].close,
        sum(candle.volume for candle in candles),
        sum(candle.trades for candle in candles),
    )


def window(path: Path, start: int, end: int) -> Candle:
    """Return the candle of the seconds [start, end), from as few pieces as possible."""
    pieces: list[Candle] = []
    while start < end:
        minute, within = divmod(start, 60)
        if within or end - start < 60:
            last = min(59, within + end - start - 1)
            pieces.append(path.part(minute, within, last))
            start += last - within + 1
            continue
        size = next(size for size in SIZES if minute % size == 0 and start + size * 60 <= end)
        pieces.append(path.node(size, minute // size))
        start += size * 60
    return merge(pieces)


def span(interval_s: int, now_s: int, start_s: int | None, end_s: int | None, limit: int) -> range:
    """Return the opening times of the candles that Binance would answer with."""
    newest = now_s if end_s is None else min(end_s, now_s)
    last = newest // interval_s * interval_s
    oldest = LISTED_S if start_s is None else max(start_s, LISTED_S)
    first = -(-oldest // interval_s) * interval_s
    if start_s is None:
        first = max(first, last - (limit - 1) * interval_s)
    return range(first, min(last, first + (limit - 1) * interval_s) + 1, interval_s)


def klines(path: Path, market: Market, interval_s: int, opens: range, now_s: int) -> list[list[Any]]:
    """Return the answer to `GET /api/v3/klines`; the candle that holds `now_s` ends there."""
    return [
        _kline(market, open_s, interval_s, window(path, open_s, min(open_s + interval_s, now_s + 1)))
        for open_s in opens
    ]


def _kline(market: Market, open_s: int, interval_s: int, candle: Candle) -> list[Any]:
    turnover = _turnover(candle)
    places = market.tick_places + market.step_places
    return [
        open_s * 1000,
        market.price_text(candle.open),
        market.price_text(candle.high),
        market.price_text(candle.low),
        market.price_text(candle.close),
        market.quantity_text(candle.volume),
        (open_s + interval_s) * 1000 - 1,
        fixed(turnover, places),
        candle.trades,
        market.quantity_text(candle.volume // 2),
        fixed(turnover // 2, places),
        "0",
    ]


def _turnover(candle: Candle) -> int:
    """Return the volume at the candle's middle price, in ticks times steps: the one column that is an estimate."""
    return candle.volume * (candle.open + candle.high + candle.low + candle.close) // 4


def ticker_24h(path: Path, market: Market, now_s: int) -> dict[str, Any]:
    """Return the answer to `GET /api/v3/ticker/24hr`, but for the best bid and ask."""
    start = max(now_s - DAY_S + 1, LISTED_S)
    candle = window(path, start, now_s + 1)
    turnover = _turnover(candle)
    change = candle.close - candle.open
    return {
        "symbol": market.symbol,
        "priceChange": market.price_text(change) if change >= 0 else "-" + market.price_text(-change),
        "priceChangePercent": f"{100 * change / candle.open:.3f}",
        "weightedAvgPrice": fixed(turnover // max(candle.volume, 1), market.tick_places),
        "prevClosePrice": market.price_text(path.price(start - 1)),
        "lastPrice": market.price_text(candle.close),
        "lastQty": market.quantity_text(_traded(path, now_s).volume),
        "openPrice": market.price_text(candle.open),
        "highPrice": market.price_text(candle.high),
        "lowPrice": market.price_text(candle.low),
        "volume": market.quantity_text(candle.volume),
        "quoteVolume": fixed(turnover, market.tick_places + market.step_places),
        "openTime": start * 1000,
        "closeTime": now_s * 1000,
        "firstId": start - LISTED_S,
        "lastId": now_s - LISTED_S,
        "count": candle.trades,
    }


def _traded(path: Path, second: int) -> Candle:
    minute, within = divmod(second, 60)
    return path.part(minute, within, within)


def trades(path: Path, market: Market, seconds: range) -> list[dict[str, Any]]:
    """Return the public trades of some seconds: one each; together they are the candles' volume."""
    return [_trade(market, second, _traded(path, second)) for second in seconds]


def _trade(market: Market, second: int, traded: Candle) -> dict[str, Any]:
    return {
        "id": second - LISTED_S,
        "price": market.price_text(traded.close),
        "qty": market.quantity_text(traded.volume),
        "quoteQty": fixed(traded.volume * traded.close, market.tick_places + market.step_places),
        "time": second * 1000,
        "isBuyerMaker": bool(second % 2),
        "isBestMatch": True,
    }


def aggregate_trade(trade: dict[str, Any]) -> dict[str, Any]:
    """Return a public trade in the shape of `GET /api/v3/aggTrades`."""
    number = trade["id"]
    return {
        "a": number,
        "p": trade["price"],
        "q": trade["qty"],
        "f": number,
        "l": number,
        "T": trade["time"],
        "m": trade["isBuyerMaker"],
        "M": True,
    }
