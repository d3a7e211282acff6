"""What the row of a run says: its facts for a reader, its parameters by name, and how it ended, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from freqops.core.base import strict_json
from freqops.core.base.page_parts import NOTHING, words
from freqops.core.base.visible import compact, visible
from freqops.core.results import analysis_file
from freqops.core.results.document import Document

NAME, VALUE = 80, 300  # characters of the name and the value of a parameter
DEPTH = 6  # of parameters within others
MIB = 1024 * 1024


class Ended(NamedTuple):
    """How a run ended.

    Attributes:
        text: In words.
        well: Whether it came to its end.
    """

    text: str
    well: bool


def said(document: Document, column: str) -> str:
    """Return what a column of a run says, as it stands in a cell; a dash where it says nothing."""
    value = document.run.get(column)
    return NOTHING if value is None or value == "" else visible(value, VALUE)


def ended(document: Document) -> Ended:
    """Return how a run ended."""
    status, reason = document.run.get("status"), said(document, "end_reason")
    because = "" if reason == NOTHING else f": {reason}"
    if status == "finished" and not analysis_file.stands(document.run["kind"], document.metrics):
        return Ended(f"FINISHED, NOT PASSED{because}", False)
    if status == "finished":
        return Ended(f"FINISHED{because}", True)
    if status == "started":
        return Ended("NOT OVER: it began, and its end is not known here", False)
    if status in ("failed", "stopped"):
        return Ended(f"{status.upper()}{because or ': no reason is noted'}", False)
    return Ended(f"HOW IT ENDED IS NOT KNOWN{because}", False)


def duration(document: Document) -> str:
    """Return for how long a run went on."""
    value = document.run.get("duration_s")
    return words(value) if isinstance(value, (int, float)) and value >= 0 else NOTHING


def memory(document: Document) -> str:
    """Return how much memory a run had at its peak."""
    value = document.run.get("peak_memory_bytes")
    return f"{value / MIB:,.0f} MiB" if isinstance(value, int) else NOTHING


def window(document: Document) -> str:
    """Return over which time of the market a run went."""
    if document.backtest is not None:
        begins, ends = document.backtest.window_start, document.backtest.window_end
        return f"{begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M}"
    return said(document, "data_window")


def timeframe(document: Document) -> str:
    """Return the timeframe of a backtest, or of an analysis."""
    result = document.backtest or document.analysis
    return NOTHING if result is None else visible(result.timeframe or NOTHING, NAME)


def parameters(document: Document) -> dict[str, str]:
    """Return the effective parameters of a run, each by its name with those of what it stands in."""
    text = document.run.get("parameters_json")
    if not isinstance(text, str) or not text:
        return {}
    try:
        return flat(strict_json.parse(text.encode(errors="replace")))
    except strict_json.Unreadable as error:
        return {"all of them": f"NOT READABLE: {error}"}


def flat(value: Any) -> dict[str, str]:
    """Return what JSON says as names with a value each; lists are values."""
    return {visible(name, NAME): visible(compact(each), VALUE) for name, each in _leaves(value, "", DEPTH)}


def _leaves(value: Any, name: str, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value and depth:
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else f"{key}", depth - 1)
    else:
        yield name or "value", value
