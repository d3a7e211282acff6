"""The text of a play about a switch: what it would do, and its result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..bot import layout, processes
from ..halt import holds

NOT_TOUCHED = ("refused", "not reached")


def differs(home: Path, release: str) -> bool:
    """Return whether a switch would make or start a container: another release, or none that runs and may.

    Args:
        home: Directory of the bot.
        release: The fingerprint of the release that it must have.
    """
    try:
        present = layout.load_bot(home)
    except layout.BotUnreadable:
        return True
    if present.release != release:
        return True
    runs = processes.trading(present.name, processes.scan())
    return not runs and holds.effective_level(present.holds) < holds.HARD


def failure(row: Mapping[str, Any]) -> str:
    """Return the result of a bot that does not run what was wanted, its last log lines at the end."""
    name, outcome = row["bot"], row["outcome"]
    proven = "" if outcome in NOT_TOUCHED else ", PROVEN" if row["proven"] else ", NOT PROVEN"
    lines = [f"{name}: {outcome.upper()}{proven}", *(f"{name}: {text}" for text in row["detail"])]
    if row["log"]:
        lines += [f"{name}: its last log lines:", *row["log"]]
    return "\n".join(lines)
