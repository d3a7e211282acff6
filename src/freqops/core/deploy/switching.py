"""The text of a play about a switch: its result, and what it would refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.outcome import NOT_TOUCHED


def refusal(bot: str, why: str) -> str:
    """Return the line of a check about a bot that the deploy would refuse, as `failure` has it for a refusal."""
    return f"{bot}: REFUSED\n{bot}: {why}"


def failure(row: Mapping[str, Any]) -> str:
    """Return the result of a bot that does not run what was wanted, its last log lines at the end."""
    name, outcome = row["bot"], row["outcome"]
    proven = "" if outcome in NOT_TOUCHED else ", PROVEN" if row["proven"] else ", NOT PROVEN"
    lines = [f"{name}: {outcome.upper()}{proven}", *(f"{name}: {text}" for text in row["detail"])]
    if row["log"]:
        lines += [f"{name}: its last log lines:", *row["log"]]
    return "\n".join(lines)
