"""The slots of a host as people and programs see them: their holders, their silence, and their faults."""

from __future__ import annotations

from typing import Any

from ..base.clock import round_seconds
from ..base.text_table import table
from . import slots
from .slots import KINDS, Alive, LockFile, Look, Moment, Slot

HEADINGS = ("kind", "slots", "holder", "since", "heartbeat", "state")
ACTIVE, STALE, UNREADABLE, LATE, GONE, LEFT, FOREIGN = (
    "active",
    "stale",
    "unreadable",
    "late",
    "holder gone",
    "run left behind",
    "active, not of freqops",
)
PROBLEMS = (UNREADABLE, LEFT)


def rows(found: list[LockFile], now: Moment, ttl: int, look: Look) -> list[dict[str, Any]]:
    """Return a row for each lock file, with its state and, where something is to be done, the cure.

    Args:
        found: The lock files.
        now: The present.
        ttl: Seconds to live of a lock file that does not say it itself.
        look: Says what lives of a slot.
    """
    return [_row(each, now, ttl, look) for each in found]


def _row(found: LockFile, now: Moment, ttl: int, look: Look) -> dict[str, Any]:
    silent, slot = slots.silence(found, now), found.slot
    lives = look(slot) if slot is not None else Alive(None, None)
    state, detail = _state(found, now, slot.ttl if slot is not None else ttl, lives)
    return {
        "file": found.name,
        "kind": found.kind,
        "state": state,
        "detail": detail,
        "holder": slot.holder.described if slot is not None else (None if found.error else f"process {found.pid}"),
        "pid": found.pid,
        "cid": slot.cid if slot is not None else None,
        "taken_at": slot.taken_at if slot is not None else None,
        "heartbeat_s": round_seconds(silent),
        "ttl_s": slot.ttl if slot is not None else ttl,
        "run_pid": slot.run.pid if slot is not None and slot.run is not None else None,
    }


def _state(found: LockFile, now: Moment, ttl: int, lives: Alive) -> tuple[str, str]:
    silent = slots.silence(found, now)
    if slots.is_stale(found, now, ttl, lambda _slot: lives):
        why = f" ({found.error})" if found.error else ""
        return STALE, f"silent for {silent:.0f} s, allowed {ttl} s{why}: the next run of its kind removes it"
    if found.error:
        return UNREADABLE, f"{found.error}: it counts until it is {ttl} s old; if its run has ended, remove it"
    if found.slot is None:
        return FOREIGN, f"it counts until it is {ttl} s old"
    return _state_of_ours(found.slot, now, silent, lives)


def _state_of_ours(slot: Slot, now: Moment, silent: float, lives: Alive) -> tuple[str, str]:
    if lives.holder is False and lives.run and slot.run is not None:
        if silent <= slot.ttl * (slots.LATE + slots.GRACE):
            return GONE, f"its run must end when it is silent for {slot.ttl * slots.LATE:.0f} s"
        return LEFT, f"its holder is gone and its run goes on: pkill -KILL -s {slot.run.pid}"
    if lives.holder is False:
        return GONE, f"it is free in {max(0.0, slot.ttl - silent):.0f} s"
    if slot.is_late(now.boot):
        return LATE, f"silent for {silent:.0f} s, allowed {slot.ttl * slots.LATE:.0f} s: its holder ends its run"
    return ACTIVE, ""


def kinds(found: list[dict[str, Any]], limits: dict[str, int]) -> dict[str, dict[str, int]]:
    """Return of each kind how many slots count, and how many there are.

    Args:
        found: The rows.
        limits: The slots of each kind.
    """
    counted = [row["kind"] for row in found if row["state"] != STALE]
    return {kind: {"active": counted.count(kind), "limit": limits[kind]} for kind in KINDS}


def limits(declared: dict[str, int], found: list[LockFile]) -> dict[str, int]:
    """Return the slots of each kind: what is declared, or the most that a present holder went by, or the default."""
    gone_by: dict[str, int] = {}
    for each in found:
        if each.slot is not None:
            gone_by[each.kind] = max(gone_by.get(each.kind, 0), each.slot.limit)
    return {kind: declared.get(kind, gone_by.get(kind, slots.DEFAULT_LIMIT)) for kind in KINDS}


def problems(found: list[dict[str, Any]]) -> list[str]:
    """Return the problems, a line each, with its cure."""
    return [f"{row['file']} is {row['state']}: {row['detail']}" for row in found if row["state"] in PROBLEMS]


def lines(found: list[dict[str, Any]], counts: dict[str, dict[str, int]]) -> list[str]:
    """Return the table for people, and below it what is stale or wrong."""
    cells = []
    for kind in [*KINDS, *sorted({row["kind"] for row in found} - set(KINDS))]:
        here = [row for row in found if row["kind"] == kind]
        count = f"{counts[kind]['active']}/{counts[kind]['limit']}" if kind in counts else "no such kind"
        cells += [[kind, count, row["holder"], row["taken_at"], _seconds(row), row["state"]] for row in here]
        cells += [] if here else [[kind, count, None, None, None, None]]
    said = [f"{row['file']}: {row['state']}: {row['detail']}" for row in found if row["detail"]]
    return [*table(HEADINGS, cells).splitlines(), *said]


def _seconds(row: dict[str, Any]) -> str:
    return f"{row['heartbeat_s']:.0f} s"


def answer(found: list[LockFile], now: Moment, declared: dict[str, int], ttl: int, look: Look) -> dict[str, Any]:
    """Return the slots of a host as a program reads them; no token is in it.

    Args:
        found: The lock files.
        now: The present.
        declared: The limits that the host declares.
        ttl: Seconds to live of a lock file that does not say it itself.
        look: Says what lives of a slot.
    """
    shown = rows(found, now, ttl, look)
    return {"slots": shown, "kinds": kinds(shown, limits(declared, found)), "problems": problems(shown)}
