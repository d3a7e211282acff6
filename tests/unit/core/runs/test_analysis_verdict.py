"""The verdict on an analysis: nothing is passed that was not judged, and what is biased is named with its numbers."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from freqops.core.base.kinds import Malformed
from freqops.core.results.analysis_file import parsed
from freqops.core.runs import analysis_verdict, run_answer
from freqops.core.runs.analysis_verdict import Verdict
from freqops.core.runs.run_end import Left, decide
from tests.support import run_documents

LOOKAHEAD, RECURSIVE = run_documents.LOOKAHEAD, run_documents.RECURSIVE
ASKED = {"least_trades": 10, "trades": 20, "startup_candles": [199, 400], "most_variance": 0.1}
FEW = {"judged": False, "trades": 3}
EMA = {"name": "ema", "has_value": True, "lookahead": False, "variances": []}


def verdict(said: dict[str, Any], asked: dict[str, Any] = ASKED, **changed: Any) -> Verdict:
    return analysis_verdict.judge(parsed({**deepcopy(said), **changed}, said["kind"], "Mine"), asked)


def indicators(*changed: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**EMA, **each} for each in changed]


def at(startup: int, percent: float | None) -> list[dict[str, Any]]:
    return [{"startup": startup, "percent": percent}]


@pytest.mark.parametrize(
    ("said", "changed", "found"),
    [
        (LOOKAHEAD, {}, "no look-ahead in 20 trades"),
        (LOOKAHEAD, {"trades": 10}, "no look-ahead in 10 trades"),
        (RECURSIVE, {}, "2 indicators are within 0.1 % with the strategy's own 30 startup candles"),
        (RECURSIVE, {"indicators": indicators({"variances": at(30, 0.1)})}, "1 indicators are within 0.1 %"),
        (RECURSIVE, {"indicators": indicators({"variances": at(199, 9.0)})}, "1 indicators are within 0.1 %"),
        (RECURSIVE, {"indicators": indicators({}, {"name": "silent", "has_value": False})}, "not judged: silent"),
        (RECURSIVE, {"candles": 64}, "2 indicators are within"),
    ],
)
def test_what_was_judged_and_is_sound_passes(said: dict[str, Any], changed: dict[str, Any], found: str) -> None:
    judged = verdict(said, **changed)
    assert (judged.not_judged, judged.passed) == ("", True)
    assert found in judged.said


@pytest.mark.parametrize(
    ("said", "changed", "why"),
    [
        (LOOKAHEAD, FEW, "3 of 10 trades"),
        (LOOKAHEAD, {"judged": False, "trades": 0}, "0 of 10 trades"),
        (LOOKAHEAD, {**FEW, "biased_entries": 2}, "3 of 10 trades; of these, 2 biased entries"),
        (LOOKAHEAD, {"judged": False}, "Freqtrade gave no verdict on 20 trades"),
        (RECURSIVE, {"indicators": []}, "the strategy makes no indicators"),
        (RECURSIVE, {"indicators": indicators({"has_value": False})}, "no indicator has a value at the last candle"),
        (RECURSIVE, {"candles": 63}, "the range has 63 candles; with 30 startup candles it takes 64"),
        (
            RECURSIVE,
            {"parts": [{"startup": each, "candles": 30} for each in (30, 199, 400)]},
            "own 30 startup candles are not there: 30 candles are",
        ),
    ],
)
def test_what_was_not_judged_never_passes(said: dict[str, Any], changed: dict[str, Any], why: str) -> None:
    judged = verdict(said, **changed)
    assert not judged.passed
    assert why in judged.not_judged
    end = decide(Left(said["kind"], exit_status=0, results=1, verdict=judged))
    assert end.status == "failed"
    assert end.reason.startswith("not judged: ")


@pytest.mark.parametrize(
    ("said", "changed", "found"),
    [
        (
            LOOKAHEAD,
            {"biased": True, "biased_entries": 4, "biased_exits": 1, "biased_indicators": ["seen", "enter_long"]},
            "BIASED in 20 trades: 4 biased entries, 1 biased exits, biased indicators: seen, enter_long",
        ),
        (LOOKAHEAD, {"biased": True, "biased_exits": 1}, "biased indicators: none"),
        (RECURSIVE, {"indicators": indicators({"variances": at(30, 0.11)})}, "ema (+0.11 %)"),
        (RECURSIVE, {"indicators": indicators({"variances": at(30, -7.0)})}, "ema (-7 %)"),
        (RECURSIVE, {"indicators": indicators({"variances": at(30, None)})}, "ema (another value, without a figure)"),
        (RECURSIVE, {"indicators": indicators({"lookahead": True})}, "ema (look-ahead)"),
        (
            RECURSIVE,
            {"indicators": indicators({"name": "next", "has_value": False, "lookahead": True})},
            "next (look-ahead)",
        ),
    ],
)
def test_what_is_biased_is_finished_named_and_not_passed(
    said: dict[str, Any], changed: dict[str, Any], found: str
) -> None:
    judged = verdict(said, **changed)
    assert (judged.not_judged, judged.passed) == ("", False)
    assert found in judged.said
    end = decide(Left(said["kind"], exit_status=0, results=1, verdict=judged))
    assert (end.status, end.reason) == ("finished", judged.said)


def test_many_biased_indicators_are_counted() -> None:
    names = [f"i{each}" for each in range(30)]
    judged = verdict(LOOKAHEAD, biased=True, biased_indicators=names)
    assert judged.said.endswith("i6, i7 and 22 more")


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        (LOOKAHEAD, {"least_trades": 3}),
        (LOOKAHEAD, {"wanted_trades": 200}),
        (RECURSIVE, {"parts": [{"startup": 30, "candles": 32}], "indicators": []}),
    ],
)
def test_what_nobody_asked_for_is_no_result(said: dict[str, Any], changed: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="asked for"):
        verdict(said, **changed)


def test_the_metrics_say_whether_it_passed() -> None:
    for said, changed, passed in (
        (LOOKAHEAD, {}, 1.0),
        (LOOKAHEAD, FEW, 0.0),
        (LOOKAHEAD, {"biased": True, "biased_exits": 1}, 0.0),
        (RECURSIVE, {}, 1.0),
        (RECURSIVE, {"indicators": []}, 0.0),
        (RECURSIVE, {"indicators": indicators({"lookahead": True})}, 0.0),
    ):
        found = parsed({**deepcopy(said), **changed}, said["kind"], "Mine")
        metrics = analysis_verdict.metrics(found, analysis_verdict.judge(found, ASKED))
        assert metrics["passed"] == passed
        assert all(isinstance(value, float) for value in metrics.values())
    found = parsed(RECURSIVE, "recursive_analysis", "Mine")
    assert analysis_verdict.metrics(found, Verdict())["most_variance_percent"] == 0.05
    changed = {"indicators": indicators({"variances": at(30, None)}, {"name": "mean", "variances": at(30, 1.0)})}
    found = parsed({**RECURSIVE, **changed}, "recursive_analysis", "Mine")
    assert "most_variance_percent" not in analysis_verdict.metrics(found, Verdict())


@pytest.mark.parametrize(
    ("left", "status", "why"),
    [
        ({"verdict": None, "results": 0}, "failed", "Freqtrade ended with 0 and left no result: it said nothing"),
        ({"verdict": None}, "failed", "left no result"),
        ({"unreadable": "it is cut"}, "failed", "its result cannot be read: it is cut"),
        ({"exit_status": 2, "log": ("x - ERROR - No data found.",)}, "failed", "ended with 2: No data found."),
        ({"exit_status": 137}, "failed", "it was killed (137)"),
        ({"out_of_memory": True}, "failed", "it was killed for memory"),
        ({"exit_status": None}, "failed", "nobody saw its end"),
        ({"interrupted": "its unit was stopped"}, "failed", "its unit was stopped"),
        ({"cancelled": "ann: enough"}, "stopped", "cancelled by ann: enough"),
        ({"missing": ("SOL/USDT 5m (none)",)}, "finished", "no look-ahead in 20 trades; without data: SOL/USDT 5m"),
    ],
)
def test_a_good_verdict_alone_is_no_good_end(left: dict[str, Any], status: str, why: str) -> None:
    whole: dict[str, Any] = {"exit_status": 0, "results": 1, "verdict": verdict(LOOKAHEAD)}
    end = decide(Left("lookahead_analysis", **{**whole, **left}))
    assert end.status == status
    assert why in end.reason


@pytest.mark.parametrize(
    ("metrics", "stands"), [({"passed": 1.0}, True), ({"passed": 0.0}, False), ({}, False), ({"trades": 20.0}, False)]
)
def test_only_what_says_that_it_passed_stands(metrics: dict[str, float], stands: bool) -> None:
    run = "recursive_analysis-20260102T030405Z-0a1b2c"
    assert run_answer.stands(run, metrics) is stands
    assert run_answer.stands("backtest-20260102T030405Z-0a1b2c", metrics)
    end = {"status": "finished", "reason": "BIASED", "metrics": metrics}
    assert run_answer.not_passed({"one": run}, {"one": end}) == ([] if stands else [f"one {run}: BIASED"])
    assert run_answer.not_passed({"one": run}, {}) == []
