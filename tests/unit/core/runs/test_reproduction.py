"""A run that was run again: the same, or what differs first, and what was not the same in what it was made of."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from freqops.core.results.document import Document
from freqops.core.runs.reproduction import judged
from tests.support import run_documents

FIRST = run_documents.run(30)
SEARCH = run_documents.hyperopt(20)
PASSED = {"passed": 1.0}


def without_last(document: Document) -> Document:
    assert document.backtest is not None
    return replace(document, backtest=replace(document.backtest, trades=document.backtest.trades[:-1]))


def with_trade(document: Document, **changed: Any) -> Document:
    assert document.backtest is not None
    first, *others = document.backtest.trades
    return replace(document, backtest=replace(document.backtest, trades=(replace(first, **changed), *others)))


def test_the_same_trades_are_said_with_their_number() -> None:
    again = replace(FIRST, run={**FIRST.run, "id": "backtest-20270102T030405Z-ffffff", "reason": "again"})
    found = judged(FIRST, again)
    assert (found.same, found.said, found.causes) == (True, "the same 30 trades", ())


@pytest.mark.parametrize(
    ("again", "said"),
    [
        (without_last(FIRST), "30 and 29 trades"),
        (with_trade(FIRST, profit_abs=7.5), "profit_abs"),
        (with_trade(FIRST, exit_reason="another"), "exit_reason"),
        (with_trade(FIRST, closed=None), "closed"),
    ],
)
def test_one_trade_that_differs_is_named(again: Document, said: str) -> None:
    found = judged(FIRST, again)
    assert not found.same
    assert said in found.said


@pytest.mark.parametrize("said", [run_documents.LOOKAHEAD, run_documents.RECURSIVE])
def test_an_analysis_that_finds_the_same_says_what(said: dict[str, Any]) -> None:
    first = run_documents.analysis(said, PASSED, end_reason="no look-ahead in 20 trades")
    newer = replace(first, analysis=run_documents.analysis({**said, "freqtrade_version": "2027.1"}, PASSED).analysis)
    assert judged(first, newer).said == "the same result: no look-ahead in 20 trades"
    assert judged(first, newer).same
    assert judged(replace(first, analysis=None), first).said == "the first one cannot be compared: it has no result"


@pytest.mark.parametrize(
    ("said", "changed", "found"),
    [
        (run_documents.LOOKAHEAD, {"trades": 19}, "trades: 20 and 19"),
        (run_documents.RECURSIVE, {"candles": 5031}, "candles: 5030 and 5031"),
        (
            run_documents.RECURSIVE,
            {"indicators": [{"name": "ema", "has_value": True, "lookahead": False, "variances": []}]},
            "ema with 30 startup candles: -0.05 and nothing",
        ),
    ],
)
def test_an_analysis_that_finds_something_else_names_it(
    said: dict[str, Any], changed: dict[str, Any], found: str
) -> None:
    first, again = run_documents.analysis(said, PASSED), run_documents.analysis({**said, **changed}, PASSED)
    compared = judged(first, again)
    assert not compared.same
    assert found in compared.said


def test_another_program_of_an_analysis_is_a_cause() -> None:
    rows = [{"config_json": json.dumps({"inputs": {}, "program": mark * 64})} for mark in "ab"]
    first, again = (run_documents.analysis(run_documents.LOOKAHEAD, PASSED, **row) for row in rows)
    assert judged(first, again).causes == ("the program of freqops that has Freqtrade analyse is not the same",)
    assert judged(first, first).causes == ()


def test_the_same_epochs_are_said_with_their_number_also_where_one_has_no_loss() -> None:
    first, *others = SEARCH.epochs
    odd = replace(SEARCH, epochs=(replace(first, loss=math.nan), *others))
    assert judged(SEARCH, SEARCH).said == "the same 20 epochs"
    assert judged(odd, odd).same
    assert not judged(odd, SEARCH).same


def test_other_parameters_with_the_same_loss_are_another_epoch() -> None:
    first, *others = SEARCH.epochs
    found = judged(SEARCH, replace(SEARCH, epochs=(replace(first, parameters={"buy": {"fast": 99}}), *others)))
    assert (found.same, "epoch 1 differs: parameters" in found.said) == (False, True)
    fewer = judged(SEARCH, replace(SEARCH, epochs=SEARCH.epochs[:7]))
    assert (fewer.same, fewer.said) == (False, "20 and 7 epochs")


@pytest.mark.parametrize(
    ("again", "said"),
    [
        (replace(FIRST, run={**FIRST.run, "status": "failed"}), "it is failed, and did not finish"),
        (replace(FIRST, notes=("its result is gone",)), "its result is gone"),
        (replace(FIRST, backtest=None), "it has no result"),
        (replace(SEARCH, epochs=()), "it has no epochs"),
    ],
)
def test_what_cannot_be_compared_is_not_the_same(again: Document, said: str) -> None:
    first = SEARCH if again.run["kind"] == "hyperopt" else FIRST
    for pair in ((first, again), (again, first)):
        found = judged(*pair)
        assert (found.same, said in found.said) == (False, True), found


def test_what_was_not_the_same_is_named_file_by_file() -> None:
    data = json.loads(FIRST.run["data_json"])
    changed = {**data, "BTC/USDT 5m": {**data["BTC/USDT 5m"], "sha256": "0" * 64}}
    row = {**FIRST.run, "data_json": json.dumps(changed), "data_sha256": "1" * 64, "freqtrade_version": "2027.1"}
    found = judged(FIRST, replace(FIRST, run=row))
    assert found.causes == ("Freqtrade is not the same", "the candles are not the same: BTC/USDT 5m")
    unknown = judged(FIRST, replace(FIRST, run={**row, "data_json": "no JSON"}))
    assert "and 3 more" in unknown.causes[1]
    neither = judged(
        replace(FIRST, run={**FIRST.run, "data_json": None}), replace(FIRST, run={**row, "data_json": "[]"})
    )
    assert neither.causes[1] == "the candles are not the same: those of one are not known"
