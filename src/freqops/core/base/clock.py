"""Time, passed in: rules that wait or stamp take a Clock, so that tests decide what time it is."""

from __future__ import annotations

import time
from datetime import datetime, timezone

FUTURE_SECONDS = 5.0  # what was stamped later than that from now was stamped by a clock that was set back


class Clock:
    """The real time of this machine."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()

    def utcnow(self) -> datetime:
        """Return the present, aware, in UTC."""
        return datetime.now(timezone.utc)

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds``."""
        time.sleep(seconds)


def iso(moment: datetime) -> str:
    """Return ``moment`` as ISO 8601 in UTC, to the second, with a trailing Z."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def round_seconds(seconds: float | None) -> float | None:
    """Return seconds to the hundredth, which is more than any of them is worth."""
    return None if seconds is None else round(seconds, 2)
