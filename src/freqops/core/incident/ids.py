"""The id of an incident: made once, where the command began, and the same on every host."""

from __future__ import annotations

import os

from ..base.clock import Clock


def new_incident(kind: str, clock: Clock) -> str:
    """Return an id that sorts by time and names the command, e.g. ``20260102T030405Z-halt3-9f3c21``."""
    return f"{clock.utcnow():%Y%m%dT%H%M%SZ}-{kind}-{os.urandom(3).hex()}"
