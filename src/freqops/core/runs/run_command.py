"""The command of a run, word by word, as Freqtrade 2026.9 has it, and the places in its container."""

from __future__ import annotations

from . import run_id
from .run_inputs import (
    DEFAULT_EPOCHS,
    DEFAULT_LEAST_TRADES,
    DEFAULT_LOSS,
    DEFAULT_SPACES,
    DEFAULT_STARTUPS,
    DEFAULT_TRADES,
    Inputs,
)

INPUT, OUTPUT, DATA = "/freqops/release", "/freqops/output", "/freqops/data"
PACKAGES = "/freqops/packages"
CONFIG = f"{INPUT}/config.json"
BACKTESTS, HYPEROPTS = "backtest_results", "hyperopt_results"
PROGRAM, ANALYSIS = "program/analysis.py", "analysis.json"  # below the input, and below the output
NICE = 10
PYTHONPATH = f"{INPUT}/python:{PACKAGES}"  # as a bot's, so that a strategy finds what it finds there


def commands(inputs: Inputs, strategy: str, exchange: str, *, prepend: bool = False) -> list[list[str]]:
    """Return the commands of a run, to be executed one after the other.

    Args:
        inputs: The inputs, in which a hyperopt has its seed and its jobs.
        strategy: The class of its strategy; empty for a download.
        exchange: The exchange, as Freqtrade calls the directory of its data.
        prepend: Of a download: whether there is data already that begins later than what is wanted.
    """
    common = ["--config", CONFIG, "--userdir", OUTPUT]
    if inputs.kind == "download":
        return _downloads(inputs, [*common, "--datadir", f"{OUTPUT}/data/{exchange}"], prepend=prepend)
    words = [*common, "--datadir", f"{DATA}/{exchange}"]
    words += ["--strategy", strategy, "--strategy-path", f"{INPUT}/strategies"]
    words += ["--timerange", inputs.timerange] if inputs.timerange else []
    words += ["--timeframe", inputs.timeframe] if inputs.timeframe else []
    words += ["--dry-run-wallet", f"{inputs.wallet:.12g}"] if inputs.wallet is not None else []
    words += ["--fee", f"{inputs.fee:.12g}"] if inputs.fee is not None else []
    if inputs.kind in run_id.ANALYSES:
        return [["python3", f"{INPUT}/{PROGRAM}", f"{OUTPUT}/{ANALYSIS}", *_analysis(inputs, words)]]
    if inputs.kind == "backtest":
        results = f"{OUTPUT}/{BACKTESTS}"
        own = ["--cache", "none", "--export", "trades", "--backtest-directory", results]
        return [["freqtrade", "backtesting", *words, *own]]
    own = ["--hyperopt-loss", inputs.loss or DEFAULT_LOSS, "--epochs", str(inputs.epochs or DEFAULT_EPOCHS)]
    own += ["--random-state", str(inputs.seed), "--job-workers", str(inputs.jobs or 1), "--disable-param-export"]
    own += ["--spaces", *(inputs.spaces or DEFAULT_SPACES)]
    return [["freqtrade", "hyperopt", *words, *own]]


def _analysis(inputs: Inputs, words: list[str]) -> list[str]:
    """Return the words of Freqtrade for an analysis: behind ``freqtrade``, they are its plain command."""
    if inputs.kind == "lookahead_analysis":
        own = ["--minimum-trade-amount", str(inputs.least_trades or DEFAULT_LEAST_TRADES)]
        return ["lookahead-analysis", *words, *own, "--targeted-trade-amount", str(inputs.trades or DEFAULT_TRADES)]
    return ["recursive-analysis", *words, "--startup-candle", *map(str, inputs.startup_candles or DEFAULT_STARTUPS)]


def _downloads(inputs: Inputs, common: list[str], *, prepend: bool) -> list[list[str]]:
    """Return the commands of a download: Freqtrade adds what comes before in one, what comes after in another."""
    words = [*common, "--timerange", inputs.timerange, "--timeframes", *inputs.timeframes]
    words += ["--data-format-ohlcv", "feather"]
    before = [["freqtrade", "download-data", *words, "--prepend"]] if prepend else []
    return [*before, ["freqtrade", "download-data", *words]]
