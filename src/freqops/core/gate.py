"""The start gate's decision: may Freqtrade be executed in this container now?"""

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from . import holds
from .clock import iso

CRASHES = 5
WINDOW = timedelta(minutes=10)
STARTS_FILE = "starts.json"


def verdict(conf: Path) -> str | None:
    """Return why Freqtrade must not be executed, or None where nothing forbids it.

    At level 1 it may start only into a state of rest; at level 3, or when the holds cannot be read, not at all.
    """
    try:
        book = holds.load(conf / "holds.json")
    except holds.HoldsUnreadable as error:
        return f"its holds cannot be read ({error}); this counts as level 3"
    if book.level >= holds.HARD:
        return "held at level 3: " + "; ".join(f"{hold.reason} ({hold.incident})" for hold in book.holds)
    if book.level >= holds.ENTRIES:
        state = _initial_state(conf / "state.json")
        if state not in holds.TRADER_STATES_AT_REST:
            return f"held at level {book.level}, but its initial_state is {state!r}"
    return None


def _initial_state(path: Path) -> Any:
    try:
        return json.loads(path.read_text())["initial_state"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def crash_loop(var: Path, now: datetime) -> str | None:
    """Write down this start and return why it is one too many, or None.

    Every start that went through the one door (``freqops-host start``) forgets the earlier ones, so what is counted
    here are the starts that nobody asked for.
    """
    path = var / STARTS_FILE
    recent = [moment for moment in _starts(path) if now - moment < WINDOW]
    if len(recent) >= CRASHES:
        return f"it crashed {len(recent)} times in ten minutes; read its log, mend the cause, then freqops-host start"
    with contextlib.suppress(OSError):  # a full disk must not keep a bot from looking after its positions
        path.write_text(json.dumps([iso(moment) for moment in [*recent, now]]))
    return None


def _starts(path: Path) -> list[datetime]:
    try:
        return [
            datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
            for text in json.loads(path.read_text())
        ]
    except (OSError, ValueError, TypeError, RecursionError):  # the bot itself can write this file
        return []
