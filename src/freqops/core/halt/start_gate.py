"""The start gate's decision: may Freqtrade be executed in this container now?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import holds


def verdict(conf: Path) -> str | None:
    """Return the reason why Freqtrade must not be executed, or None where nothing forbids it.

    At level 1 it may start only into a state of rest; at level 3, or when the holds cannot be read, not at all.
    """
    try:
        held = holds.load(conf / "holds.json")
    except holds.HoldsUnreadable as error:
        return f"its holds cannot be read ({error}); this counts as level 3"
    if held.level >= holds.HARD:
        return "held at level 3: " + "; ".join(f"{hold.reason} ({hold.incident})" for hold in held.holds)
    if held.level >= holds.ENTRIES:
        state = _initial_state(conf / "state.json")
        if state not in holds.TRADER_STATES_AT_REST:
            return f"held at level {held.level}, but its initial_state is {state!r}"
    return None


def _initial_state(path: Path) -> Any:
    try:
        return json.loads(path.read_text())["initial_state"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
