"""The pairs that are traded here, their filters, and `exchangeInfo`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any

PLACES = 8
FEE_RATE = Decimal("0.001")
MIN_NOTIONAL = Decimal(5)
MAX_ORDERS = 200
MAX_STOPS = 5
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
_UNIT = Decimal(1).scaleb(-PLACES)


@dataclass(frozen=True, slots=True)
class Market:
    """One pair. Prices are counted in ticks, quantities in steps: whole numbers, hence exact."""

    base: str
    quote: str
    base_price: Decimal
    tick_places: int
    step_places: int
    half_spread: int
    daily_turnover: int

    @property
    def symbol(self) -> str:
        """Return the name without a slash, as Binance writes it."""
        return self.base + self.quote

    @property
    def tick(self) -> Decimal:
        """Return the smallest price difference."""
        return Decimal(1).scaleb(-self.tick_places)

    @property
    def step(self) -> Decimal:
        """Return the smallest quantity difference."""
        return Decimal(1).scaleb(-self.step_places)

    @property
    def base_ticks(self) -> int:
        """Return the price around which the path moves, in ticks."""
        return int(self.base_price.scaleb(self.tick_places))

    @property
    def max_price(self) -> Decimal:
        """Return the highest price that an order may name."""
        return self.base_price.quantize(Decimal(1), rounding="ROUND_UP") * 100

    @property
    def max_quantity(self) -> Decimal:
        """Return the largest quantity that an order may name."""
        return (Decimal(50_000_000) / self.base_price).quantize(Decimal(1), rounding="ROUND_UP")

    def price(self, ticks: int) -> Decimal:
        """Turn ticks into a price."""
        return Decimal(ticks).scaleb(-self.tick_places)

    def quantity(self, steps: int) -> Decimal:
        """Turn steps into a quantity."""
        return Decimal(steps).scaleb(-self.step_places)

    def ticks(self, price: Decimal) -> int:
        """Turn a price into ticks, rounded to the nearest one."""
        return int(price.scaleb(self.tick_places).to_integral_value())

    def price_text(self, ticks: int) -> str:
        """Write ticks the way Binance writes a price."""
        return fixed(ticks, self.tick_places)

    def quantity_text(self, steps: int) -> str:
        """Write steps the way Binance writes a quantity."""
        return fixed(steps, self.step_places)


def fixed(number: int, places: int) -> str:
    """Write `number` / 10**places with eight decimals."""
    whole, fraction = divmod(number * 10 ** (PLACES - places), 10**PLACES)
    return f"{whole}.{fraction:08d}"


def plain(amount: Decimal) -> str:
    """Write an amount with eight decimals; an amount that needs more is a mistake of ours and raises."""
    return f"{amount.quantize(_UNIT, context=_EXACT):f}"


def _market(base: str, price: str, tick_places: int, step_places: int, half_spread: int, daily_turnover: int) -> Market:
    return Market(base, "USDT", Decimal(price), tick_places, step_places, half_spread, daily_turnover)


_ALL = (
    _market("BTC", "67000.00", 2, 5, 50, 1_800_000_000),
    _market("ETH", "3300.00", 2, 4, 3, 1_100_000_000),
    _market("SOL", "160.00", 2, 3, 1, 500_000_000),
    _market("XRP", "2.2000", 4, 1, 1, 350_000_000),
    _market("BNB", "620.00", 2, 3, 1, 200_000_000),
    _market("DOGE", "0.18000", 5, 0, 1, 150_000_000),
    _market("ADA", "0.6500", 4, 1, 1, 90_000_000),
    _market("LTC", "95.00", 2, 3, 1, 60_000_000),
    _market("LINK", "18.00", 2, 2, 1, 55_000_000),
    _market("AVAX", "32.00", 2, 2, 1, 50_000_000),
    _market("DOT", "6.500", 3, 2, 1, 40_000_000),
    _market("TRX", "0.1600", 4, 1, 1, 35_000_000),
)
MARKETS = {market.symbol: market for market in _ALL}
ASSETS = (*(market.base for market in _ALL), "USDT")


def exchange_info(symbols: list[str], now_ms: int) -> dict[str, Any]:
    """Return the answer to `GET /api/v3/exchangeInfo`."""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
            {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200000},
        ],
        "exchangeFilters": [],
        "symbols": [_symbol_info(MARKETS[symbol]) for symbol in symbols],
    }


def _symbol_info(market: Market) -> dict[str, Any]:
    return {
        "symbol": market.symbol,
        "status": "TRADING",
        "baseAsset": market.base,
        "baseAssetPrecision": PLACES,
        "quoteAsset": market.quote,
        "quotePrecision": PLACES,
        "quoteAssetPrecision": PLACES,
        "baseCommissionPrecision": PLACES,
        "quoteCommissionPrecision": PLACES,
        "orderTypes": ["LIMIT", "MARKET", "STOP_LOSS_LIMIT"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(market),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": ["NONE"],
    }


def _filters(market: Market) -> list[dict[str, Any]]:
    tick, step = plain(market.tick), plain(market.step)
    most = plain(market.max_quantity)
    return [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": plain(market.max_price), "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": step, "maxQty": most, "stepSize": step},
        {"filterType": "MARKET_LOT_SIZE", "minQty": plain(Decimal(0)), "maxQty": most, "stepSize": plain(Decimal(0))},
        {
            "filterType": "NOTIONAL",
            "minNotional": plain(MIN_NOTIONAL),
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 0,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": MAX_ORDERS},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": MAX_STOPS},
    ]
