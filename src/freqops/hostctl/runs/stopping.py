"""A run ended before its time: cancelled by a person, stopped with its host, or left behind by a killed supervisor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.halt.deadman import this_boot
from freqops.core.runs import registry

from . import ending, unit
from .run_directory import CANCELLED, ENDED, INTERRUPTED, UNDER_WAY, RunDirectory, under_way
from .run_engine import RunEngine
from .supervisor import STARTING

END_SECONDS = 240.0
POLL = 0.25
STOPPED = "its unit was stopped: by hand, or because the host went down"
LEFT = "its supervisor was killed, or the host went down"


def cancel(place: RunDirectory, actor: str, reason: str, engine: RunEngine, clock: Clock) -> dict[str, Any]:
    """Cancel a run, keep what was finished of it, and return how it ended.

    Raises:
        Refused: There is no such run, or it is over.
        NotProven: Its end was not written down in time.
    """
    place.asked()
    if not place.is_under_way:
        raise Refused(f"{place.run} is over")
    place.write(CANCELLED, {"version": 1, "actor": actor, "reason": reason})
    engine.ask_to_end(place.run)
    return _awaited(place, engine, clock)


def stop(place: RunDirectory, engine: RunEngine, clock: Clock) -> None:
    """Stop a run whose unit is stopped, and wait until its end is written down; one that is over is left alone.

    Raises:
        NotProven: It is not in time.
    """
    if not place.is_under_way:
        return
    place.write(INTERRUPTED, {"version": 1, "why": STOPPED})
    engine.ask_to_end(place.run)
    _awaited(place, engine, clock)


def _awaited(place: RunDirectory, engine: RunEngine, clock: Clock) -> dict[str, Any]:
    give_up = clock.monotonic() + END_SECONDS
    while place.is_under_way:
        if clock.monotonic() >= give_up:
            raise NotProven(f"the end of {place.run} is not written down after {END_SECONDS:.0f} s")
        end_left(place, engine, clock)
        clock.sleep(POLL)
    return place.read(ENDED) or {}


def end_left(place: RunDirectory, engine: RunEngine, clock: Clock) -> str:
    """End a run that nobody supervises any more, and return its status; empty where somebody does, or it is over.

    Raises:
        FreqopsError: It cannot be ended yet.
    """
    if not place.is_under_way:
        return ""
    with place.worked_on(clock) as mine:
        if not mine or not place.is_under_way or _begins(place):
            return ""
        note = place.read(UNDER_WAY) or {}
        if note.get("state") == STARTING and not _has_row(place):
            place.remove()
            return "never begun"
        return str(ending.end(place, engine, clock, interrupted=LEFT)["status"])


def _begins(place: RunDirectory) -> bool:
    """Whether the unit of a run was asked for a moment ago, and has not taken its lock yet."""
    note, boot = place.read(UNDER_WAY) or {}, this_boot()
    if note.get("state") != STARTING or note.get("boot") != boot.id:
        return False
    return boot.uptime - float(note.get("uptime") or 0.0) < unit.START_SECONDS


def _has_row(place: RunDirectory) -> bool:
    with registry.opened(registry.place(place.root)) as opened:
        return opened.run(place.run) is not None


def recover(root: Path, engine: RunEngine, clock: Clock) -> tuple[list[str], list[str]]:
    """End every run of a host that nobody supervises any more, and return the acts and the failures."""
    done: list[str] = []
    failed: list[str] = []
    for run in under_way(root):
        try:
            status = end_left(RunDirectory(root, run), engine, clock)
            done += [f"run {run}: {status}"] if status else []
        except (FreqopsError, OSError) as error:
            failed.append(f"run {run}: {error}")
    return done, failed
