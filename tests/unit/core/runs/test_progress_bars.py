"""Progress bars, as rich 15 paints them for Freqtrade 2026.9: taken out of a log, and nothing else with them."""

from __future__ import annotations

import itertools

import pytest

from freqops.core.runs import progress_bars, run_progress
from freqops.core.runs.progress_bars import LONGEST, ProgressBars

ERASED = "\r\x1b[2K\x1b[1A\x1b[2K"
STEPS = f"Backtest {'━' * 30}{' ' * 20}    2/4    50% • 0:00:07 • -:--:--\n"


def bar(name: str, done: int, percent: int) -> str:
    """Return two bars, as they are painted below what was said."""
    return f"{STEPS}{name} {'━' * percent}╸          {done}/300 {percent:3}% • 0:00:01 • 0:00:02"


SAID = (
    "2026-11-30 22:56:43,671 - freqtrade.optimize.backtesting - INFO - begins\n"
    f"\x1b[?25l{bar('dataload', 300, 100)}"
    f"{ERASED}{bar('backtest', 3, 1)}"
    f"{ERASED}{bar('backtest', 4, 1)}"
    f"{ERASED}2026-11-30 22:56:44,100 - freqtrade.x - ERROR - in the middle\n{bar('backtest', 129, 43)}"
    f"{ERASED}{bar('backtest', 300, 100)}\n"
    "\x1b[?25h\n"
    "a strategy says 3/4 75% • and so on\n"
    "the last line"
).encode()
KEPT = (
    "2026-11-30 22:56:43,671 - freqtrade.optimize.backtesting - INFO - begins\n"
    "candles: 1%\n"
    "2026-11-30 22:56:44,100 - freqtrade.x - ERROR - in the middle\n"
    "candles: 43%\n"
    "candles: 100%\n"
    "a strategy says 3/4 75% • and so on\n"
    "the last line"
).encode()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, len(SAID)])
def test_each_whole_percent_is_a_line_however_it_arrives(size: int) -> None:
    bars = ProgressBars()
    pieces = [SAID[start : start + size] for start in range(0, len(SAID), size)]
    assert b"".join(map(bars.taken_out, pieces)) + bars.last() == KEPT


@pytest.mark.parametrize(
    "text", [b"", b"\n\n", b"x\r\ny\n", b"50%|#####     | 1/2\r100%|##########| 2/2\n", b"\xff\x00\n"]
)
def test_what_is_no_bar_stays(text: bytes) -> None:
    bars = ProgressBars()
    assert bars.taken_out(text) + bars.last() == text


def test_what_never_ends_is_kept_and_costs_no_memory() -> None:
    bars = ProgressBars()
    kept = sum(len(bars.taken_out(b"1" * 10_000)) for _ in range(50))
    assert 500_000 - kept <= LONGEST
    assert kept + len(bars.last()) == 500_000


def test_progress_is_the_last_percent_and_the_last_line_that_is_none() -> None:
    log = [line.decode() for line in KEPT.splitlines() if line]
    for before, (percent, line) in ((4, (43, "- in the middle")), (5, (100, "- in the middle"))):
        said = run_progress.document("backtest", 10, list(itertools.islice(log, before)), 0, 0, None)
        assert (said["percent"], said["line"].endswith(line)) == (percent, True)
    assert progress_bars.percent_in("candles: 999%") == 100
    assert progress_bars.percent_in("candles: many") is None
    one, other = ({"line": "x", "percent": percent} for percent in (1, 2))
    assert run_progress.differs(one, other)
