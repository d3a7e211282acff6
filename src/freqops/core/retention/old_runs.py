"""Which runs of the registry go with all that they left, and why others stay although they are old.

A run is old where it ended more than so many days ago, and so many of its kind and strategy ended later. The backtests
that the drawdown guard counts stay, however old they are: without them it would let through what they forbid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..base import iso_time
from ..runs import registry_schema as schema
from .things import older

GUARDED = (schema.FINISHED, schema.UNKNOWN)  # the ends of backtests that the drawdown guard counts


@dataclass(frozen=True)
class Rule:
    """When a run goes.

    Attributes:
        days: So many days after its end.
        keep: So many of each kind and strategy stay, the newest.
        guarded: How many backtests of a strategy the drawdown guard counts, the last ones.
    """

    days: int
    keep: int
    guarded: int


@dataclass(frozen=True)
class Incidents:
    """What incidents say of runs.

    Attributes:
        about: The incident about a run, by the id of the run.
        unclosed: The incidents that are not closed.
    """

    about: Mapping[str, str] = field(default_factory=dict)
    unclosed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class OldRun:
    """A run that is old.

    Attributes:
        run: Its id.
        ended: When it ended.
        needs: Why it stays nevertheless.
    """

    run: str
    ended: datetime
    needs: tuple[str, ...] = ()


def old(rows: Iterable[Mapping[str, Any]], rule: Rule, incidents: Incidents, now: datetime) -> Iterator[OldRun]:
    """Yield the runs that are old, those that ended first at the beginning.

    Args:
        rows: All runs of the registry.
        rule: The rule.
        incidents: What incidents say of them.
        now: The present.
    """
    dated = sorted((ended, str(row["id"]), row) for row in rows if (ended := _ended(row)) is not None)
    guarded = _newest(
        [row for _, _, row in dated if row["kind"] == "backtest" and row["status"] in GUARDED], rule.guarded
    )
    kept = _newest([row for _, _, row in dated], rule.keep)
    for ended, run, row in dated:
        if run not in kept and older(ended, rule.days, now):
            needs = list(_needs(row, incidents))
            needs += ["the drawdown guard counts it"] if run in guarded else []
            yield OldRun(run, ended, tuple(needs))


def _needs(row: Mapping[str, Any], incidents: Incidents) -> Iterator[str]:
    about, own = incidents.about.get(row["id"]), row["incident_id"]
    if about:
        yield f"the incident {about} is about it"
    if own != about and own in incidents.unclosed:
        yield f"it belongs to the incident {own}, which is not closed"


def _ended(row: Mapping[str, Any]) -> datetime | None:
    """Return when a run ended; None where it goes on, or nobody knows."""
    text = row["finished_utc"]
    if row["status"] == schema.STARTED or not text:
        return None
    try:
        return iso_time.parse(str(text))
    except ValueError:
        return None


def _newest(rows: Sequence[Mapping[str, Any]], count: int) -> set[str]:
    """Return the newest runs of each kind and strategy, given in their order."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        groups[row["kind"], row["strategy"] or ""].append(str(row["id"]))
    return {run for group in groups.values() for run in group[len(group) - count if len(group) > count else 0 :]}
