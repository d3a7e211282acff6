"""The document of a run: what a host wrote is read as it was, and nothing else is."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from freqops.core.base.kinds import Malformed
from freqops.core.results import backtest_archive, document, hyperopt_file
from freqops.core.results.artifacts import Artifact
from freqops.core.results.document import Document
from freqops.core.results.gaps import Gap
from freqops.core.results.hyperopt_file import Epoch
from tests.support import run_documents
from tests.unit.core.results import left

RUN = {"id": "one", "kind": "backtest", "status": "finished", "strategy": "TwoAverages", "seed": None}
AT = datetime(2025, 6, 6, tzinfo=UTC)


def whole() -> Document:
    found = backtest_archive.read(left.backtest("2026.9", left.WINDOW))
    epochs = (*hyperopt_file.epochs(left.hyperopt("2026.9")), Epoch(8, math.nan, False, 0, math.nan, {"x": 1}))
    gaps = (Gap("BTC/USDT", "1h", AT, AT.replace(day=7)),)
    artifacts = (Artifact("x.zip", "user_data/backtest_results/x.zip", "a" * 64),)
    return Document(RUN, found.metrics, artifacts, found, epochs, gaps, ("a note",))


def sent(given: Document) -> Any:
    """Return what comes of a document on its way from a host."""
    return json.loads(json.dumps(given.to_json(), allow_nan=False))


def test_what_was_written_is_read() -> None:
    given = whole()
    found = document.read(sent(given))
    assert (found.run, found.metrics, found.artifacts) == (given.run, given.metrics, given.artifacts)
    assert (found.gaps, found.notes) == (given.gaps, given.notes)
    assert found.backtest is not None
    assert given.backtest is not None
    assert found.backtest.trades == given.backtest.trades
    for name in ("strategy", "timeframe", "window_start", "window_end", "starting_balance", "stake_currency"):
        assert getattr(found.backtest, name) == getattr(given.backtest, name), name
    assert [each.parameters for each in found.epochs] == [each.parameters for each in given.epochs]
    assert [each.loss for each in found.epochs][:7] == [each.loss for each in given.epochs][:7]
    assert math.isnan(found.epochs[7].loss)
    assert found.to_json() == given.to_json()


def test_of_a_run_that_left_nothing_there_is_its_row() -> None:
    assert document.read(sent(Document(RUN))) == Document(RUN)


Change = Callable[[dict[str, Any]], object]
WRONG: dict[str, Change] = {
    "another version": lambda d: d.update(version=2),
    "no row": lambda d: d.pop("run"),
    "a row without an id": lambda d: d["run"].pop("id"),
    "a row that is deep": lambda d: d["run"].update(reason=[1]),
    "a metric that is text": lambda d: d["metrics"].update(sharpe="1"),
    "a metric that is nothing": lambda d: d["metrics"].update(sharpe=None),
    "an artifact without a path": lambda d: d["artifacts"][0].pop("path"),
    "a backtest that is none": lambda d: d.update(backtest=[]),
    "a balance that is text": lambda d: d["backtest"].update(starting_balance="1"),
    "a trade that is none": lambda d: d["backtest"]["trades"].append(1),
    "a trade without a pair": lambda d: d["backtest"]["trades"][0].pop("pair"),
    "a trade at no time": lambda d: d["backtest"]["trades"][0].update(opened="soon"),
    "a trade that ends at no time": lambda d: d["backtest"]["trades"][0].update(closed=""),
    "a profit beyond all": lambda d: d["backtest"]["trades"][0].update(profit_abs=1e300),
    "an epoch without a number": lambda d: d["epochs"][0].pop("number"),
    "an epoch that is the best in words": lambda d: d["epochs"][0].update(best="yes"),
    "a gap that ends at no time": lambda d: d["gaps"][0].update(ends="x"),
    "notes that are none": lambda d: d.update(notes=[1]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_document_is_not_read(name: str) -> None:
    given = sent(whole())
    WRONG[name](given)
    with pytest.raises(Malformed):
        document.read(given)


@pytest.mark.parametrize("said", [None, [], "x", {}, {"version": 1}])
def test_what_is_nothing_is_not_read(said: object) -> None:
    with pytest.raises(Malformed):
        document.read(said)


def test_an_analysis_is_read_and_one_of_another_strategy_is_not() -> None:
    for said in (run_documents.LOOKAHEAD, run_documents.RECURSIVE):
        made = run_documents.analysis(said, {"passed": 1.0})
        assert document.read(made.to_json()) == made
        older = {name: value for name, value in made.to_json().items() if name != "analysis"}
        assert document.read(older).analysis is None
        with pytest.raises(Malformed):
            document.read({**made.to_json(), "analysis": {**said, "strategy": "Other"}})
