"""The starts of a container that no one asked for, counted: after five of them within ten minutes its gate waits."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ..base.clock import iso

CRASHES = 5
WINDOW = timedelta(minutes=10)
STARTS_FILE = "starts.json"


def crash_loop(var: Path, now: datetime) -> str | None:
    """Write down this start and return why it is one too many, or None.

    Every start that went through the one door (``freqops-host start``) forgets the earlier ones, so what is counted
    here are the starts that no one asked for.
    """
    path = var / STARTS_FILE
    recent = [moment for moment in _starts(path) if now - moment < WINDOW]
    if len(recent) >= CRASHES:
        return f"it crashed {len(recent)} times in ten minutes; read its log, repair the cause, then freqops-host start"
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
