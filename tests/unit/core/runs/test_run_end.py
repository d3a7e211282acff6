"""The end of a run: what it left decides, and nothing that was not done is called finished."""

from __future__ import annotations

from dataclasses import replace

import pytest

from freqops.core.runs.run_end import LONGEST, Left, decide, error_in

BACKTEST = Left("backtest", exit_status=0, results=1, trades=3)
HYPEROPT = Left("hyperopt", exit_status=0, results=1, epochs=50, wanted=50)
DOWNLOAD = Left("download", exit_status=0, results=2)


@pytest.mark.parametrize("left", [BACKTEST, HYPEROPT, DOWNLOAD])
def test_what_is_whole_is_finished(left: Left) -> None:
    assert decide(left).status == "finished"


@pytest.mark.parametrize(
    ("left", "why"),
    [
        (replace(BACKTEST, out_of_memory=True), "killed for memory"),
        (replace(BACKTEST, exit_status=137), "137"),
        (replace(HYPEROPT, out_of_memory=True, cancelled="ann: enough"), "killed for memory"),
        (replace(BACKTEST, exit_status=None), "nobody saw its end"),
        (replace(BACKTEST, exit_status=1, log=("ModuleNotFoundError: No module named 'talib'",)), "named 'talib'"),
        (replace(BACKTEST, exit_status=2, log=("x - ERROR - No data found.",)), "No data found."),
        (replace(BACKTEST, results=0, trades=None), "left no results"),
        (replace(BACKTEST, results=2, trades=None), "left 2 results"),
        (replace(BACKTEST, unreadable="it is cut"), "cannot be read: it is cut"),
        (replace(BACKTEST, trades=0, missing=("BTC/USDT 5m (none)",)), "no trade, and data is missing: BTC/USDT 5m"),
        (replace(BACKTEST, interrupted="the signal 15 ended it"), "the signal 15 ended it"),
        (replace(HYPEROPT, results=0, epochs=0), "left no epoch"),
        (replace(HYPEROPT, epochs=7), "after 7 of 50 epochs, and nobody cancelled it"),
        (replace(HYPEROPT, epochs=7, unreadable="line 8 is cut"), "line 8 is cut"),
        (replace(HYPEROPT, epochs=7, interrupted="its unit was stopped"), "its unit was stopped, after 7 of 50 epochs"),
        (replace(DOWNLOAD, results=0), "it left no candles"),
        (replace(DOWNLOAD, missing=("BTC/USDT 5m (none)",)), "nothing was downloaded of BTC/USDT 5m (none)"),
    ],
)
def test_what_is_not_is_failed_and_says_why(left: Left, why: str) -> None:
    end = decide(left)
    assert end.status == "failed"
    assert why in end.reason
    assert "\n" not in end.reason


def test_a_log_that_speaks_of_success_makes_no_result() -> None:
    said = ("Backtested 2026-01-03 -> 2026-01-10", "INFO - dumping json to backtest-result.zip")
    assert decide(replace(BACKTEST, results=0, trades=None, log=said)).status == "failed"


def test_a_log_that_speaks_of_errors_makes_no_failure() -> None:
    assert decide(replace(BACKTEST, log=("ValueError: a strategy prints this",))).status == "finished"


def test_one_that_was_cancelled_is_stopped_and_says_by_whom_and_how_far_it_was() -> None:
    end = decide(replace(HYPEROPT, exit_status=130, epochs=7, cancelled="ann@desk: seen enough"))
    assert (end.status, end.reason) == ("stopped", "cancelled by ann@desk: seen enough, after 7 of 50 epochs")


def test_epochs_that_would_have_been_the_same_again_are_not_missed() -> None:
    said = ("x - INFO - 43 epochs skipped due to duplicate parameters.",)
    assert decide(replace(HYPEROPT, epochs=7, log=said)).status == "finished"
    assert decide(replace(HYPEROPT, epochs=6, log=said)).status == "failed"


def test_a_backtest_without_some_data_says_so() -> None:
    end = decide(replace(BACKTEST, missing=("SOL/USDT 5m (none)",)))
    assert (end.status, end.reason) == ("finished", "without data: SOL/USDT 5m (none)")


def test_what_could_not_be_imported_is_said() -> None:
    log = (
        "x - WARNING - Could not import /freqops/release/strategies/Mine.py due to 'No module named 'talib''",
        "x - freqtrade - ERROR - Impossible to load Strategy 'Mine'.",
    )
    assert error_in(log) == "Impossible to load Strategy 'Mine'. (No module named 'talib')"


def test_the_last_error_of_a_traceback_is_said_on_one_short_line() -> None:
    log = ("Traceback (most recent call last):", '  File "x.py", line 3', f"ImportError: \x1b[31m{'y' * 2000}", "bye")
    said = error_in(log)
    assert said.startswith("ImportError: ")
    assert "\x1b" not in said
    assert len(said) < LONGEST + 60
