"""The table of bots that ``freqops-host status`` and ``status.yml`` share."""

from __future__ import annotations

from typing import Any

HEADINGS = ("bot", "mode", "trader", "holds", "heartbeat", "open trades", "unrealised", "image")
DIGEST_SHOWN = 12


def cells(row: dict[str, Any]) -> list[Any]:
    """Return the cells of one bot's row, in the order of `HEADINGS`."""
    held = ", ".join(f"{hold['holder']} {hold['level']} ({hold['incident']})" for hold in row["holds"])
    if "holds_unreadable" in row:
        held = "UNREADABLE: level 3"
    beat = row.get("heartbeat_s")
    age = None if beat is None else f"{beat:.0f} s"
    trades = row.get("open_trades")
    return [
        row["bot"], row.get("mode"), row.get("trader"), held or "none", age, trades, row.get("unrealised"), _image(row)
    ]  # fmt: skip


def _image(row: dict[str, Any]) -> str | None:
    name, at, digest = str(row.get("image", "")).rpartition("/")[2].partition("@sha256:")
    return f"{name}@{digest[:DIGEST_SHOWN]}" if at else name or None


def problems(answer: dict[str, Any]) -> list[str]:
    """Return a line for each problem of a host: what could not be read, and what belongs to no bot."""
    lines = [f"{row['bot']}: {problem}" for row in answer["bots"] for problem in row["problems"]]
    return lines + [f"UNDECLARED Freqtrade process {p['pid']}: {p['command']}" for p in answer["undeclared"]]
