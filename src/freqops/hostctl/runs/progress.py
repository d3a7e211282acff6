"""How far a run is: what its files say while it goes on, and how it ended."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Callable

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError
from freqops.core.base.iso_time import parse
from freqops.core.results import hyperopt_file
from freqops.core.runs import registry, run_progress
from freqops.core.runs.run_command import HYPEROPTS

from . import harvest
from .bounded_log import last_lines
from .run_directory import ENDED, RunDirectory

POLL, SIGN = 0.5, 3.0
LINES = 20


class Progress:
    """The progress of a run, looked at again and again; of a file that grows, only what is new is read.

    Args:
        place: The run.
        clock: The source of the time.
    """

    def __init__(self, place: RunDirectory, clock: Clock) -> None:
        self._place, self._clock = place, clock
        self._asked = place.asked()
        self._size, self._epochs, self._best = -1, 0, math.nan

    def look(self) -> dict[str, Any]:
        """Return how far it is, as `run_progress` has it."""
        if self._asked["kind"] == "hyperopt":
            self._read_epochs()
        seconds = max(0.0, (self._clock.utcnow() - parse(self._asked["started_utc"])).total_seconds())
        return run_progress.document(
            self._asked["kind"], seconds, last_lines(self._place.log, LINES), self._epochs,
            int(self._asked["inputs"].get("epochs") or 0), None if math.isnan(self._best) else self._best,
        )  # fmt: skip

    def _read_epochs(self) -> None:
        for path in harvest.results(self._place.output / HYPEROPTS, ".fthypt")[:1]:
            size = path.stat().st_size
            if size == self._size:
                return
            self._size, self._epochs = size, 0
            try:
                for epoch in hyperopt_file.epochs(path):
                    self._epochs += 1
                    if not epoch.loss >= self._best:
                        self._best = epoch.loss
            except (FreqopsError, OSError):  # its last line is being written
                continue


def follow(
    place: RunDirectory, clock: Clock, tell: Callable[[Mapping[str, Any]], None], wait: Callable[[float], None]
) -> dict[str, Any]:
    """Tell how far a run is until it is over, and return how it ended, with its row as the registry has it.

    Args:
        place: The run.
        clock: The source of the time.
        tell: Takes an event.
        wait: Waits so many seconds.

    Raises:
        FreqopsError: There is no such run, or the registry cannot be read.
    """
    progress = Progress(place, clock)
    for event in _changes(place, progress, clock, wait):
        tell({"progress": event})
    end = place.read(ENDED) or {}
    with registry.opened(registry.place(place.root)) as opened:
        row = opened.run(place.run) or {}
        metrics = opened.run_rows().metrics(place.run) if row else {}
    return {
        "version": 1, "command": "run", "run": place.run, "kind": progress.look()["kind"],
        "status": str(end.get("status") or "unknown"), "reason": str(end.get("reason") or ""),
        "row": {name: value for name, value in row.items() if value is not None}, "metrics": metrics,
        "log": last_lines(place.log, LINES),
    }  # fmt: skip


def _changes(
    place: RunDirectory, progress: Progress, clock: Clock, wait: Callable[[float], None]
) -> Iterator[dict[str, Any]]:
    """Yield how far it is where that changed, and from time to time that it is looked at."""
    before: dict[str, Any] = {}
    told = clock.monotonic() - SIGN
    while place.is_under_way:
        found = progress.look()
        if run_progress.differs(found, before) or clock.monotonic() - told >= SIGN:
            yield found
            before, told = found, clock.monotonic()
        wait(POLL)
