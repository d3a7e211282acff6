"""Runs as tables for a terminal: listed, one of them, and some beside each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..base import kinds
from ..base.text_table import table
from ..base.visible import compact, visible
from ..results import analysis_file, comparison
from ..results.analysis_file import Analysis, Lookahead
from ..results.document import Document
from .registry_schema import FINISHED

HEADINGS = ("run", "kind", "strategy", "bot", "status", "executed", "took", "trades", "profit", "drawdown", "loss")
SHORT, LONG = 60, 160
EPOCHS = 10  # of a hyperopt that are shown, those with the smallest loss
LETTERS = "ABCDEFGHIJ"


def cells(row: Mapping[str, Any]) -> list[Any]:
    """Return a run as the cells under `HEADINGS`."""
    metrics = row.get("metrics") or {}
    return [
        row["id"],
        row["kind"],
        row.get("strategy"),
        row.get("bot"),
        status(row),
        row.get("started_utc") or row.get("finished_utc"),
        took(row.get("duration_s")),
        _figure(metrics, "trades", "{:.0f}"),
        _figure(metrics, "profit_total", "{:+.2%}"),
        _figure(metrics, "max_drawdown_account", "{:.2%}"),
        _figure(metrics, "loss", "{:.4g}"),
    ]


def status(row: Mapping[str, Any]) -> str:
    """Return how a run is, with the reason where it did not come to a good end."""
    why = row.get("end_reason") or ""
    if row["status"] == FINISHED and not analysis_file.stands(row["kind"], row.get("metrics") or {}):
        return visible(f"not passed: {why}", SHORT)
    said = row["status"] if row["status"] == FINISHED or not why else f"{row['status']}: {why}"
    return visible(f"{said}; passed over {row['overridden']}" if row.get("overridden") else said, SHORT)


def took(seconds: Any) -> str | None:
    """Return a length of time in its largest units."""
    if not kinds.number(seconds):
        return None
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s"
    return f"{whole // 60} min" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def listed(rows: Sequence[Mapping[str, Any]], total: int, first: int) -> list[str]:
    """Return a page of runs as lines.

    Args:
        rows: The runs of the page.
        total: How many are wanted.
        first: The number of the first of them, from 1 on.
    """
    if not rows:
        return ["no run" if not total else f"no run on this page; there are {total}"]
    return [*table(HEADINGS, [cells(row) for row in rows]).splitlines(), counted(len(rows), total, first)]


def counted(shown: int, total: int, first: int) -> str:
    """Return which of how many runs are shown."""
    return f"runs {first} to {first + shown - 1} of {total}" if total > shown else f"{total} runs"


def shown(document: Document) -> Iterator[str]:
    """Yield one run as lines."""
    for name, value in document.run.items():
        if value not in (None, ""):
            yield f"{name}: {visible(value, LONG)}"
    yield from _section("metrics", [(name, f"{value:g}") for name, value in sorted(document.metrics.items())])
    best = sorted(document.epochs, key=lambda each: (math.isnan(each.loss), each.loss, each.number))[:EPOCHS]
    yield from _section(
        f"epochs, {len(best)} of {len(document.epochs)}, the smallest loss first",
        [(each.number, f"{each.loss:g}", each.trades, f"{each.profit:+.2%}", _pairs(each.parameters)) for each in best],
        ("epoch", "loss", "trades", "profit", "parameters"),
    )
    gaps = document.gaps[:EPOCHS]
    yield from _section(
        f"gaps in the candles, {len(gaps)} of {len(document.gaps)}",
        [(each.pair, each.timeframe, each.begins.isoformat(), each.ends.isoformat()) for each in gaps],
    )
    if document.analysis is not None:
        yield from analysed(document.analysis)
    yield from _section("files", [(each.path, each.sha256) for each in document.artifacts])
    yield from (f"MISSING: {note}" for note in document.notes)


def analysed(found: Analysis) -> Iterator[str]:
    """Yield what an analysis found as lines."""
    if isinstance(found, Lookahead):
        rows = [(visible(name, SHORT),) for name in found.biased_indicators]
        yield from _section("indicators with look-ahead", rows, ("indicator",))
        return
    startups = [each.startup for each in found.parts]
    headings = ("indicator", *(f"{each}{' (its own)' if each == found.startup else ''}" for each in startups), "")
    rows_of = [
        (visible(each.name, SHORT), *map(each.said, startups),
         ", ".join(["look-ahead"] * each.lookahead + ["no value"] * (not each.has_value)))
        for each in found.indicators
    ]  # fmt: skip
    yield from _section(f"differences of indicators of {found.pair}, by startup candles", rows_of, headings)


def compared(documents: Sequence[Document]) -> Iterator[str]:
    """Yield runs beside each other as lines."""
    names = LETTERS[: len(documents)]
    for letter, document in zip(names, documents):
        yield f"{letter}: {document.run.get('host') or 'unknown host'} {visible(document.run['id'], LONG)}"
    for title, found in (
        ("what was asked and differs", comparison.asked(documents)),
        ("parameters", comparison.parameters(documents)),
        ("metrics", comparison.metrics(documents)),
    ):
        rows = [(name, *(_value(value) for value in values), _mark(values)) for name, values in found.items()]
        yield from _section(title, rows, ("", *names, "differs"))
    yield from trades(documents)
    yield from (f"MISSING of {letter}: {note}" for letter, each in zip(names, documents) for note in each.notes)


def trades(documents: Sequence[Document]) -> Iterator[str]:
    """Yield whether each run made the trades of the first one."""
    first = documents[0].backtest
    for letter, document in zip(LETTERS[1:], documents[1:]):
        if first is not None and document.backtest is not None:
            differs = comparison.trades_differ(first.trades, document.backtest.trades)
            yield f"{letter}: {'not the trades of A: ' + visible(differs, LONG) if differs else 'the same trades as A'}"


def _section(title: str, rows: Sequence[Sequence[Any]], headings: Sequence[str] = ()) -> Iterator[str]:
    if rows:
        lines = table(headings or [""] * len(rows[0]), rows).splitlines()
        yield from ("", f"{title}:", *(lines if headings else lines[2:]))


def _pairs(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {compact(value)}" for name, value in sorted(parameters.items()))


def _figure(metrics: Mapping[str, Any], name: str, form: str) -> str | None:
    value = metrics.get(name)
    return form.format(value) if kinds.number(value) else None


def _value(value: Any) -> str | None:
    return None if value is None else f"{value:g}" if isinstance(value, float) else visible(value, SHORT)


def _mark(values: Sequence[Any]) -> str:
    return "yes" if any(value != values[0] for value in values) else ""
