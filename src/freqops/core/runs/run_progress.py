"""How far a run is, as a host tells it, and as a person reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..base import kinds
from ..base.visible import visible
from . import progress_bars

BARS = re.compile(r" *[━╸╺]+[━╸╺ ]*")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PERCENT = re.compile(r"\b([0-9]{1,3})%")
LINE = 160
OF_PROGRESS: dict[str, kinds.Kind] = {
    "kind": kinds.text, "seconds": kinds.seconds, "line": kinds.text, "epochs": kinds.count, "wanted": kinds.count,
    "best_loss": kinds.or_none(kinds.number), "percent": kinds.or_none(kinds.count), "left_s": kinds.seconds,
}  # fmt: skip


def document(
    kind: str, seconds: float, log: Sequence[str], epochs: int, wanted: int, best_loss: float | None
) -> dict[str, Any]:
    """Return how far a run is.

    Args:
        kind: Its kind.
        seconds: How long it runs.
        log: The last lines of its log.
        epochs: Of a hyperopt: the epochs that are over.
        wanted: Of a hyperopt: the epochs that were asked for.
        best_loss: Of a hyperopt: the smallest loss until now.
    """
    lines = [visible(BARS.sub(" ", ESCAPES.sub("", line)).strip(), LINE) for line in log]
    of_candles = [each for each in map(progress_bars.percent_in, lines) if each is not None]
    line = next((each for each in reversed(lines) if each and progress_bars.percent_in(each) is None), "")
    percent = None
    if wanted:
        percent = min(100, 100 * epochs // wanted)
    elif of_candles:
        percent = of_candles[-1]
    elif found := PERCENT.search(line):
        percent = min(100, int(found[1]))
    left = round(seconds * (100 - percent) / percent, 1) if percent else None
    return {
        "kind": kind, "seconds": round(seconds, 1), "line": line, "epochs": epochs, "wanted": wanted,
        "best_loss": best_loss, "percent": percent, "left_s": left,
    }  # fmt: skip


def differs(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two looks at a run show anything new but the time."""
    names = ("epochs",) if one.get("wanted") else ("line", "percent")
    return any(one.get(name) != other.get(name) for name in names)


def checked(found: object) -> dict[str, Any]:
    """Return the progress that a host tells.

    Raises:
        Malformed: It is not what it must be.
    """
    known = kinds.checked(found, OF_PROGRESS, tuple(OF_PROGRESS))
    return {**known, "line": visible(known["line"], LINE), "kind": visible(known["kind"], 20)}


def shown(host: str, run: str, progress: Mapping[str, Any]) -> str:
    """Return the progress of a run as a line for a person."""
    parts = [f"{host} {run}: {progress['seconds']:.0f} s"]
    if progress["wanted"]:
        parts.append(f"epoch {progress['epochs']} of {progress['wanted']}")
        if progress["best_loss"] is not None:
            parts.append(f"best loss {progress['best_loss']:.6g}")
    if progress["percent"] is not None:
        parts.append(f"{progress['percent']} %")
    if progress["left_s"] is not None:
        parts.append(f"about {progress['left_s']:.0f} s left")
    return ", ".join(parts) + (f" | {progress['line']}" if progress["line"] and not progress["wanted"] else "")
