"""What else decides about a run: the load of its host, the candles that it needs, and the order that it comes by."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.base.iso_time import parse
from freqops.core.base.kinds import Malformed
from freqops.core.runs import candles, load_gate, run_answer, run_order, run_progress
from freqops.core.runs.run_inputs import parsed

RUN = "hyperopt-20260131T180000Z-0a1b2c"
WHOLE = {"candles": 3, "first": "2024-01-01T00:00:00Z", "last": "2024-01-31T00:00:00Z", "gaps": [], "more_gaps": 0}
ORDER = run_order.Order(
    parsed({"kind": "backtest", "strategy": "Mine"}), "ann", "a reason", {"exchange": {"name": "binance"}},
    {"strategies/Mine.py": b"x"}, f"registry.example.com/freqtrade@sha256:{'0' * 64}",
)  # fmt: skip


def test_load_matters_beside_live_bots_alone() -> None:
    assert load_gate.reason([], 99.0, 2) == ""
    assert load_gate.reason(["gamma"], 1.5, 2) == ""
    assert load_gate.reason(["gamma"], 1.51, 2).startswith("load_exceeded: 0.76")


def test_candles_that_are_not_in_the_window_are_missing() -> None:
    there = {"BTC_USDT-5m.feather": candles.checked(WHOLE, "0" * 64)}
    pairs = ["BTC/USDT", "ETH/USDT"]
    first, last = parse("2024-01-05T00:00:00Z"), parse("2024-01-06T00:00:00Z")
    assert list(candles.missing(pairs, "5m", there, first, last)) == ["ETH/USDT 5m (none)"]
    assert len(list(candles.missing(pairs[:1], "1h", there, None, None))) == 1
    late = parse("2024-02-01T00:00:00Z")
    assert list(candles.missing(pairs[:1], "5m", there, late, None)) != []
    early = parse("2024-01-01T00:00:00Z")
    assert list(candles.missing(pairs[:1], "5m", there, None, early)) != []


@pytest.mark.parametrize(
    "said",
    [
        None, [], {"error": "cut"}, {**WHOLE, "candles": -1}, {**WHOLE, "first": "yesterday"},
        {**WHOLE, "gaps": [["2024-01-01T00:00:00Z"]]}, {**WHOLE, "gaps": [["x", "y"]]}, {**WHOLE, "candles": True},
    ],
)  # fmt: skip
def test_what_is_no_description_of_candles_is_not_understood(said: object) -> None:
    with pytest.raises(Malformed):
        candles.checked(said, "0" * 64)


def test_an_order_is_read_as_it_was_sent() -> None:
    assert run_order.parsed(ORDER.to_json()) == ORDER


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"version": 2}, "version 1"),
        ({"image": "freqtrade:stable"}, "the image"),
        ({"image": ""}, "neither a bot nor an image"),
        ({"packages": "../x"}, "the packages"),
        ({"files": {}}, "no files of a strategy"),
        ({"files": {"strategies/../../../etc/cron.d/x": ""}}, "has a file"),
        ({"files": {"/strategies/x.py": ""}}, "has a file"),
        ({"files": {"config.json": ""}}, "has a file"),
        ({"files": {"strategies/Mine.py": "not base64!"}}, "not base64"),
        ({"wait": -1}, "wait"),
        ({"wait": "86401"}, "wait"),
        ({"reason": "two\nlines"}, "the reason"),
        ({"inputs": {"kind": "live"}}, "kind"),
    ],
)
def test_an_order_that_is_none_is_refused(more: dict[str, Any], what: str) -> None:
    with pytest.raises(Refused, match=what):
        run_order.parsed({**ORDER.to_json(), **more})


def test_files_of_an_order_are_what_they_were() -> None:
    sent = ORDER.to_json()["files"]
    assert base64.b64decode(sent["strategies/Mine.py"]) == b"x"


def test_progress_is_shown_without_what_a_terminal_obeys() -> None:
    said = run_progress.document("backtest", 3.2, ["\x1b[31mBacktesting ━━━━╸    40% ", ""], 0, 0, None)
    assert said["percent"] == 40
    assert said["left_s"] == 4.8
    assert run_progress.checked(said)["line"] == "Backtesting 40%"
    said = run_progress.document("hyperopt", 70, ["x"], 7, 50, -1.5)
    assert run_progress.shown("h", "r", said) == "h r: 70 s, epoch 7 of 50, best loss -1.5, 14 %, about 430 s left"


def test_an_end_is_green_only_where_the_registry_says_so_too() -> None:
    end = {"run": RUN, "status": "finished", "reason": "", "row": {"id": RUN, "status": "finished"}, "metrics": {},
           "log": []}  # fmt: skip
    assert list(run_answer.wrong("h", RUN, run_answer.of_end(end, RUN))) == []
    others: list[dict[str, Any]] = [
        {"row": {}}, {"row": {"id": RUN, "status": "started"}}, {"row": {"id": "x", "status": "finished"}},
        {"status": "stopped"}, {"status": "failed"},
    ]  # fmt: skip
    for odd in others:
        assert list(run_answer.wrong("h", RUN, {**end, **odd}))
    assert list(run_answer.wrong("h", RUN, None))
    with pytest.raises(Malformed):
        run_answer.of_end({**end, "run": "another"}, RUN)
