"""Whether a bot of another host is kept from trading, by what that host says of it at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..base.clock import iso
from ..base.visible import visible
from ..bot import status_table
from . import holds

SHOWN = 60


def not_proven(answer: Mapping[str, Any], host: str, bot: str) -> list[str]:
    """Return why it is not proven that a bot is held at level 3 and has no process; nothing where it is.

    Args:
        answer: What ``freqops-host status`` said on that host.
        host: The name by which the host must call itself.
        bot: The bot.

    Raises:
        Malformed: It is no such answer.
    """
    status_table.check(answer)
    found = []
    if answer.get("host") != host:
        found.append(f"{visible(str(answer.get('host')), SHOWN)} answered")
    if answer["undeclared"]:  # left alone or not: nobody knows what it trades with
        found.append("a Freqtrade process runs there that belongs to no bot")
    rows = [row for row in answer["bots"] if row["bot"] == bot]
    return found + ([text for row in rows for text in _of_bot(row)] if rows else [f"there is no bot {bot}"])


def said(host: str, bot: str, moment: datetime) -> str:
    """Return the proof on one line."""
    return f"{host} said at {iso(moment)} that {bot} is held at level {holds.HARD} and has no process"


def _of_bot(row: Mapping[str, Any]) -> list[str]:
    found = []
    if "holds_unreadable" in row:
        found.append("its holds cannot be read")
    elif row.get("level") != holds.HARD:
        found.append(f"it is held at level {row.get('level', 'unknown')}")
    if row.get("trader") != status_table.NO_PROCESS:
        found.append(f"its trader is {visible(str(row.get('trader')), SHOWN)}")
    return found
