"""What others left of a run, as the registry takes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path, PurePosixPath
from typing import Any

from ..base.clock import FUTURE_SECONDS, iso
from ..results.archive_file import ResultUnreadable
from ..results.artifacts import Artifact
from ..results.backtest_archive import Backtest
from ..results.hyperopt_file import Line
from ..results.spooled_epochs import SpooledEpochs
from . import registry_schema as schema
from .run_records import Adopted
from .run_rows import RunRows

STAMP, LENGTH = "%Y-%m-%d_%H-%M-%S", len("2026-01-01_00-00-00")  # of the name of a file of epochs


def backtest(found: Backtest, artifacts: Sequence[Artifact], host: str, now: datetime) -> Adopted:
    """Return a backtest as the registry takes it.

    Args:
        found: The backtest.
        artifacts: Its files, the one with the result first.
        host: The host on which they lie.
        now: The present.

    Raises:
        ResultUnreadable: It has no run id, or says that it ran in the future: for long it would be the latest.
    """
    if not found.run_id:
        raise ResultUnreadable(f"{artifacts[0].name}: {found.strategy} has no run id, for its meta file is missing")
    _refuse_future(artifacts[0].name, found.finished or found.started, now)
    more = {
        **_more(host, artifacts, found.window_start, found.window_end),
        "parameters_json": _json(found.parameters),
        "config_json": _json(found.config) if found.config else None,
        "config_sha256": found.config_sha256 or None,
        "freqtrade_version": found.freqtrade_version or None,
    }
    return Adopted(
        found.run_id,
        "backtest",
        schema.FINISHED if found.finished else schema.UNKNOWN,
        found.strategy,
        found.started,
        found.finished,
        {**more, **_duration(found.started, found.finished)},
        found.metrics,
        artifacts,
    )


def hyperopt(path: Path, artifacts: Sequence[Artifact], host: str, now: datetime) -> Adopted:
    """Return a hyperopt as the registry takes it; where a part of its file cannot be read, its ``end_reason`` says why.

    Args:
        path: Its file.
        artifacts: That file, as an artifact.
        host: The host on which it lies.
        now: The present.

    Raises:
        ResultUnreadable: It has no epoch, or says that it ran in the future.
        OSError: There is no room for a temporary file.
    """
    epochs = SpooledEpochs(path)
    first, best = epochs.first, epochs.best
    if first is None:
        raise ResultUnreadable(epochs.why or f"{path.name}: it is empty")
    _refuse_future(path.name, epochs.finished, now)
    more = {
        **_more(host, artifacts, first.window_start, first.window_end),
        "parameters_json": _json(best.effective) if best is not None else None,
        "end_reason": epochs.why or None,
    }
    return Adopted(
        _hyperopt_id(path.name, first, epochs.started),
        "hyperopt",
        schema.UNKNOWN,  # the file does not say how many epochs there should have been
        first.strategy,
        epochs.started,
        epochs.finished,
        {**more, **_duration(epochs.started, epochs.finished)},
        epochs.metrics,
        artifacts,
        epochs,
    )


def own_id(rows: RunRows, run: Adopted) -> str:
    """Return the id under which the registry has a backtest, or takes it.

    Freqtrade's run id covers strategy, parameters and configuration. Whoever executes the same twice, over other
    candles say, has two results of one id: the second has the time of its execution behind the id.
    """
    later = f"{run.id}-{run.started:%Y%m%dT%H%M%SZ}" if run.started else run.id
    present = rows.row(run.id)
    if rows.row(later) is not None or present is None:
        return later if rows.row(later) is not None else run.id
    undated = present["started_utc"] is None
    return run.id if undated or run.started is None or present["started_utc"] == iso(run.started) else later


def _hyperopt_id(name: str, line: Line, started: datetime | None) -> str:
    """Return the id of a hyperopt: the runbook's, without the number of an epoch."""
    stamp = PurePosixPath(name).stem[-LENGTH:]
    try:
        moment = datetime.strptime(stamp, STAMP).replace(tzinfo=timezone.utc)
    except ValueError:
        if started is None:
            raise ResultUnreadable(f"{name}: neither its name nor its epochs say when it was executed") from None
        moment = started
    return f"hp:{line.strategy}:{int(moment.timestamp())}"


def _more(host: str, artifacts: Sequence[Artifact], start: datetime, end: datetime) -> dict[str, Any]:
    return {
        "host": host,
        "artifacts_path": artifacts[0].path,
        "data_window": f"{iso(start)}..{iso(end)}",
        "window_start_utc": iso(start),
        "window_end_utc": iso(end),
    }


def _duration(started: datetime | None, finished: datetime | None) -> dict[str, float]:
    return {"duration_s": (finished - started).total_seconds()} if started and finished else {}


def _refuse_future(name: str, moment: datetime | None, now: datetime) -> None:
    if moment is not None and moment > now + timedelta(seconds=FUTURE_SECONDS):
        raise ResultUnreadable(f"{name}: it says that it ran at {iso(moment)}, which is yet to come")


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
