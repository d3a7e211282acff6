"""Incidents of a host, made for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freqops.core.incident import life
from freqops.core.incident.life import Event
from freqops.core.runs.incident_rows import Wanted
from freqops.hostctl.incident import check, recorded, registered

AT = "2026-01-02T03:04:05Z"
OPENS = Event(life.OPENED, AT, "ann", "feed is wrong", life.MANUAL, "warning", "manual: feed")
SEEN = Event(life.ACKNOWLEDGED, AT, "bob", "I look")
ENDS = Event(life.CLOSED, AT, "cat", "closed", root_cause="a cable", action="a new one")


def halt(root: Path, incident: str = "one", *, level: int = 1, enter: bool = False, **more: Any) -> None:
    """Leave the evidence of a halt behind."""
    said = {"command": "halt", "level": level, "bots": [{"bot": "alpha"}], "proven": True, "reason": "why",
            "actor": "ann", "ended": AT, **more}  # fmt: skip
    name = f"halt{level}-20260102T030405Z"
    assert recorded.record(root, incident, name, said, enter=enter) is None


def ids(root: Path) -> list[str]:
    return sorted(row["id"] for row in registered.listed(root, Wanted(limit=10**6))[0])


def proven(root: Path) -> check.Checked:
    found = check.check(root)
    assert found.problems == found.mended == []
    return found
