"""Wait for what must come, never for a time; the limit only ends a test that has failed."""

from __future__ import annotations

import time
from collections.abc import Callable

from freqops.core.bot.client import ApiError

LIMIT = 120.0
POLL = 0.1


def eventually[T](question: Callable[[], T | None], what: str, limit: float = LIMIT) -> T:
    """Return the first answer to ``question`` that is not empty; an API that does not answer is asked again."""
    give_up = time.monotonic() + limit
    last: object = None
    while time.monotonic() < give_up:
        try:
            answer = question()
        except ApiError as error:
            last = error
        else:
            if answer:
                return answer
            last = answer
        time.sleep(POLL)
    raise AssertionError(f"{what}: not within {limit:.0f} s; last seen: {last!r}")
