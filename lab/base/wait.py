"""Wait for a condition, never for a time."""

import time
from collections.abc import Callable

from lab.base.failure import LabError

POLL_SECONDS = 0.1


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return as soon as `condition` holds.

    Raises:
        LabError: it did not within `seconds`; the message names `what`.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"{what}: not within {seconds:.0f} s")
        time.sleep(POLL_SECONDS)
