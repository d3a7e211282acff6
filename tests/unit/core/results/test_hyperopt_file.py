"""Epochs as three releases of Freqtrade left them, whole ones until the first that is not."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freqops.core.results import hyperopt_file
from freqops.core.results.archive_file import ResultUnreadable
from freqops.core.results.hyperopt_file import Epoch, Summary, WholeLines
from tests.unit.core.results import left


@pytest.mark.parametrize("release", left.RELEASES)
def test_each_release_is_read(release: str) -> None:
    found = list(hyperopt_file.lines(left.hyperopt(release)))
    assert [line.epoch.number for line in found] == [1, 2, 3, 4, 5, 6, 7]
    assert {line.strategy for line in found} == {"TwoAverages"}
    assert all(line.started and line.finished and line.started <= line.finished for line in found)
    best = min(found, key=lambda line: line.epoch.loss).epoch
    assert [line.epoch.number for line in found if line.epoch.best][-1] == best.number
    assert best.parameters.keys() == {"fast", "slow"}
    assert best.trades == best.metrics["trades"] == 3
    assert best.profit == best.metrics["profit_total"] < 0
    assert 0 < best.metrics["max_drawdown_account"] < 1
    for line in found:
        assert line.effective["buy"] == line.epoch.parameters
        assert line.effective["roi"] == {"0": 0.05}
        assert line.effective["stoploss"] == {"stoploss": -0.03}
    assert list(hyperopt_file.epochs(left.hyperopt(release))) == [line.epoch for line in found]


def texts(release: str = "2026.9") -> list[bytes]:
    return left.hyperopt(release).read_bytes().splitlines(keepends=True)


def until(path: Path) -> tuple[list[int], str]:
    """Return the numbers of the epochs that were read, and why it did not go on."""
    numbers: list[int] = []
    with pytest.raises(ResultUnreadable) as error:
        numbers.extend(epoch.number for epoch in hyperopt_file.epochs(path))
    whole = WholeLines(path)
    assert [line.epoch.number for line in whole] == numbers
    assert whole.why == str(error.value)
    return numbers, str(error.value)


def test_a_line_that_was_cut_off_ends_it_and_the_whole_ones_are_there(tmp_path: Path) -> None:
    path = tmp_path / "x.fthypt"
    lines = texts()
    for cut in (1, len(lines[3]) // 2, len(lines[3]) - 1):
        path.write_bytes(b"".join(lines[:3]) + lines[3][:cut])
        assert until(path) == ([1, 2, 3], "x.fthypt: line 4: it is cut off")


def test_all_that_is_whole_says_nothing() -> None:
    whole = WholeLines(left.hyperopt("2026.9"))
    assert (len(list(whole)), whole.why) == (7, "")


Change = Callable[[dict[str, Any]], None]
WRONG: dict[str, tuple[Change, str]] = {
    "no number": (lambda line: line.update(current_epoch="4"), "current_epoch is '4'"),
    "a number below": (lambda line: line.update(current_epoch=3), "epoch 3 stands behind epoch 3"),
    "a number beyond all": (lambda line: line.update(current_epoch=10**30), "current_epoch is"),
    "a loss that is text": (lambda line: line.update(loss="low"), "loss is low"),
    "no results": (lambda line: line.pop("results_metrics"), "results_metrics is 'None'"),
    "trades that are text": (lambda line: line["results_metrics"].update(total_trades="3"), "total_trades is"),
    "parameters that are none": (lambda line: line.update(params_dict=[1]), "params_dict is"),
    "an odd strategy": (lambda line: line["results_metrics"].update(strategy_name="a b"), "strategy_name is"),
    "an odd time": (lambda line: line["results_metrics"].update(backtest_run_start_ts=-1), "no moment"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_line_that_is_no_epoch_ends_it(tmp_path: Path, name: str) -> None:
    change, why = WRONG[name]
    lines = texts()
    line = json.loads(lines[3])
    change(line)
    path = tmp_path / "x.fthypt"
    path.write_bytes(b"".join([*lines[:3], json.dumps(line).encode() + b"\n", *lines[4:]]))
    numbers, said = until(path)
    assert numbers == [1, 2, 3]
    assert said.startswith("x.fthypt: line 4: ")
    assert why in said


@pytest.mark.parametrize(
    ("text", "why"), [(b"x\n", "no JSON"), (b"[]\n", "no object"), (b"[" * 100_000 + b"\n", "too deeply")]
)
def test_a_line_that_is_nothing_ends_it(tmp_path: Path, text: bytes, why: str) -> None:
    path = tmp_path / "x.fthypt"
    path.write_bytes(texts()[0] + text)
    numbers, said = until(path)
    assert (numbers, why in said) == ([1], True), said


def test_no_line_is_read_beyond_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.fthypt"
    path.write_bytes(b"0" * 10_000)
    monkeypatch.setattr(hyperopt_file, "LONGEST_LINE", 5_000)
    assert until(path) == ([], "x.fthypt: line 1: it has more than 5000 bytes")
    monkeypatch.undo()
    monkeypatch.setattr(hyperopt_file, "MOST_VALUES", 10)
    path.write_bytes(texts()[0])
    assert until(path) == ([], "x.fthypt: line 1: it has more than 10 values")


def test_no_link_is_followed_and_what_is_missing_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.fthypt"
    assert until(path) == ([], "x.fthypt: it is missing")
    path.symlink_to(left.hyperopt("2026.9"))
    assert "it is a link" in until(path)[1]


def test_a_loss_that_is_no_number_is_not_known(tmp_path: Path) -> None:
    line = json.loads(texts()[0])
    path = tmp_path / "x.fthypt"
    for loss in (math.nan, math.inf, -math.inf):
        path.write_text(json.dumps({**line, "loss": loss}) + "\n")
        [found] = hyperopt_file.epochs(path)
        assert math.isnan(found.loss)


def test_a_summary_has_the_best_epoch_and_no_loss_that_is_none() -> None:
    summary = Summary()
    assert summary.metrics() == {"epochs": 0.0}
    losses = [math.nan, 3.0, math.nan, 1.0, 2.0, 1.0]
    taken = [summary.take(Epoch(number, loss, False, number, 0.1 * number)) for number, loss in enumerate(losses, 1)]
    assert taken == [False, True, False, True, False, False]
    assert summary.metrics() == {"epochs": 6.0, "loss": 1.0, "trades": 4.0, "profit_total": 0.4}
