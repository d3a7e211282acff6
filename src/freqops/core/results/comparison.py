"""Runs beside each other: what was asked of them, what came of them, and whether they made the same trades."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..base.visible import compact
from .analysis_file import Analysis
from .backtest_archive import Trade
from .document import Document
from .hyperopt_file import Epoch

# Columns of a run that differ for every two of them, or are compared otherwise.
OF_EACH = (
    *("id", "started_utc", "finished_utc", "duration_s", "peak_memory_bytes", "artifacts_path", "incident_id"),
    *("parameters_json", "parameters_sha256", "actor", "reason", "experiment_id"),
)
OF_EPOCH = ("number", "parameters", "loss", "trades", "profit")
TOLERANCE = 1e-9  # between figures that two machines calculated
DEEPEST = 8


def asked(documents: Sequence[Document]) -> dict[str, list[Any]]:
    """Return what was not the same for all runs, column by column."""
    names = {name: None for document in documents for name in document.run if name not in OF_EACH}
    found = {name: [document.run.get(name) for document in documents] for name in names}
    return {name: values for name, values in found.items() if any(value != values[0] for value in values)}


def parameters(documents: Sequence[Document]) -> dict[str, list[Any]]:
    """Return the effective parameters of all runs, name by name; None where a run has none of it."""
    flat = [_flat(_parameters(document)) for document in documents]
    return {name: [each.get(name) for each in flat] for name in sorted({name for each in flat for name in each})}


def metrics(documents: Sequence[Document]) -> dict[str, list[float | None]]:
    """Return the metrics of all runs, name by name; None where a run has none of it."""
    names = sorted({name for document in documents for name in document.metrics})
    return {name: [document.metrics.get(name) for document in documents] for name in names}


def trades_differ(one: Sequence[Trade], other: Sequence[Trade]) -> str:
    """Return in what the trades of two backtests differ; empty where they are the same ones.

    Trades are compared in the order of their opening, and of one moment by pair.
    """
    mine, theirs = sorted(one, key=_order), sorted(other, key=_order)
    for number, (this, that) in enumerate(zip(mine, theirs), 1):
        names = [name for name in vars(this) if not _same(getattr(this, name), getattr(that, name))]
        if names:
            values = ", ".join(f"{name} {getattr(this, name)} and {getattr(that, name)}" for name in names)
            return (
                f"{_counts(one, other)}trade {number} differs, {this.pair} opened {this.opened.isoformat()}: {values}"
            )
    return _counts(one, other).rstrip("; ")


def epochs_differ(one: Sequence[Epoch], other: Sequence[Epoch]) -> str:
    """Return in what the epochs of two hyperopts differ; empty where they are the same ones, in the same order."""
    for this, that in zip(_in_order(one), _in_order(other)):
        names = [name for name in OF_EPOCH if not _same(getattr(this, name), getattr(that, name))]
        if names:
            values = ", ".join(f"{name} {getattr(this, name)} and {getattr(that, name)}" for name in names)
            return f"{_counts(one, other, 'epochs')}epoch {this.number} differs: {values}"
    return _counts(one, other, "epochs").rstrip("; ")


def analyses_differ(one: Analysis, other: Analysis) -> str:
    """Return in what two analyses of the same kind differ; empty where they found the same."""
    mine, theirs = one.figures(), other.figures()
    names = [name for name in {**mine, **theirs} if name not in mine or name not in theirs]
    names += [name for name in mine if name in theirs and not _same(mine[name], theirs[name])]
    return "; ".join(f"{name}: {mine.get(name, 'nothing')} and {theirs.get(name, 'nothing')}" for name in names)


def _in_order(epochs: Sequence[Epoch]) -> list[Epoch]:
    return sorted(epochs, key=lambda each: each.number)


def _counts(one: Sequence[object], other: Sequence[object], what: str = "trades") -> str:
    return "" if len(one) == len(other) else f"{len(one)} and {len(other)} {what}; "


def _order(trade: Trade) -> tuple[Any, ...]:
    return trade.opened, trade.pair


def _same(this: Any, that: Any) -> bool:
    if isinstance(this, float) and isinstance(that, float):
        return math.isclose(this, that, rel_tol=TOLERANCE, abs_tol=TOLERANCE) or (math.isnan(this) and math.isnan(that))
    return bool(this == that)


def _parameters(document: Document) -> Any:
    try:
        return json.loads(document.run.get("parameters_json") or "{}")
    except (TypeError, ValueError, RecursionError):
        return {}


def _flat(value: Any, name: str = "", depth: int = DEEPEST) -> dict[str, Any]:
    """Return the values of an object within objects, each by its names with points between them."""
    if not isinstance(value, Mapping) or not depth:
        return (
            {name: value if isinstance(value, (str, int, float, bool, type(None))) else compact(value)} if name else {}
        )
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found.update(_flat(inner, f"{name}.{key}" if name else str(key), depth - 1))
    return found
