"""Which requests a fault strikes, and what happens where several meet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.lab.exchange.harness import Server

ORDER = "/api/v3/order"
ACCOUNT = "/api/v3/account"
PRICE = "/api/v3/ticker/price"
BUY = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quoteOrderQty": "10"}
SICK = {"status": 503, "code": -1001}


def hits(server: Server) -> list[int]:
    """Return how many requests each fault struck."""
    return [fault["hits"] for fault in server.control("GET", "/faults")]


def test_a_fault_strikes_every_endpoint(server: Server, key: dict[str, Any]) -> None:
    """But not the operator's port, and not a path that does not exist."""
    server.fault(endpoint="*", error=SICK)
    assert [server.get(path)[0] for path in ("/api/v3/ping", "/api/v3/time", "/api/v3/nothing")] == [503, 503, 404]
    assert server.signed("GET", ACCOUNT, key)[0] == 503
    assert hits(server) == [3]


def test_a_fault_strikes_a_pair(server: Server, key: dict[str, Any]) -> None:
    """Wherever a request names it, alone or among others, in the query or in the body."""
    fault = server.fault(symbol="BTCUSDT", error=SICK)
    assert (fault["endpoint"], fault["account"], fault["hits"]) == ("*", None, 0)
    assert server.get(PRICE, symbol="BTCUSDT")[0] == 503
    assert server.get(PRICE, symbols='["ETHUSDT","BTCUSDT"]')[0] == 503
    assert server.signed("POST", ORDER, key, **BUY)[0] == 503
    assert server.get(PRICE, symbol="ETHUSDT")[0] == 200
    assert server.get(PRICE)[0] == 200
    assert hits(server) == [3]


def test_a_fault_strikes_an_account(server: Server, key: dict[str, Any]) -> None:
    """By any of its keys, and nobody else."""
    second, other = server.control("POST", "/accounts/bot/keys", {}), server.account("other")
    server.fault(account="bot", error=SICK)
    assert [server.signed("GET", ACCOUNT, who)[0] for who in (key, second, other)] == [503, 503, 200]
    assert server.get(PRICE)[0] == 200


def test_a_fault_strikes_a_side(server: Server, key: dict[str, Any]) -> None:
    """Of orders that are placed: the drill in which a bot can buy, but cannot sell."""
    server.fault(side="SELL", account="bot", error={"status": 400, "code": -2010, "msg": "No."})
    assert server.signed("POST", ORDER, key, **BUY)[0] == 200
    status, answer = server.signed("POST", ORDER, key, **{**BUY, "side": "SELL"})
    assert (status, answer) == (400, {"code": -2010, "msg": "No."})
    assert server.signed("GET", "/api/v3/allOrders", key, symbol="BTCUSDT", side="SELL")[0] == 200
    assert hits(server) == [1]


def test_all_selectors_must_fit(server: Server, key: dict[str, Any]) -> None:
    """A fault is as narrow as its selectors together."""
    server.fault(endpoint=f"POST {ORDER}", symbol="ETHUSDT", account="bot", side="BUY", error=SICK, times=1)
    assert server.signed("POST", ORDER, key, **BUY)[0] == 200
    assert server.signed("POST", ORDER, server.account("other"), **{**BUY, "symbol": "ETHUSDT"})[0] == 200
    assert server.signed("GET", ORDER, key, symbol="ETHUSDT", orderId=1)[0] == 400
    assert hits(server) == [0]
    assert server.signed("POST", ORDER, key, **{**BUY, "symbol": "ETHUSDT"})[0] == 503
    assert hits(server) == []


def test_latencies_add_up_and_the_first_effect_wins(server: Server) -> None:
    """A request counts for those that it felt; what was set for the same requests before is replaced."""
    server.fault(endpoint="*", latency_ms=100)
    server.fault(endpoint="GET /api/v3/ticker/price", latency_ms=100, error={"status": 500, "code": 1}, times=2)
    server.fault(symbol="BTCUSDT", error={"status": 502, "code": 2}, times=1)
    start = time.perf_counter()
    assert server.get(PRICE, symbol="BTCUSDT") == (500, {"code": 1, "msg": "Injected fault."})
    assert time.perf_counter() - start >= 0.2
    assert hits(server) == [1, 1, 0]
    server.get(PRICE, symbol="BTCUSDT")
    assert server.get(PRICE, symbol="BTCUSDT")[1]["code"] == 2
    assert hits(server) == [3]


def test_the_same_selectors_replace_a_fault(server: Server) -> None:
    """And no others do."""
    first = server.fault(endpoint="GET /api/v3/ping", error={"status": 500})
    other = server.fault(endpoint="GET /api/v3/ping", symbol="BTCUSDT", error={"status": 501})
    second = server.fault(endpoint="GET /api/v3/ping", latency_ms=1, times=3)
    assert [fault["id"] for fault in server.control("GET", "/faults")] == [other["id"], second["id"]]
    assert len({first["id"], other["id"], second["id"]}) == 3
    assert second == {
        "id": second["id"],
        "endpoint": "GET /api/v3/ping",
        "symbol": None,
        "account": None,
        "side": None,
        "latency_ms": 1,
        "error": None,
        "answer": None,
        "after": False,
        "partial": None,
        "times": 3,
        "hits": 0,
    }


def test_faults_are_healed_by_id_by_endpoint_or_all(server: Server) -> None:
    """Healing what is not there is no error: it is what was wanted."""
    ping, pair, btc = (
        server.fault(endpoint="GET /api/v3/ping", latency_ms=1),
        server.fault(endpoint="GET /api/v3/ping", symbol="BTCUSDT", latency_ms=1),
        server.fault(symbol="BTCUSDT", latency_ms=1),
    )
    server.control("DELETE", f"/faults?id={ping['id']}")
    assert [fault["id"] for fault in server.control("GET", "/faults")] == [pair["id"], btc["id"]]
    server.control("DELETE", "/faults?endpoint=GET%20/api/v3/ping")
    assert [fault["id"] for fault in server.control("GET", "/faults")] == [btc["id"]]
    server.control("DELETE", f"/faults?id={ping['id']}")
    server.control("DELETE", "/faults")
    assert hits(server) == []


@pytest.mark.parametrize("query", ["id=first", "id=", "number=1"])
def test_a_healing_that_makes_no_sense_is_refused(server: Server, query: str) -> None:
    """Instead of healing all."""
    server.fault(endpoint="*", latency_ms=1)
    assert server.try_control("DELETE", f"/faults?{query}")[0] == 400
    assert hits(server) == [0]
