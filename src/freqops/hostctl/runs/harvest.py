"""What a run left behind, read as the hostile thing it is: its results, and the data that they were made of."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

from freqops.core.base.clock import iso
from freqops.core.base.errors import FreqopsError
from freqops.core.base.kinds import Malformed
from freqops.core.base.visible import visible
from freqops.core.results import analysis_file, backtest_archive, gaps
from freqops.core.results.artifacts import Artifact, artifact
from freqops.core.results.spooled_epochs import SpooledEpochs
from freqops.core.runs import analysis_verdict, candles, run_id
from freqops.core.runs.analysis_verdict import Verdict
from freqops.core.runs.candles import Candles
from freqops.core.runs.run_command import ANALYSIS, BACKTESTS, HYPEROPTS
from freqops.core.runs.run_inputs import bounds

from . import candle_files, downloaded
from .bounded_log import first_lines
from .run_directory import RunDirectory
from .run_engine import RunEngine

VERSION = re.compile(r"freqtrade - INFO - freqtrade ([0-9]{4}\.[0-9]{1,2}[0-9A-Za-z.-]{0,20})$")
FIRST_LINES = 50


@dataclass
class Harvest:
    """What a run left.

    Attributes:
        results: How many results there are.
        trades: Of a backtest: how many trades.
        epochs: Of a hyperopt: how many epochs that are whole.
        verdict: Of an analysis: the verdict on what it left; None where that is not there.
        unreadable: Why something of it cannot be read; empty where all can.
        missing: The data that it needed and that is not there.
        metrics: Its metrics.
        parameters: The effective parameters; of a hyperopt, the best ones.
        artifacts: Its files.
        data: The candles, by the name of their file.
        more: Further columns of its row.
    """

    results: int = 0
    trades: int | None = None
    epochs: int = 0
    verdict: Verdict | None = None
    unreadable: str = ""
    missing: list[str] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    artifacts: list[Artifact] = field(default_factory=list)
    data: dict[str, Candles] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)


def of_run(place: RunDirectory, asked: dict[str, Any], engine: RunEngine) -> Harvest:
    """Return what a run left; what cannot be read is said in it."""
    harvest = Harvest()
    readers: dict[str, Callable[[RunDirectory, dict[str, Any], Harvest], None]] = {
        "backtest": _backtest, "hyperopt": _hyperopt, "download": _download,
        **dict.fromkeys(run_id.ANALYSES, _analysis),
    }  # fmt: skip
    try:
        _data(place, asked, engine, harvest)
        readers[asked["kind"]](place, asked, harvest)
    except (FreqopsError, OSError, ValueError) as error:
        harvest.unreadable = harvest.unreadable or str(error)
    return harvest


def epochs_of(place: RunDirectory) -> SpooledEpochs | None:
    """Return the whole epochs that a hyperopt left; None where it left no file of them.

    Raises:
        OSError: The file cannot be read, or there is no room for a temporary one.
    """
    found = results(place.output / HYPEROPTS, ".fthypt")
    return SpooledEpochs(found[0]) if found else None


def results(directory: Path, suffix: str) -> list[Path]:
    """Return the plain files with a suffix in a directory that a run could write; no link is followed."""
    try:
        if not stat.S_ISDIR(directory.lstat().st_mode):
            return []
        found = [path for path in directory.iterdir() if path.name.endswith(suffix)]
        return sorted(path for path in found if stat.S_ISREG(path.lstat().st_mode))
    except FileNotFoundError:
        return []


def _data(place: RunDirectory, asked: dict[str, Any], engine: RunEngine, harvest: Harvest) -> None:
    """Read the candles: of a download, those that it left; else those that it was given of its pairs."""
    exchange = asked["exchange"]
    if asked["kind"] == "download":
        below, wanted = downloaded.staging(place, exchange), downloaded.names_there(place, exchange)
        wanted = [name for name in wanted if name in asked["files"]]
    else:
        below = place.data / exchange
        begins = tuple(f"{candles.IN_NAME.sub('_', pair)}-" for pair in asked["pairs"])
        wanted = [name for name in candle_files.names(below) if name.startswith(begins)]
    harvest.data, wrong = candle_files.read(place, below, wanted, asked["image"], engine)
    harvest.missing += wrong


def _backtest(place: RunDirectory, asked: dict[str, Any], harvest: Harvest) -> None:
    found = results(place.output / BACKTESTS, ".zip")
    harvest.results = len(found)
    harvest.artifacts = [artifact(place.root, path) for path in found]
    if len(found) != 1:
        return
    result = backtest_archive.read(found[0], asked["strategy"])
    harvest.trades, harvest.metrics, harvest.parameters = len(result.trades), dict(result.metrics), result.parameters
    first, last = bounds(asked["inputs"].get("timerange", "-"))
    harvest.missing += candles.missing(asked["pairs"], result.timeframe, harvest.data, first, last)
    own = {candles.file_name(pair, result.timeframe): pair for pair in asked["pairs"]}
    missed = [
        gaps.Gap(own[name], result.timeframe, gap_first, gap_last)
        for name, there in harvest.data.items()
        if name in own
        for gap_first, gap_last in candles.gaps_of(there)
    ]
    harvest.more = {
        "window_start_utc": iso(result.window_start), "window_end_utc": iso(result.window_end),
        "freqtrade_version": result.freqtrade_version or _version(place),
        "gap_profit_share": gaps.profit_across(result.trades, missed) if missed else None,
    }  # fmt: skip


def _hyperopt(place: RunDirectory, _asked: dict[str, Any], harvest: Harvest) -> None:
    found = results(place.output / HYPEROPTS, ".fthypt")
    harvest.results = len(found)
    harvest.artifacts = [artifact(place.root, path) for path in found]
    epochs = epochs_of(place)
    if epochs is None or epochs.first is None:
        harvest.unreadable = epochs.why if epochs is not None else ""
        return
    harvest.metrics = epochs.metrics
    harvest.epochs = int(epochs.metrics["epochs"])
    if epochs.why:
        harvest.unreadable = f"after {harvest.epochs} epochs: {epochs.why}"
    if epochs.best is not None:
        harvest.parameters = epochs.best.effective
        harvest.more = {
            "window_start_utc": iso(epochs.best.window_start), "window_end_utc": iso(epochs.best.window_end),
            "freqtrade_version": _version(place),
        }  # fmt: skip


def _analysis(place: RunDirectory, asked: dict[str, Any], harvest: Harvest) -> None:
    path = place.output / ANALYSIS
    try:
        harvest.artifacts = [artifact(place.root, path)]
    except FileNotFoundError:
        return
    harvest.results = 1
    found = analysis_file.read(path, asked["kind"], asked["strategy"])
    first, last = bounds(asked["inputs"]["timerange"])
    pairs = [found.pair] if isinstance(found, analysis_file.Recursive) else asked["pairs"]
    if not set(pairs) <= set(asked["pairs"]):
        raise Malformed(f"{path.name}: its pair is {visible(pairs[0], 60)}, which nobody asked for")
    harvest.verdict = analysis_verdict.judge(found, asked["inputs"])
    harvest.metrics = analysis_verdict.metrics(found, harvest.verdict)
    harvest.missing += candles.missing(pairs, found.timeframe, harvest.data, first, last)
    harvest.more = {"freqtrade_version": found.freqtrade_version}


def _version(place: RunDirectory) -> str:
    """Return the release of Freqtrade that a log names first; empty where it names none."""
    found = (VERSION.search(line) for line in first_lines(place.log, FIRST_LINES))
    return next((each[1] for each in found if each), "")


def _download(_place: RunDirectory, asked: dict[str, Any], harvest: Harvest) -> None:
    first, last = bounds(asked["inputs"]["timerange"])
    for timeframe in asked["inputs"]["timeframes"]:
        harvest.missing += candles.missing(asked["pairs"], timeframe, harvest.data, first, last)
    harvest.results = len(harvest.data)
    harvest.metrics = {"candles": float(sum(each.candles for each in harvest.data.values()))}
