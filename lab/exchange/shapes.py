"""Orders and fills as Binance shows them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lab.exchange.markets import plain

if TYPE_CHECKING:
    from lab.exchange.orders import Fill, Order


def order_shape(order: Order) -> dict[str, Any]:
    """Return an order as `GET /api/v3/order` shows it."""
    return {
        **_core_shape(order),
        "icebergQty": plain(Decimal(0)),
        "time": order.created_ms,
        "updateTime": order.updated_ms,
        "isWorking": order.is_working,
        "workingTime": _working_time(order),
    }


def placed_shape(order: Order, fills: list[Fill]) -> dict[str, Any]:
    """Return a new order as `POST /api/v3/order` answers with newOrderRespType=FULL."""
    return {
        **_core_shape(order),
        "transactTime": order.created_ms,
        "workingTime": _working_time(order),
        "fills": [
            {
                "price": plain(fill.price),
                "qty": plain(fill.quantity),
                "commission": plain(fill.fee),
                "commissionAsset": fill.fee_asset,
                "tradeId": fill.id,
            }
            for fill in fills
        ],
    }


def cancelled_shape(order: Order, client_id: str) -> dict[str, Any]:
    """Return an order as `DELETE /api/v3/order` answers: `clientOrderId` names the cancellation itself."""
    return {
        **_core_shape(order),
        "origClientOrderId": order.client_id,
        "clientOrderId": client_id,
        "transactTime": order.updated_ms,
    }


def _core_shape(order: Order) -> dict[str, Any]:
    return {
        "symbol": order.symbol,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        "price": plain(order.price),
        "origQty": plain(order.quantity),
        "executedQty": plain(order.executed),
        "origQuoteOrderQty": plain(order.quote_quantity),
        "cummulativeQuoteQty": plain(order.spent),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        "stopPrice": plain(order.stop_price),
        "selfTradePreventionMode": "NONE",
    }


def _working_time(order: Order) -> int:
    return -1 if order.working_ms is None else order.working_ms


def fill_shape(fill: Fill) -> dict[str, Any]:
    """Return a fill as `GET /api/v3/myTrades` shows it."""
    return {
        "symbol": fill.symbol,
        "id": fill.id,
        "orderId": fill.order_id,
        "orderListId": -1,
        "price": plain(fill.price),
        "qty": plain(fill.quantity),
        "quoteQty": plain(fill.quote),
        "commission": plain(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": fill.time_ms,
        "isBuyer": fill.is_buyer,
        "isMaker": fill.is_maker,
        "isBestMatch": True,
    }
