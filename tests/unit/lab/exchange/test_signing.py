"""Only whoever holds the secret, just now, from the right address, with the right permission, is let in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import ccxt
import pytest

from lab.exchange.signing import sign
from tests.unit.lab.exchange.harness import http, refused

if TYPE_CHECKING:
    from tests.unit.lab.exchange.harness import Server

ACCOUNT = "/api/v3/account"
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quoteOrderQty": "10"}


def refusal(answer: tuple[int, Any]) -> tuple[int, int]:
    """Return status and Binance's code."""
    return answer[0], answer[1].get("code", 0)


def test_the_signature_is_binances() -> None:
    """The example of Binance's own documentation."""
    secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
    message = (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    )
    assert sign(secret, message) == "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"


def test_ccxt_recognises_a_wrong_key_and_a_wrong_secret(server: Server, key: dict[str, Any]) -> None:
    """Both are authentication errors, which make Freqtrade give up instead of trying again."""
    unknown = hashlib.sha256(b"nobody").hexdigest()
    with refused(ccxt.AuthenticationError, match="-2015"):
        server.client({**key, "api_key": unknown}).fetch_balance()
    with refused(ccxt.AuthenticationError, match="-1022"):
        server.client({**key, "secret": unknown}).fetch_balance()
    with refused(ccxt.AuthenticationError, match="-2014"):
        server.client({**key, "api_key": "short"}).fetch_balance()


def test_ccxt_recognises_a_wrong_clock(server: Server, key: dict[str, Any]) -> None:
    """A bot whose clock is off is told so, and ccxt can correct itself."""
    client = server.client(key)
    client.load_markets()
    server.time.advance(60)
    client.nonce = lambda: server.time.ms - 60_000
    with refused(ccxt.InvalidNonce, match="outside of the recvWindow"):
        client.fetch_balance()
    client.nonce = lambda: server.time.ms + 60_000
    with refused(ccxt.InvalidNonce, match="ahead of the server"):
        client.fetch_balance()


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, (200, 0)),
        ({"timestamp": -10_001, "recvWindow": 10_000}, (400, -1021)),
        ({"timestamp": -10_000, "recvWindow": 10_000}, (200, 0)),
        ({"timestamp": -5_001}, (400, -1021)),
        ({"timestamp": -5_000}, (200, 0)),
        ({"timestamp": 999}, (200, 0)),
        ({"timestamp": 1_000}, (400, -1021)),
        ({"recvWindow": 60_001}, (400, -1131)),
        ({"recvWindow": "soon"}, (400, -1100)),
    ],
)
def test_a_request_is_good_for_its_window(
    server: Server, key: dict[str, Any], params: dict[str, Any], expected: tuple[int, int]
) -> None:
    """`timestamp` is given relative to the exchange's clock."""
    timestamp = server.time.ms + params.pop("timestamp", 0)
    assert refusal(server.signed("GET", ACCOUNT, key, timestamp=timestamp, **params)) == expected


def test_what_is_missing_is_named(server: Server, key: dict[str, Any]) -> None:
    """Key, timestamp, signature."""
    url = f"{server.base}{ACCOUNT}"
    headers = {"X-MBX-APIKEY": key["api_key"]}
    assert refusal(http("GET", url)) == (401, -2014)
    assert http("GET", url, headers=headers)[1]["msg"].startswith("Mandatory parameter 'timestamp'")
    answer = http("GET", f"{url}?timestamp={server.time.ms}", headers=headers)
    assert answer[1]["msg"].startswith("Mandatory parameter 'signature'")


def test_a_changed_request_is_refused(server: Server, key: dict[str, Any]) -> None:
    """The signature covers query and body, in this order, wherever the parameters are."""
    headers = {"X-MBX-APIKEY": key["api_key"]}
    query, body = "symbol=BTCUSDT&side=BUY", f"type=MARKET&quoteOrderQty=10&timestamp={server.time.ms}"
    signature = sign(key["secret"], query + body)
    url = f"{server.base}/api/v3/order?{query}"
    assert http("POST", url, f"{body}&signature={signature}".encode(), headers)[0] == 200
    dearer = body.replace("quoteOrderQty=10", "quoteOrderQty=99")
    assert refusal(http("POST", url, f"{dearer}&signature={signature}".encode(), headers)) == (400, -1022)
    sold = url.replace("BUY", "SELL")
    assert refusal(http("POST", sold, f"{body}&signature={signature}".encode(), headers)) == (400, -1022)


def test_a_key_does_no_more_than_it_may(server: Server) -> None:
    """A reading key sees everything and touches nothing."""
    key = server.account("watched", permissions=["reading"])
    assert server.signed("GET", ACCOUNT, key)[0] == 200
    assert refusal(server.signed("POST", "/api/v3/order", key, **ORDER)) == (401, -2015)
    assert refusal(server.signed("DELETE", "/api/v3/openOrders", key, symbol="BTCUSDT")) == (401, -2015)
    shown = server.signed("GET", "/sapi/v1/account/apiRestrictions", key)[1]
    assert (shown["enableReading"], shown["enableSpotAndMarginTrading"], shown["ipRestrict"]) == (True, False, False)


@pytest.mark.parametrize(
    ("right", "field"),
    [
        ("withdrawals", "enableWithdrawals"), ("internal-transfers", "enableInternalTransfer"),
        ("universal-transfers", "permitsUniversalTransfer"), ("margin", "enableMargin"), ("futures", "enableFutures"),
    ],
)  # fmt: skip
def test_a_key_tells_each_of_its_rights(server: Server, right: str, field: str) -> None:
    plain = server.account("plain")
    rich = server.account("rich", permissions=["reading", "trading", right])
    shown = [server.signed("GET", "/sapi/v1/account/apiRestrictions", key)[1] for key in (plain, rich)]
    assert [each[field] for each in shown] == [False, True]
    assert {name for name in shown[0] if shown[0][name] != shown[1][name]} == {field}


def test_a_key_that_trades_from_anywhere_tells_its_end(server: Server) -> None:
    ends = "tradingAuthorityExpirationTime"
    keys = [server.account("free"), server.account("bound", addresses=["127.0.0.1"]),
            server.account("reader", permissions=["reading"])]  # fmt: skip
    shown = [server.signed("GET", "/sapi/v1/account/apiRestrictions", key)[1] for key in keys]
    assert [ends in each for each in shown] == [True, False, False]
    assert shown[0][ends] - shown[0]["createTime"] == 90 * 86_400_000


def test_a_key_is_bound_to_its_addresses(server: Server) -> None:
    """From elsewhere it opens nothing."""
    here, elsewhere = server.account("here", addresses=["127.0.0.1"]), server.account("far", addresses=["192.0.2.1"])
    assert server.signed("GET", "/sapi/v1/account/apiRestrictions", here)[1]["ipRestrict"] is True
    assert refusal(server.signed("GET", ACCOUNT, elsewhere)) == (401, -2015)


def test_a_revoked_key_opens_nothing(server: Server, key: dict[str, Any]) -> None:
    """While another key of the same account still does."""
    other = server.control("POST", "/accounts/bot/keys", {})
    server.control("DELETE", f"/accounts/bot/keys/{key['api_key']}")
    assert refusal(server.signed("GET", ACCOUNT, key)) == (401, -2015)
    assert server.signed("GET", ACCOUNT, other)[0] == 200
    assert server.try_control("DELETE", f"/accounts/bot/keys/{key['api_key']}")[0] == 404


def test_ccxt_recognises_a_key_that_may_not(server: Server) -> None:
    """As a wrong key at first; of a key that worked before, ccxt believes that its address was banned."""
    far, reader = server.account("far", addresses=["192.0.2.1"]), server.account("reader", permissions=["reading"])
    with refused(ccxt.AuthenticationError, match="-2015"):
        server.client(far).fetch_balance()
    client = server.client(reader)
    client.load_markets()
    client.options["hasAlreadyAuthenticatedSuccessfully"] = False
    with refused(ccxt.AuthenticationError, match="-2015"):
        client.create_order("BTC/USDT", "market", "buy", 0.001)
    client.fetch_balance()
    with refused(ccxt.DDoSProtection, match="-2015"):
        client.create_order("BTC/USDT", "market", "buy", 0.001)
