"""Real orders: what a live bot does on its exchange."""

from __future__ import annotations

import threading

import pytest

from freqops.core.bot.client import BotRefused, Failed
from tests.contract.bot import Bot
from tests.contract.exchange import ORDER, Account
from tests.contract.polling import eventually

NO_FUNDS = {"status": 400, "code": -2010, "msg": "Account has insufficient balance for requested action."}
BAD_LOT = {"status": 400, "code": -1013, "msg": "Filter failure: LOT_SIZE"}
BUSY = {"status": 503, "code": -1008, "msg": "Server is currently overloaded."}
Orders = list[tuple[str, str, str]]


def _orders(account: Account, symbol: str, since: int) -> Orders:
    return [(order["side"], order["type"], order["status"]) for order in account.orders(symbol)[since:]]


def test_entry_and_exit_are_orders_on_the_exchange(live: Bot, account: Account) -> None:
    """Entry and exit are orders on the exchange, and the trade is gone when the forced exit is answered.

    So the exchange is asked, too, before a live bot counts as flat.
    """
    before = len(account.orders("SOLUSDT"))
    trade = live.settled("SOL/USDT")
    assert account.holds("SOL") >= trade["amount"]
    live.force_exit(trade)
    assert live.api.open_trades() == []
    assert _orders(account, "SOLUSDT", before) == [("BUY", "LIMIT", "FILLED"), ("SELL", "MARKET", "FILLED")]


def test_a_rounding_rest_stays_on_the_account(live: Bot, account: Account) -> None:
    """The fee is taken in the coin, so a closed trade leaves less than the smallest amount behind.

    So what is too small to sell is not called a position.
    """
    before = account.holds("SOL")
    live.force_exit(live.settled("SOL/USDT"))
    assert 0 < account.holds("SOL") - before < 0.001


def test_a_sale_that_the_exchange_rejects_is_a_500(live: Bot, account: Account) -> None:
    """Where the exchange rejects the sale, the answer is a bare 500 and not a refusal; the trade stays, others go.

    So freqops exits trade by trade, tries again, and lets no failure end the round.
    """
    stays, goes = live.settled("SOL/USDT"), live.settled("XRP/USDT")
    live.api.pause()
    for error in (BAD_LOT, BUSY):
        live.exchange.fault(ORDER, error=error, times=1)
        with pytest.raises(Failed, match="status 500"):
            live.force_exit(stays)
    live.force_exit(goes)
    assert [trade["pair"] for trade in live.api.open_trades()] == ["SOL/USDT"]
    live.force_exit(stays)
    assert live.api.open_trades() == []
    assert account.resting() == []


def test_a_sale_without_funds_is_answered_with_200(live: Bot) -> None:
    """Where the exchange says that there is nothing to sell, the answer is 200, and the trade stays.

    So freqops takes a trade for closed when it is no longer listed, and not before.
    """
    trade = live.settled("SOL/USDT")
    live.exchange.fault(ORDER, error=NO_FUNDS, times=1)
    live.force_exit(trade)
    assert [left["trade_id"] for left in live.api.open_trades()] == [trade["trade_id"]]


@pytest.mark.parametrize(("error", "left"), [(NO_FUNDS, 1), (BAD_LOT, 2)], ids=["answers-200", "skips-the-rest"])
def test_exiting_all_at_once_is_not_to_be_trusted(live: Bot, error: dict[str, object], left: int) -> None:
    """Exiting all trades at once answers 200 although one failed, or 500 and skips those after the failure.

    So freqops never does it.
    """
    live.settled("SOL/USDT")
    live.settled("XRP/USDT")
    live.api.pause()
    live.exchange.fault(ORDER, error=error, times=1)
    if error is NO_FUNDS:
        live.force_exit({"trade_id": "all"})
    else:
        with pytest.raises(Failed, match="status 500"):
            live.force_exit({"trade_id": "all"})
    assert len(live.api.open_trades()) == left


def test_a_resting_exit_is_cancelled_on_the_exchange(live: Bot, account: Account) -> None:
    """A forced exit cancels a resting exit on the exchange before it sells.

    So freqops cancels no exit itself.
    """
    trade = live.settled("SOL/USDT")
    before = len(account.orders("SOLUSDT"))
    live.force_exit(trade, ordertype="limit", price=200)
    assert len(account.resting("SOLUSDT")) == 1
    live.force_exit(trade)
    assert live.api.open_trades() == []
    assert _orders(account, "SOLUSDT", before) == [("SELL", "LIMIT", "CANCELED"), ("SELL", "MARKET", "FILLED")]


def test_an_unfilled_entry_is_cancelled_on_the_exchange(live: Bot, account: Account) -> None:
    """A forced exit of an entry that has not filled cancels it on the exchange, and is answered with 502.

    So freqops judges by the list of trades.
    """
    trade = live.enter("BTC/USDT", limit=30000)
    live.api.pause()
    with pytest.raises(BotRefused, match="Failed to exit trade"):
        live.force_exit(trade)
    assert live.api.open_trades() == []
    assert account.resting() == []


def test_forced_exits_wait_for_each_other_and_a_pause_does_not(live: Bot, account: Account) -> None:
    """While one forced exit waits for the exchange, others wait behind it; reading and pausing do not.

    So the seconds allowed for an exit count for the bot as a whole, and a pause needs none of them.
    """
    slow, behind = live.settled("SOL/USDT"), live.settled("XRP/USDT")
    live.exchange.fault(ORDER, latency_ms=2000, times=1)
    first = threading.Thread(target=live.force_exit, args=(slow,))
    first.start()
    eventually(live.exchange.struck, "the first sale is on its way")
    second = threading.Thread(target=live.force_exit, args=(behind,))
    second.start()
    live.api.pause()
    assert live.api.read().state == "paused"
    assert len(live.api.open_trades()) == 2
    first.join()
    second.join()
    eventually(lambda: not live.api.open_trades(), "both are sold")
    sales = [order["symbol"] for order in account.orders() if order["side"] == "SELL"]
    assert sales[-2:] == ["SOLUSDT", "XRPUSDT"]


def test_a_sale_by_hand_is_taken_in_when_asked(live: Bot, account: Account) -> None:
    """Asked to look for a trade's orders, even a stopped trader finds a sale made by hand and closes the trade.

    So the records of a bot can be made true without letting it trade.
    """
    trade = live.settled("SOL/USDT")
    live.api.call("POST", "/stop")
    account.sell_by_hand("SOLUSDT", trade["amount"])
    told = live.api.call("POST", f"/trades/{trade['trade_id']}/reload")
    assert (told["is_open"], told["exit_reason"]) == (False, "sold_on_exchange")
    assert live.api.open_trades() == []


def test_a_running_bot_does_not_notice_a_sale_by_hand(live: Bot, account: Account) -> None:
    """A bot at work does not notice that its coins were sold by hand until it trades itself; a forced exit is a 500.

    So only the account says what a bot really has.
    """
    trade = live.settled("SOL/USDT")
    live.rounds(2)  # else it might look at its wallet once more, for the entry's sake
    account.sell_by_hand("SOLUSDT", trade["amount"])
    live.rounds(3)
    with pytest.raises(Failed, match="status 500"):
        live.force_exit(trade)
    assert [left["trade_id"] for left in live.api.open_trades()] == [trade["trade_id"]]
    live.api.call("POST", f"/trades/{trade['trade_id']}/reload")
    assert live.api.open_trades() == []


def test_a_sale_by_hand_of_another_amount_leaves_the_trade_open(live: Bot, account: Account) -> None:
    """A sale by hand closes a trade only if it was of the trade's very amount; the rest stays open, coins or not.

    So a trade is read again after it was looked for.
    """
    trade = live.settled("SOL/USDT")
    account.sell_by_hand("SOLUSDT", 0.5)
    told = live.api.call("POST", f"/trades/{trade['trade_id']}/reload")
    assert (told["is_open"], told["nr_of_successful_exits"]) == (True, 1)
    assert told["amount"] == pytest.approx(trade["amount"] - 0.5)


def test_the_witness_reads_the_same_trades_and_orders(live: Bot, account: Account) -> None:
    """The tables of Freqtrade's database hold what its API tells: trades, amounts, and the numbers of their orders.

    So the exchange witness can read a bot's records without the bot.
    """
    trade = live.settled("SOL/USDT")
    [records, orders, balances] = live.witness(
        {"ask": "records", "with": {"since": 0}},
        {"ask": "open_orders", "with": {"pairs": []}},
        {"ask": "balances"},
    )
    [told] = [one for one in records["trades"] if one["is_open"]]
    assert (told["id"], told["pair"], told["base"]) == (trade["trade_id"], "SOL/USDT", "SOL")
    assert float(told["amount"]) == trade["amount"]
    known = {order["id"] for order in records["orders"]}
    assert {str(order["order_id"]) for order in trade["orders"]} <= known
    assert {order["id"] for order in orders} <= known
    assert float(balances["SOL"]["free"]) + float(balances["SOL"]["used"]) == pytest.approx(float(account.holds("SOL")))
