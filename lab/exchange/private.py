"""The endpoints that need a signature."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from lab.exchange import orderform
from lab.exchange.engine import WHOLE
from lab.exchange.errors import missing, no_such_order, unknown_order_sent
from lab.exchange.ledger import Balance
from lab.exchange.markets import ASSETS, FEE_RATE, MARKETS, PLACES, plain
from lab.exchange.shapes import cancelled_shape, fill_shape, order_shape, placed_shape

if TYPE_CHECKING:
    from lab.exchange.core import Exchange
    from lab.exchange.ledger import Key
    from lab.exchange.orders import Fill, Order
    from lab.exchange.params import Params

ZERO = plain(0 * FEE_RATE)
MAX_ANSWERS = 1000


def account(exchange: Exchange, key: Key, params: Params) -> Any:
    """Return the account's balances."""
    balances = exchange.ledger.balances(key.account_id)
    shown = {asset: balance for asset, balance in balances.items() if balance.free or balance.locked}
    if params.find("omitZeroBalances") != "true":
        shown = {
            asset: balances.get(asset, Balance(0 * FEE_RATE, 0 * FEE_RATE)) for asset in sorted({*ASSETS, *balances})
        }
    commission = plain(FEE_RATE)
    return {
        "makerCommission": 10,
        "takerCommission": 10,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {"maker": commission, "taker": commission, "buyer": ZERO, "seller": ZERO},
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": exchange.ledger.updated_ms(key.account_id),
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": plain(balance.free), "locked": plain(balance.locked)}
            for asset, balance in shown.items()
        ],
        "permissions": ["SPOT"],
        "uid": key.account_id,
    }


def place_order(exchange: Exchange, key: Key, params: Params, fraction: Decimal = WHOLE) -> Any:
    """Place an order."""
    return place_for(exchange, key.account_id, params, fraction)


def place_for(exchange: Exchange, account_id: int, params: Params, fraction: Decimal = WHOLE) -> dict[str, Any]:
    """Place an order for an account, without a key; matching executes a fraction of it at most."""
    market = params.market()
    form = orderform.read(params, market.price(exchange.feed.price(market.symbol)))
    return placed_shape(*exchange.engine.place(account_id, form, fraction))


def show_order(exchange: Exchange, key: Key, params: Params) -> Any:
    """Return one order."""
    order = exchange.orders.find(key.account_id, params.market().symbol, *_which(params))
    if order is None:
        raise no_such_order()
    return order_shape(order)


def cancel_order(exchange: Exchange, key: Key, params: Params) -> Any:
    """Cancel one order."""
    order = exchange.engine.cancel(key.account_id, params.market().symbol, *_which(params))
    return cancelled_shape(order, orderform.client_id(params, "newClientOrderId"))


def open_orders(exchange: Exchange, key: Key, params: Params) -> Any:
    """Return the open orders, of one pair or of all."""
    symbol = params.market().symbol if params.find("symbol") else None
    return [order_shape(order) for order in exchange.orders.open_of(key.account_id, symbol)]


def cancel_open_orders(exchange: Exchange, key: Key, params: Params) -> Any:
    """Cancel all open orders of a pair."""
    symbol = params.market().symbol
    orders = exchange.orders.open_of(key.account_id, symbol)
    if not orders:
        raise unknown_order_sent()
    cancelled = [exchange.engine.cancel(key.account_id, symbol, order.id, None) for order in orders]
    return [cancelled_shape(order, orderform.client_id(params, "newClientOrderId")) for order in cancelled]


def all_orders(exchange: Exchange, key: Key, params: Params) -> Any:
    """Return the orders of a pair: the last ones, or the first from a number or a time on."""
    orders = exchange.orders.of_account(key.account_id, params.market().symbol)
    return [order_shape(order) for order in _page(params, orders, "orderId", lambda order: order.created_ms)]


def my_trades(exchange: Exchange, key: Key, params: Params) -> Any:
    """Return the fills of a pair: the last ones, or the first from a number or a time on."""
    fills = exchange.orders.fills_of(key.account_id, params.market().symbol, params.find_whole("orderId"))
    return [fill_shape(fill) for fill in _page(params, fills, "fromId", lambda fill: fill.time_ms)]


def commission(_exchange: Exchange, _key: Key, params: Params) -> Any:
    """Return the fees of a pair."""
    rates = {"maker": plain(FEE_RATE), "taker": plain(FEE_RATE), "buyer": ZERO, "seller": ZERO}
    none = dict.fromkeys(rates, ZERO)
    discount = {"enabledForAccount": False, "enabledForSymbol": False, "discountAsset": "BNB", "discount": ZERO}
    return {"symbol": params.market().symbol, "standardCommission": rates, "taxCommission": none, "discount": discount}


def trade_fee(_exchange: Exchange, _key: Key, params: Params) -> Any:
    """Return the fees of all pairs, or of one."""
    rate = str(FEE_RATE)
    return [{"symbol": symbol, "makerCommission": rate, "takerCommission": rate} for symbol in params.symbols()]


def coins(exchange: Exchange, key: Key, _params: Params) -> Any:
    """Return all assets; none can be deposited or withdrawn over this API."""
    balances = exchange.ledger.balances(key.account_id)
    return [_coin(asset, balances.get(asset)) for asset in ASSETS]


def restrictions(_exchange: Exchange, key: Key, _params: Params) -> Any:
    """Return what the key may do, and until when it may trade where it is bound to no address."""
    ends = key.trades_until_ms
    return {
        "ipRestrict": bool(key.addresses),
        "createTime": key.created_ms,
        "enableReading": "reading" in key.permissions,
        "enableSpotAndMarginTrading": "trading" in key.permissions,
        "enableWithdrawals": "withdrawals" in key.permissions,
        "enableInternalTransfer": "internal-transfers" in key.permissions,
        "enableMargin": "margin" in key.permissions,
        "enableFutures": "futures" in key.permissions,
        "permitsUniversalTransfer": "universal-transfers" in key.permissions,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enablePortfolioMarginTrading": False,
        **({} if ends is None else {"tradingAuthorityExpirationTime": ends}),
    }


def nothing(_exchange: Exchange, _key: Key, _params: Params) -> Any:
    """Answer that there is none: no margin pairs, no pairs to be delisted."""
    return []


def _which(params: Params) -> tuple[int | None, str | None]:
    order_id, client_id = params.find_whole("orderId"), params.find("origClientOrderId")
    if order_id is None and client_id is None:
        raise missing("orderId")
    return order_id, client_id


def _page[Kept: (Order, Fill)](
    params: Params, kept: list[Kept], number: str, time_of: Callable[[Kept], int]
) -> list[Kept]:
    start, end, first = params.find_whole("startTime"), params.find_whole("endTime"), params.find_whole(number)
    if number == "fromId":
        kept = [item for item in kept if first is None or item.id >= first]
    elif first is not None:
        kept = [item for item in kept if item.id >= first]
    kept = [
        item for item in kept if (start is None or time_of(item) >= start) and (end is None or time_of(item) <= end)
    ]
    limit = params.limit(500, MAX_ANSWERS)
    return kept[-limit:] if start is None and first is None else kept[:limit]


def _coin(asset: str, balance: Balance | None) -> dict[str, Any]:
    return {
        "coin": asset,
        "name": asset,
        "free": ZERO if balance is None else plain(balance.free),
        "locked": ZERO if balance is None else plain(balance.locked),
        "freeze": ZERO,
        "withdrawing": ZERO,
        "ipoing": ZERO,
        "ipoable": ZERO,
        "storage": ZERO,
        "isLegalMoney": False,
        "trading": any(market.base == asset for market in MARKETS.values()),
        "depositAllEnable": False,
        "withdrawAllEnable": False,
        "networkList": [_network(asset)],
    }


def _network(asset: str) -> dict[str, Any]:
    return {
        "network": asset,
        "coin": asset,
        "name": asset,
        "isDefault": True,
        "depositEnable": False,
        "withdrawEnable": False,
        "withdrawFee": ZERO,
        "withdrawMin": ZERO,
        "withdrawMax": ZERO,
        "withdrawIntegerMultiple": f"{10**-PLACES:.{PLACES}f}",
    }


class Route(NamedTuple):
    """A signed endpoint and what the key must be allowed to do."""

    permission: str
    handler: Callable[[Exchange, Key, Params], Any]


ROUTES = {
    ("GET", "/api/v3/account"): Route("reading", account),
    ("GET", "/api/v3/account/commission"): Route("reading", commission),
    ("POST", "/api/v3/order"): Route("trading", place_order),
    ("GET", "/api/v3/order"): Route("reading", show_order),
    ("DELETE", "/api/v3/order"): Route("trading", cancel_order),
    ("GET", "/api/v3/openOrders"): Route("reading", open_orders),
    ("DELETE", "/api/v3/openOrders"): Route("trading", cancel_open_orders),
    ("GET", "/api/v3/allOrders"): Route("reading", all_orders),
    ("GET", "/api/v3/myTrades"): Route("reading", my_trades),
    ("GET", "/sapi/v1/capital/config/getall"): Route("reading", coins),
    ("GET", "/sapi/v1/account/apiRestrictions"): Route("reading", restrictions),
    ("GET", "/sapi/v1/asset/tradeFee"): Route("reading", trade_fee),
    ("GET", "/sapi/v1/margin/allPairs"): Route("reading", nothing),
    ("GET", "/sapi/v1/margin/isolated/allPairs"): Route("reading", nothing),
    ("GET", "/sapi/v1/spot/delist-schedule"): Route("reading", nothing),
}
