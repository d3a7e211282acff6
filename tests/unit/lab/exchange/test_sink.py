"""What bots tell people is kept, and answered as a test wants it."""

from __future__ import annotations

import http.client
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.lab.exchange.harness import http as ask

if TYPE_CHECKING:
    from tests.unit.lab.exchange.harness import Server


def post(server: Server, said: object) -> tuple[int, Any]:
    return ask("POST", f"{server.base}/sink/people", json.dumps(said).encode())


def test_messages_are_kept_in_their_order_until_they_are_forgotten(server: Server) -> None:
    assert post(server, {"pair": "BTC/USDT"}) == (200, {})
    assert ask("POST", f"{server.base}/sink/others", b"plain=1")[0] == 200
    told = [{"to": "people", "said": {"pair": "BTC/USDT"}}, {"to": "others", "said": "plain=1"}]
    assert server.control("GET", "/sink") == told
    server.control("DELETE", "/sink")
    assert server.control("GET", "/sink") == []


def test_it_answers_late_and_with_an_error(server: Server) -> None:
    server.control("PUT", "/sink", {"latency_ms": 300, "status": 500})
    before = time.monotonic()
    assert post(server, 1)[0] == 500
    assert time.monotonic() - before >= 0.3
    server.control("DELETE", "/sink")
    assert post(server, 2)[0] == 200


def test_it_goes_away_without_an_answer(server: Server) -> None:
    server.control("PUT", "/sink", {"away": True})
    with pytest.raises((OSError, http.client.HTTPException)):
        post(server, 1)
    assert [each["said"] for each in server.control("GET", "/sink")] == [1]


@pytest.mark.parametrize(
    "told", [{"late": 1}, {"latency_ms": -1}, {"latency_ms": True}, {"status": 99}, {"status": "500"}, {"away": 1}]
)
def test_what_makes_no_sense_is_refused(server: Server, told: dict[str, Any]) -> None:
    status, answer = server.try_control("PUT", "/sink", told)
    assert status == 400
    assert "must be" in answer["error"] or "a sink has" in answer["error"]
    assert post(server, 1)[0] == 200
