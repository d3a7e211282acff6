"""What Freqtrade's look-ahead and recursive analyses find, as the program of a run writes it down."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from freqops.core.results import analysis_file
from freqops.core.runs import analysis_verdict, run_command, run_config, run_inputs
from freqops.core.runs.analysis_verdict import Verdict
from freqops.core.runs.run_command import PROGRAM
from lab.base.paths import ROOT
from tests.contract.deployed import Files, effective_config
from tests.contract.exchange import Exchange
from tests.contract.stack import Stack, finished

HERE = Path(__file__).parent
SHIPPED = "MaCrossoverStrategy"
WHOLE, SHORT = "20260103-20260108T0800", "20260108-20260108T0400"
LOOKAHEAD = {"kind": "lookahead_analysis", "timerange": WHOLE, "least_trades": 3, "trades": 5}
RECURSIVE = {"kind": "recursive_analysis", "timerange": WHOLE, "startup_candles": [100, 400], "most_variance": 0.1}
CASES: dict[str, dict[str, Any]] = {
    "sound": {**LOOKAHEAD, "strategy": "Sound"},
    "ahead": {**LOOKAHEAD, "strategy": "Ahead"},
    "idle": {**LOOKAHEAD, "strategy": "Idle"},
    "absent": {**LOOKAHEAD, "strategy": "Absent"},
    "shipped": {**LOOKAHEAD, "strategy": SHIPPED},
    "settled": {**RECURSIVE, "strategy": "Sound"},
    "hasty": {**RECURSIVE, "strategy": "Hasty"},
    "knowing": {**RECURSIVE, "strategy": "Ahead"},
    "bare": {**RECURSIVE, "strategy": "Bare"},
    "short": {**RECURSIVE, "strategy": "Sound", "timerange": SHORT},
}
Found = dict[str, dict[str, Any]]


def words_of(case: dict[str, Any]) -> list[str]:
    """Return the words of Freqtrade that a run of these inputs has, without the place of its candles."""
    [command] = run_command.commands(run_inputs.parsed(case), case["strategy"], "binance")
    words = command[3:]
    at = words.index("--datadir")
    return words[:at] + words[at + 2 :]


@pytest.fixture(scope="module")
def found(stack: Stack, exchange: Exchange, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Analyse all of them in one container: it is Freqtrade's imports that take the time."""
    files = Files(tmp_path_factory.mktemp("analysed") / "home")
    effective = effective_config("run", "Sound", {}, exchange.url)
    inputs = run_inputs.parsed({**CASES["sound"], "pairs": ["BTC/USDT"]})
    config = run_config.of_run(effective, inputs)
    strategies = (*(HERE / "analysed").glob("*.py"), ROOT / "strategies" / f"{SHIPPED}.py")
    files.put_release(config, *strategies)
    program = files.release / PROGRAM
    program.parent.mkdir()
    shutil.copy(ROOT / "src" / "freqops" / "research" / "analysis.py", program)
    shutil.copy(HERE / "analyse.py", files.release / "analyse.py")
    container = stack.run(
        stack.image,
        stack.address(),
        entrypoint="python3",
        command=["/freqops/release/analyse.py", json.dumps({name: words_of(case) for name, case in CASES.items()})],
        environment={"PYTHONPATH": run_command.PYTHONPATH, "NUMBA_CACHE_DIR": "/tmp", "OMP_NUM_THREADS": "1"},  # noqa: S108
        volumes=[f"{files.release}:{run_command.INPUT}:ro"],
        read_only=True,
        tmpfs={"/tmp": "", run_command.OUTPUT: "mode=0777"},  # noqa: S108  the container's own
    )
    status, said = finished(container)
    stack.remove(container)
    assert status == 0, said
    answer: Found = json.loads(said.splitlines()[-1])
    return answer


def verdict(found: Found, name: str) -> Verdict:
    """Return the verdict of the host on a case."""
    case, answer = CASES[name], found[name]
    assert (answer["status"], answer["result"] is not None) == (0, True), answer["log"]
    return analysis_verdict.judge(analysis_file.parsed(answer["result"], case["kind"], case["strategy"]), case)


def test_a_sound_strategy_passes_both(found: Found) -> None:
    """Freqtrade finds no look-ahead in a strategy that has none, and no difference in settled indicators."""
    assert verdict(found, "sound") == Verdict(passed=True, said="no look-ahead in 5 trades")
    settled = verdict(found, "settled")
    assert settled.passed, settled
    assert settled.said.startswith("3 indicators are within 0.1 % with the strategy's own 60 startup candles")


def test_a_strategy_that_knows_the_next_candle_is_caught_by_both(found: Found) -> None:
    """Both analyses find an indicator that is shifted by one candle into the past."""
    ahead, knowing = verdict(found, "ahead"), verdict(found, "knowing")
    assert not ahead.passed
    assert ahead.said.startswith("BIASED in 5 trades: ")
    assert "seen" in ahead.said
    assert not knowing.passed
    assert "seen (look-ahead)" in knowing.said


def test_a_strategy_that_never_trades_is_not_judged(found: Found) -> None:
    """A look-ahead analysis with too few trades ends with 0, and has judged nothing.

    So freqops counts the trades itself, and calls the run failed.
    """
    assert verdict(found, "idle").not_judged == "0 of 3 trades"


def test_a_strategy_that_is_not_there_leaves_no_result(found: Found) -> None:
    """An analysis of a strategy that is not there ends with 0.

    So freqops takes no exit status for a result.
    """
    assert (found["absent"]["status"], found["absent"]["result"]) == (0, None), found["absent"]["log"]


def test_the_entry_gate_lets_an_analysis_trade(found: Found) -> None:
    """Freqtrade runs the backtests of an analysis in the run mode ``util_no_exchange``.

    So the entry gate counts that among those that only simulate.
    """
    assert verdict(found, "shipped").passed, found["shipped"]


def test_too_few_startup_candles_are_found_with_their_figure(found: Found) -> None:
    """A recursive analysis finds by how much an average differs that had too few candles before it."""
    hasty = verdict(found, "hasty")
    assert not hasty.passed
    assert hasty.said.startswith("BIASED with the strategy's own 20 startup candles: slow (+3.")


def test_without_indicators_nothing_is_judged(found: Found) -> None:
    """Freqtrade adds columns of its own to the candles.

    So freqops counts as indicators what the strategy adds to those, and passes no strategy without any.
    """
    assert verdict(found, "bare").not_judged == "the strategy makes no indicators"


def test_a_range_that_is_too_short_is_not_judged(found: Found) -> None:
    """A recursive analysis over few candles compares them nearly with themselves, and finds nothing.

    So freqops counts the candles that were compared.
    """
    assert "the range has 109 candles; with 60 startup candles it takes 124" in verdict(found, "short").not_judged
