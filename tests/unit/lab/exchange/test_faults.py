"""An operator can make an endpoint slow or sick, and heal it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import ccxt
import pytest

from tests.unit.lab.exchange.harness import Server, refused

if TYPE_CHECKING:
    from pathlib import Path

PING = "/api/v3/ping"


def fault(server: Server, **body: object) -> None:
    """Let ping fail, or whatever is named."""
    server.control("PUT", "/faults", {"endpoint": f"GET {PING}", **body})


def test_an_endpoint_answers_late(server: Server) -> None:
    """Only the one that is named, and only until it is healed."""
    fault(server, latency_ms=300)
    start = time.perf_counter()
    assert server.get(PING) == (200, {})
    assert time.perf_counter() - start >= 0.3
    server.control("DELETE", "/faults?endpoint=GET%20/api/v3/ping")
    assert server.control("GET", "/faults") == []


def test_a_slow_endpoint_holds_up_no_other(server: Server) -> None:
    """The exchange serves others in the meantime: a client with less patience gives up, and ping answers."""
    fault(server, endpoint="GET /api/v3/time", latency_ms=60_000)
    client = server.client()
    client.timeout = 200
    with refused(ccxt.RequestTimeout):
        client.fetch_time()
    assert server.get(PING) == (200, {})


def test_an_endpoint_fails_so_many_times(server: Server) -> None:
    """With the status, the code and the words that were ordered."""
    fault(server, error={"status": 503, "code": -1008, "msg": "Server is overloaded."}, times=2)
    assert [server.get(PING) for _ in range(3)] == [
        (503, {"code": -1008, "msg": "Server is overloaded."}),
        (503, {"code": -1008, "msg": "Server is overloaded."}),
        (200, {}),
    ]


def test_a_refused_order_is_not_placed(server: Server, key: dict[str, Any]) -> None:
    """The fault strikes before the order does."""
    fault(server, endpoint="POST /api/v3/order", error={"status": 500}, times=1)
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quoteOrderQty": "10"}
    assert server.signed("POST", "/api/v3/order", key, **order)[0] == 500
    assert server.control("GET", "/accounts/bot/orders") == []
    assert server.signed("POST", "/api/v3/order", key, **order)[0] == 200


def test_faults_survive_a_restart(tmp_path: Path) -> None:
    """Until somebody clears them all."""
    with Server(tmp_path / "state") as server:
        fault(server, error={"status": 500}, times=5)
        server.get(PING)
    with Server(tmp_path / "state") as server:
        assert [(found["times"], found["hits"]) for found in server.control("GET", "/faults")] == [(4, 1)]
        server.control("DELETE", "/faults")
        assert server.get(PING)[0] == 200


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "a fault needs at least one of endpoint, symbol, account, side"),
        ({"latency_ms": 5}, "a fault needs at least one of endpoint"),
        ({"endpoint": "GET /api/v3/pong", "latency_ms": 1}, "no such endpoint"),
        ({"endpoint": f"GET {PING}"}, "needs an effect: at least one of latency_ms, error, answer, partial"),
        ({"endpoint": f"GET {PING}", "latency_ms": "long"}, "latency_ms must be a whole number"),
        ({"endpoint": f"GET {PING}", "latency_ms": -1}, "latency_ms must be"),
        ({"endpoint": f"GET {PING}", "latency_ms": 1, "times": 0}, "times must be"),
        ({"endpoint": f"GET {PING}", "error": "bad"}, "error must be an object"),
        ({"endpoint": f"GET {PING}", "error": {"status": 200}}, "status must be"),
        ({"endpoint": f"GET {PING}", "error": {"status": 600}}, "status must be"),
        ({"endpoint": f"GET {PING}", "error": {"retry_after": -1}}, "retry_after must be"),
        ({"endpoint": f"GET {PING}", "error": {"state": 500}}, "an error has no state"),
        ({"endpoint": f"GET {PING}", "latency": 5}, "a fault has no latency"),
        ({"endpoint": f"GET {PING}", "answer": "nonsense"}, "no such answer"),
        ({"endpoint": f"GET {PING}", "answer": "half", "error": {}}, "not with both"),
        ({"endpoint": f"GET {PING}", "latency_ms": 5, "after": True}, "after goes with"),
        ({"endpoint": f"GET {PING}", "answer": "half", "after": "yes"}, "after must be true or false"),
        ({"endpoint": f"GET {PING}", "latency_ms": 5, "account": "known"}, "asked without a key"),
        ({"endpoint": "GET /api/v3/order", "latency_ms": 5, "side": "BUY"}, "about orders being placed"),
        ({"endpoint": "GET /api/v3/order", "partial": "0.5"}, "about orders being placed"),
        ({"symbol": "NOPE", "latency_ms": 5}, "no such symbol"),
        ({"symbol": ["BTCUSDT"], "latency_ms": 5}, "no such symbol"),
        ({"account": "nobody", "latency_ms": 5}, "no such account: 'nobody'"),
        ({"side": "HOLD", "latency_ms": 5}, "no such side"),
        ({"side": "BUY", "partial": "1"}, "partial must be a fraction"),
        ({"side": "BUY", "partial": "-0.1"}, "partial must be a fraction"),
        ({"side": "BUY", "partial": "some"}, "partial must be a fraction"),
        ({"side": "BUY", "partial": 0.4}, "partial must be a fraction"),
        ({"side": "BUY", "partial": "0.4", "error": {}}, "need after"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(server: Server, body: dict[str, Any], complaint: str) -> None:
    """So that no drill runs against a fault that never strikes."""
    server.account("known")
    status, answer = server.try_control("PUT", "/faults", body)
    assert status == 400
    assert complaint in answer["error"]


def test_a_bug_is_not_mistaken_for_the_market(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """An error of our own is answered with Binance's "unknown error", and logged with its traceback."""
    server.break_down()
    status, answer = server.get("/api/v3/depth", symbol="BTCUSDT")
    assert (status, answer["code"]) == (500, -1000)
    assert "ProgrammingError" in caplog.text


def test_the_control_port_refuses_what_it_does_not_understand(server: Server) -> None:
    """In JSON, like everything else."""
    assert server.try_control("GET", "/nothing")[0] == 404
    assert server.try_control("PUT", "/faults", [1])[0] == 400
    assert server.try_control("PUT", "/scripts/NOPE", {"points": [[0, 1]]}) == (
        400,
        {"error": "Invalid symbol.", "code": -1121},
    )
    assert server.control("GET", "/status")["seed"] == 1
