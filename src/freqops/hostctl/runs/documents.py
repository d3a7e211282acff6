"""The document of a run, made of its row and of what it left; what cannot be read of that is said in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Callable, TypeVar

from freqops.core.base import plain_file
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.kinds import Malformed
from freqops.core.results import analysis_file, backtest_archive, gaps
from freqops.core.results.analysis_file import Analysis
from freqops.core.results.archive_file import META
from freqops.core.results.artifacts import Artifact, artifact
from freqops.core.results.backtest_archive import Backtest
from freqops.core.results.document import MOST_EPOCHS, MOST_GAPS, MOST_TRADES, Document
from freqops.core.runs import run_id
from freqops.core.runs.registry import Registry
from freqops.core.runs.run_command import ANALYSIS
from freqops.core.runs.run_id import ABSENT

RESULTS = (".zip", ".json")
Result = TypeVar("Result")
TOO_MANY = "there are {} {}, of which {} are here"


def of_runs(root: Path, present: Registry, runs: Sequence[str]) -> tuple[list[Document], list[str]]:
    """Return the documents of runs, and which of them this host does not have.

    Raises:
        Refused: It has none of them.
    """
    absent = [run for run in runs if present.run(run) is None]
    if len(absent) == len(runs):
        raise Refused(f"{ABSENT} {', '.join(runs)} on this host; 'freqops-host runs list' has those there are")
    return [_document(root, present, run) for run in runs if run not in absent], absent


def _document(root: Path, present: Registry, run: str) -> Document:
    row, rows, notes = dict(present.run(run) or {}), present.run_rows(), list[str]()
    metrics, artifacts = rows.metrics(run), rows.artifacts(run)
    epochs = list(rows.epochs(run, MOST_EPOCHS))
    if metrics.get("epochs", 0) > len(epochs):
        notes.append(TOO_MANY.format(int(metrics["epochs"]), "epochs", len(epochs)))
    backtest = _backtest(root, row, artifacts, notes) if row["kind"] == "backtest" and artifacts else None
    pairs = [trade.pair for trade in backtest.trades] if backtest is not None else []
    analysis = _analysis(root, row, artifacts, notes) if row["kind"] in run_id.ANALYSES and artifacts else None
    found = _gaps(row, pairs, notes)
    return Document(row, metrics, tuple(artifacts), backtest, tuple(epochs), found, tuple(notes), analysis)


def _backtest(root: Path, row: dict[str, Any], artifacts: Sequence[Artifact], notes: list[str]) -> Backtest | None:
    """Return the result of a backtest, where it is still what it was when its row was written."""
    results = [each for each in artifacts if each.path.endswith(RESULTS) and not each.path.endswith(META)]
    own = [each for each in results if each.path == row["artifacts_path"]] or results
    found = _read(root, own, "its trades", lambda path: backtest_archive.read(path, row["strategy"]), notes)
    if found is not None and len(found.trades) > MOST_TRADES:
        notes.append(f"its trades: there are {len(found.trades)} of them, more than {MOST_TRADES}")
        return None
    return found


def _analysis(root: Path, row: dict[str, Any], artifacts: Sequence[Artifact], notes: list[str]) -> Analysis | None:
    """Return what an analysis found, where its file is still what it was when its row was written."""
    own = [each for each in artifacts if each.name == ANALYSIS]
    kind, strategy = str(row["kind"]), str(row["strategy"])
    return _read(root, own, "what it found", lambda path: analysis_file.read(path, kind, strategy), notes)


def _read(
    root: Path, own: Sequence[Artifact], what: str, reader: Callable[[Path], Result], notes: list[str]
) -> Result | None:
    """Return the result in the first of some files; None where it is not there as it was, and a note says why."""
    if not own or PurePosixPath(own[0].path).is_absolute() or ".." in PurePosixPath(own[0].path).parts:
        notes.append(f"{what}: its result is not on this host")
        return None
    path = root / own[0].path
    try:
        if artifact(root, path).sha256 != own[0].sha256:
            notes.append(f"{what}: {own[0].path} is not what it was when the run was written down")
            return None
        return reader(path)
    except FileNotFoundError:
        notes.append(f"{what}: {own[0].path} is missing")
    except (FreqopsError, plain_file.NotRead) as error:
        notes.append(f"{what}: {error}")
    return None


def _gaps(row: dict[str, Any], pairs: Sequence[str], notes: list[str]) -> tuple[gaps.Gap, ...]:
    try:
        found = gaps.of_data(row["data_json"] or "{}", pairs)
    except Malformed as error:
        notes.append(f"the gaps in its candles: {error}")
        return ()
    if len(found) > MOST_GAPS:
        notes.append(TOO_MANY.format(len(found), "gaps", MOST_GAPS))
    return tuple(found[:MOST_GAPS])
