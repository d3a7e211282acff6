"""The end of a run: decided, written down, entered into the registry; and everything that it had is given back.

Whoever ends a run has its lock. Each step may have been done before, by somebody who was killed in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import NotProven
from freqops.core.base.iso_time import parse
from freqops.core.results.artifacts import Artifact
from freqops.core.results.hyperopt_file import Epoch
from freqops.core.runs import registry, run_end, slot_file
from freqops.core.runs.registry import Registry
from freqops.core.runs.registry_schema import FINISHED, STARTED
from freqops.core.runs.run_command import HYPEROPTS
from freqops.core.runs.run_end import FAILED, End, Left
from freqops.core.runs.slot_directory import SlotDirectory

from ..logs.writer import Writer
from . import candle_files, downloaded, harvest, run_rows
from .bounded_log import last_lines
from .harvest import Harvest
from .run_directory import CANCELLED, CONTAINED, ENDED, INTERRUPTED, UNDER_WAY, RunDirectory
from .run_engine import RunEngine

LOG_LINES = 200


def end(place: RunDirectory, engine: RunEngine, clock: Clock, *, interrupted: str = "") -> dict[str, Any]:
    """End a run whose container has ended, or must; the caller has its lock.

    Args:
        place: The run.
        engine: The container engine.
        clock: The source of the time.
        interrupted: Why the host ended it; empty where it ended by itself.

    Returns:
        How it ended.

    Raises:
        FreqopsError: Something of it could not be given back, or its row could not be written; the end is tried again.
    """
    engine.clear(place.run)
    asked = place.asked()
    document = place.read(ENDED)
    if document is None:
        document = _decided(place, asked, engine, clock, interrupted)
        place.write(ENDED, document)
    _enter(place, asked, document)
    for path in harvest.results(place.output / HYPEROPTS, ".pkl"):  # the candles again, for the processes of a hyperopt
        path.unlink()
    _give_back(place, clock)
    candle_files.unlink(place)
    place.over()
    level = "INFO" if document["status"] == FINISHED else "WARNING"
    Writer(place.root, clock).write(
        level, "runs", f"run_{document['status']}", correlation_id=place.run, kind=asked["kind"],
        why=document["reason"], duration_s=document["duration_s"],
    )  # fmt: skip
    return document


def _decided(
    place: RunDirectory, asked: dict[str, Any], engine: RunEngine, clock: Clock, interrupted: str
) -> dict[str, Any]:
    contained, cancelled = place.read(CONTAINED) or {}, place.read(CANCELLED) or {}
    found = harvest.of_run(place, asked, engine)
    log = last_lines(place.log, LOG_LINES)
    left = Left(
        kind=asked["kind"],
        exit_status=contained.get("exit_status"),
        out_of_memory=bool(contained.get("out_of_memory")),
        cancelled=f"{cancelled.get('actor')}: {cancelled.get('reason')}" if cancelled else "",
        interrupted=str((place.read(INTERRUPTED) or {}).get("why") or interrupted),
        unreadable=found.unreadable,
        results=found.results,
        trades=found.trades,
        missing=found.missing,
        epochs=found.epochs,
        verdict=found.verdict,
        wanted=int(asked["inputs"].get("epochs") or 0),
        log=log,
    )
    decided = run_end.decide(left)
    if asked["kind"] == "download" and decided.status == FINISHED:
        decided = _taken_in(place, asked, found, decided)
    now = clock.utcnow()
    seconds = contained.get("duration_s") or max(0.0, (now - parse(asked["started_utc"])).total_seconds())
    return {
        "version": 1,
        "status": decided.status,
        "reason": decided.reason,
        "finished_utc": iso(now),
        "exit_status": left.exit_status,
        "duration_s": seconds,
        "peak_memory_bytes": int(contained.get("peak_memory_bytes") or 0),
        "metrics": found.metrics,
        "parameters": found.parameters,
        "artifacts": [[each.name, each.path, each.sha256] for each in found.artifacts],
        "data": {name: each.to_json() for name, each in sorted(found.data.items())},
        **found.more,
    }


def _taken_in(place: RunDirectory, asked: dict[str, Any], found: Harvest, decided: End) -> End:
    """Put what was downloaded in its place; where the disk does not take it, that is how the run ended."""
    try:
        changed = downloaded.put_in_place(place, asked["exchange"], sorted(found.data))
    except OSError as error:
        return End(FAILED, f"the candles could not be put in place: {error.strerror or error}")
    return End(decided.status, f"{len(changed)} of {len(found.data)} files changed")


def _enter(place: RunDirectory, asked: dict[str, Any], document: dict[str, Any]) -> None:
    """Write the end into the registry, and read it back.

    Raises:
        NotProven: It is not there afterwards, or the epochs are not those of which the end was decided.
    """
    path = registry.place(place.root)
    with registry.opened(path) as opened:
        if not _goes_on(opened, place.run):
            return
    epochs = _epochs(place, asked, document)
    with registry.opened(path, write=True) as opened:
        opened.end_run(
            place.run, document["status"], parse(document["finished_utc"]), document["metrics"],
            more=run_rows.ended(document), artifacts=[Artifact(*each) for each in document["artifacts"]],
            epochs=epochs,
        )  # fmt: skip
    with registry.opened(path) as opened:
        back = opened.run(place.run)
    if back is None or back["status"] != document["status"]:
        raise NotProven(f"the registry does not say that {place.run} is {document['status']}")


def _goes_on(opened: Registry, run: str) -> bool:
    """Whether the registry has a run that goes on; one that never began has no row."""
    row = opened.run(run)
    return row is not None and row["status"] == STARTED


def _epochs(place: RunDirectory, asked: dict[str, Any], document: dict[str, Any]) -> Iterable[Epoch]:
    """Return the epochs of a hyperopt, read before the registry is opened: nobody else may write there meanwhile."""
    if asked["kind"] != "hyperopt":
        return ()
    found = harvest.epochs_of(place)
    there, decided = (found.metrics if found is not None else {}).get("epochs", 0), document["metrics"].get("epochs", 0)
    if there != decided:
        raise NotProven(f"{place.run} had {decided:.0f} epochs at its end, and {there:.0f} can be read")
    return found if found is not None else ()


def _give_back(place: RunDirectory, clock: Clock) -> None:
    """Give the slot back where it is still held: its holder was killed.

    Raises:
        FreqopsError: It is held, and cannot be given back yet.
    """
    token = (place.read(UNDER_WAY) or {}).get("token")
    if isinstance(token, str) and slot_file.of_token(token) is not None:
        SlotDirectory(place.root, clock).release(token)
