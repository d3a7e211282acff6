"""An operator's price script takes over from the next second, holds, and never changes what already was."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.exchange.candles import INTERVALS, merge, window
from lab.exchange.markets import MARKETS
from lab.exchange.prices import LISTED_S, SeededPath
from lab.exchange.scripts import Script, ScriptedPath, ScriptError, parse
from tests.unit.lab.exchange.harness import NOON, Server

if TYPE_CHECKING:
    from pathlib import Path

BTC = MARKETS["BTCUSDT"]


def price(server: Server, symbol: str = "BTCUSDT") -> Decimal:
    """Return the last price."""
    return Decimal(server.get("/api/v3/ticker/price", symbol=symbol)[1]["price"])


def test_a_linear_script_is_followed_and_then_held(server: Server) -> None:
    """From the price of now, in a straight line to the first point, and no further than the last."""
    before = price(server)
    server.script("BTCUSDT", [0, 50000], [100, 51000])
    assert price(server) == before, "the current second has been seen already"
    server.time.advance(1)
    assert price(server) == 50000
    server.time.advance(50)
    assert price(server) == 50500
    server.time.advance(5000)
    assert price(server) == 51000


def test_a_step_script_jumps(server: Server) -> None:
    """Between two points the price of the earlier one holds."""
    server.script("ETHUSDT", [0, "3000.50"], [60, 2000], mode="step")
    server.time.advance(60)
    assert price(server, "ETHUSDT") == Decimal("3000.50")
    server.time.advance(1)
    assert price(server, "ETHUSDT") == 2000


def test_a_script_that_starts_later_begins_at_the_price_of_now(server: Server) -> None:
    """A first point in the future is approached from where the market is."""
    before = price(server)
    when = datetime.fromtimestamp(NOON + 3601, UTC).isoformat()
    server.script("BTCUSDT", [when, 90000])
    server.time.advance(1)
    assert price(server) == before
    server.time.advance(3600)
    assert price(server) == 90000


def test_other_pairs_keep_to_their_path(server: Server) -> None:
    """A script rules one pair."""
    server.time.advance(30)
    untouched = price(server, "ETHUSDT")
    server.time.advance(-30)
    server.script("BTCUSDT", [0, 50000])
    server.time.advance(30)
    assert price(server, "ETHUSDT") == untouched


def test_history_does_not_change(server: Server) -> None:
    """Candles that are closed stay what they were, however often scripts come and go."""
    server.script("BTCUSDT", [0, 50000], [600, 60000])
    server.time.advance(900)
    server.script("BTCUSDT", [0, 40000])
    server.time.advance(900)
    server.control("DELETE", "/scripts/BTCUSDT")
    server.time.advance(1800)
    before = server.get("/api/v3/klines", symbol="BTCUSDT", interval="1m", limit=200)[1][:-1]
    server.script("BTCUSDT", [0, 1000])
    server.control("DELETE", "/scripts/BTCUSDT")
    server.time.advance(600)
    after = server.get("/api/v3/klines", symbol="BTCUSDT", interval="1m", startTime=before[0][0], limit=len(before))[1]
    assert after == before


def test_forgetting_all_scripts_makes_a_market_that_nobody_ever_touched(server: Server) -> None:
    """Its candles are those of a new exchange, closed ones too."""
    asked = {"symbol": "BTCUSDT", "interval": "1m", "limit": 60}
    server.time.advance(1800)
    untouched = server.get("/api/v3/klines", **asked)
    server.time.advance(-1800)
    server.script("BTCUSDT", [0, 50000], [600, 60000])
    server.time.advance(900)
    server.script("BTCUSDT", [0, 40000])
    server.time.advance(900)
    assert server.get("/api/v3/klines", **asked) != untouched
    server.control("DELETE", "/scripts")
    assert server.get("/api/v3/klines", **asked) == untouched
    assert set(map(len, server.control("GET", "/scripts").values())) == {0}


def test_clearing_returns_to_the_seeded_path(server: Server) -> None:
    """As if there had been no script."""
    seeded = SeededPath(1, BTC)
    server.script("BTCUSDT", [0, 50000])
    server.time.advance(120)
    server.control("DELETE", "/scripts/BTCUSDT")
    server.time.advance(60)
    assert price(server) == BTC.price(seeded.price(NOON + 180))


def test_several_pairs_are_scripted_from_the_same_second_on(server: Server) -> None:
    """As by a request for each, and the other pairs are left alone."""
    fall = {"points": [[0, 50000], [100, 40000]]}
    made = server.control("PUT", "/scripts", {"BTCUSDT": fall, "ETHUSDT": {"points": [[0, 2000]], "mode": "step"}})
    server.time.advance(51)
    assert (price(server), price(server, "ETHUSDT")) == (Decimal(45000), Decimal(2000))
    scripts = server.control("GET", "/scripts")
    assert {symbol: [script] for symbol, script in made.items()} == {s: found for s, found in scripts.items() if found}
    assert len({script["since_s"] for script in made.values()}) == 1


@pytest.mark.parametrize(
    ("second", "complaint"),
    [({"ETHUSDT": {"points": []}}, "at least one"), ({"EURUSD": {"points": [[0, 1]]}}, "Invalid symbol"),
     ({"ETHUSDT": 2000}, "ETHUSDT: a script must be a JSON object")],
)  # fmt: skip
def test_of_several_scripts_none_is_followed_if_one_cannot_be(
    server: Server, second: dict[str, Any], complaint: str
) -> None:
    """The market stays as it was."""
    status, answer = server.try_control("PUT", "/scripts", {"BTCUSDT": {"points": [[0, 50000]]}, **second})
    assert status == 400
    assert complaint in answer["error"]
    assert set(map(len, server.control("GET", "/scripts").values())) == {0}


def test_scripts_survive_a_restart(tmp_path: Path) -> None:
    """They lie in the state file."""
    with Server(tmp_path / "state") as server:
        server.script("BTCUSDT", [0, 50000], [1000, 60000])
    with Server(tmp_path / "state") as server:
        server.time.advance(501)
        assert price(server) == 55000
        assert server.control("GET", "/scripts")["BTCUSDT"][0]["mode"] == "linear"


@given(st.integers(0, 86400), st.integers(1, 7200), st.integers(0, 86400), st.sampled_from(sorted(INTERVALS)))
def test_scripted_candles_add_up_too(since: int, length: int, second: int, interval: str) -> None:
    """A candle that a script touches is still the sum of its minutes, and a minute the sum of its seconds."""
    start = LISTED_S + 500 * 86400
    script = Script(
        start + since,
        start + since + 2 * length,
        "linear",
        ((start + since, 6_000_000), (start + since + length, 7_000_000)),
    )
    path = ScriptedPath(SeededPath(1, BTC), [script])
    opens = (start + second) // INTERVALS[interval] * INTERVALS[interval]
    minutes = [path.node(1, opens // 60 + i) for i in range(INTERVALS[interval] // 60)]
    assert window(path, opens, opens + INTERVALS[interval]) == merge(minutes)
    minute = (start + since) // 60
    prices = [path.price(minute * 60 + within) for within in range(60)]
    assert (path.node(1, minute).high, path.node(1, minute).low) == (max(prices), min(prices))


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "points must be a list"),
        ({"points": []}, "at least one"),
        ({"points": [[0]]}, "not a \\[time, price\\] pair"),
        ({"points": [[0, 1], [0, 2]]}, "in the order of their times"),
        ({"points": [[-1, 1]]}, "history does not change"),
        ({"points": [["2020-01-01T00:00:00Z", 1]]}, "history does not change"),
        ({"points": [["tomorrow", 1]]}, "not an ISO time"),
        ({"points": [[1.5, 1]]}, "whole number of seconds"),
        ({"points": [[True, 1]]}, "whole number of seconds"),
        ({"points": [[0, 0]]}, "no price for BTCUSDT"),
        ({"points": [[0, -5]]}, "no price for BTCUSDT"),
        ({"points": [[0, "NaN"]]}, "not a price"),
        ({"points": [[0, "Infinity"]]}, "not a price"),
        ({"points": [[0, None]]}, "not a price"),
        ({"points": [[0, 1]], "mode": "random"}, "mode must be"),
    ],
)
def test_a_script_that_cannot_be_followed_is_refused(body: dict[str, Any], complaint: str) -> None:
    """With words that say what to change."""
    with pytest.raises(ScriptError, match=complaint):
        parse(BTC, body, NOON, 6_700_000)
