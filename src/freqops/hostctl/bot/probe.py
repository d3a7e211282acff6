"""``freqops-host probe``: the container's own health check; whether the API answers and the loop moves."""

from __future__ import annotations

import json
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.bot.client import ApiError, FreqtradeClient

from .probe_limits import PORT_IN_CONTAINER, STALE_SECONDS

CONF = Path("/freqops/conf")


def probe() -> tuple[bool, str]:
    """Return whether the bot in this container is healthy, and why.

    A stopped trader has no loop that could move, so only the others are judged by their heartbeat.
    """
    try:
        api = json.loads((CONF / "secrets.json").read_text())["api_server"]
        reading = FreqtradeClient(PORT_IN_CONTAINER, api["username"], api["password"]).read()
    except (OSError, ValueError, KeyError, ApiError) as error:
        return False, str(error)
    if reading.state in ("running", "paused") and reading.last_process is not None:
        age = (Clock().utcnow() - reading.last_process).total_seconds()
        if age > STALE_SECONDS:
            return False, f"{reading.state}, but its loop has not come round for {age:.0f} s"
    return True, reading.state
