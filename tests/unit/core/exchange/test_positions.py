"""The line of a position."""

from __future__ import annotations

from freqops.core.exchange.positions import position
from tests.unit.fakes import order, trade


def test_a_position_says_what_protects_it() -> None:
    closed_stop = order("stoploss", is_open=False)
    assert position(trade(7, order("buy", is_open=False), closed_stop), paper=False)["protection"] == "unprotected"
    assert position(trade(7, order("buy", is_open=False), closed_stop), paper=True)["protection"] is None
    shown = position(trade(7, order("buy", is_open=False), order("stoploss")), paper=True)
    assert shown == {
        "trade_id": 7,
        "pair": "BTC/USDT",
        "amount": 2.0,
        "stake": 20.0,
        "profit": 0.5,
        "protection": "a stop order on the exchange, the bot's own stop is 98.5",
    }


def test_a_position_needs_no_more_than_the_client_checks() -> None:
    least = {"trade_id": 1, "pair": "A/B", "orders": [{"is_open": True, "ft_order_side": "stoploss"}]}
    shown = position(least, paper=True)
    assert (shown["amount"], shown["protection"]) == (None, "a stop order on the exchange")


def test_the_limit_of_a_stop_order_is_no_stop() -> None:
    """Of a stop order, Freqtrade shows the price at which it sells, and not the one that triggers it."""
    stop = {**order("stoploss"), "order_type": "stop_loss_limit", "safe_price": 0.449}
    shown = position({**trade(7, stop), "stop_loss_abs": 0.4535}, paper=False)["protection"]
    assert shown == "a stop order on the exchange, the bot's own stop is 0.4535"
