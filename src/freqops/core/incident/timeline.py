"""The journals of all bots on all hosts as one line of time: their entries merged, long waits, and what is left out.

Each host writes the time of its own clock; how far the clocks are apart, no journal says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Union

from .evidence import Case
from .journal_file import TORN, Entry, Journal

PLACES = 2000  # entries that are shown for their place: the first half of them, and the last
# And those that are shown wherever they stand, again the first and the last: that failed, that are acts, that end what
# was cut short.
FAILED, ACTS, CUT = 5000, 1000, 1000
GAP = 10.0  # seconds without an entry that are said
LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Step:
    """One entry of a journal in its place among all.

    Attributes:
        journal: The journal.
        entry: The entry.
        since: Seconds since the beginning of the incident; None where the entry has no time.
        gap: Seconds since the entry before it, where there are `GAP` of them or more.
        ends: Why its command may not have come to its end, where this is the last entry of its journal.
    """

    journal: Journal
    entry: Entry
    since: float | None
    gap: float | None
    ends: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether it says that something failed."""
        return self.entry.error is not None


@dataclass(frozen=True)
class LeftOut:
    """Entries in a row that are not shown.

    Attributes:
        steps: The entries.
    """

    steps: Sequence[Step]

    @property
    def failed(self) -> int:
        """How many of them failed."""
        return sum(step.failed for step in self.steps)

    @property
    def files(self) -> dict[str, int]:
        """How many of them stand in each file, by its path below the directory of the incident."""
        counts: dict[str, int] = {}
        for step in self.steps:
            path = path_of(step.journal)
            counts[path] = counts.get(path, 0) + 1
        return dict(sorted(counts.items()))

    @property
    def gap(self) -> float | None:
        """The longest time without an entry before any of them, where one is long."""
        return max((step.gap for step in self.steps if step.gap is not None), default=None)


Line = Union[Step, LeftOut]


def path_of(journal: Journal) -> str:
    """Return the path of a journal below the directory of the incident."""
    return f"{journal.host}/{journal.file}"


def merged(case: Case, began: datetime | None) -> list[Step]:
    """Return the entries of all journals in the order of time.

    One without a time stands behind the one before it in its journal.

    Args:
        case: The incident.
        began: When it began.
    """
    cut = cut_short(case)
    placed = [(at, journal, entry) for journal in case.journals for at, entry in _with_places(journal)]
    placed.sort(key=lambda each: (each[0], each[1].host, each[1].file, each[2].number))
    steps, before = list[Step](), None
    for _, journal, entry in placed:
        gap = None if entry.at is None or before is None else (entry.at - before).total_seconds()
        since = None if entry.at is None or began is None else (entry.at - began).total_seconds()
        ends = cut.get(path_of(journal), ()) if entry is journal.entries[-1] else ()
        steps.append(Step(journal, entry, since, gap if gap is not None and gap >= GAP else None, tuple(ends)))
        before = entry.at or before
    return steps


def _with_places(journal: Journal) -> Iterable[tuple[datetime, Entry]]:
    known = journal.began or next((entry.at for entry in journal.entries if entry.at is not None), LONG_AGO)
    for entry in journal.entries:
        known = entry.at or known
        yield known, entry


def cut_short(case: Case) -> dict[str, list[str]]:
    """Return why a command may not have come to its end, or its end is not here, by the path of its journal."""
    found: dict[str, list[str]] = {}
    unanswered = {path_of(journal): why for journal, why in case.unanswered}
    for journal in case.journals:
        path = path_of(journal)
        reasons = [f"CUT SHORT: its journal {TORN}"] if TORN in journal.problems else []
        if journal.file in case.evidence.cut.get(journal.host, ()):
            reasons.append("NOT WHOLE: its journal was too large to be copied, the end is missing here")
        if path in unanswered:
            word = "CUT SHORT" if journal.acted else "NO ANSWER"
            reasons.append(f"{word}: it left a journal and no answer; {unanswered[path]}")
        if reasons:
            found[path] = reasons
    return found


def shown(steps: Sequence[Step]) -> list[Line]:
    """Return the entries of a timeline that are shown, and in their place the number of those left out.

    The first and the last are shown, what failed, what was done, and the end of what was cut short.
    """
    places = range(len(steps))
    kept = {
        *ends(places, PLACES),
        *ends([place for place in places if steps[place].failed], FAILED),
        *ends([place for place in places if steps[place].entry.kind == "act"], ACTS),
        *ends([place for place in places if steps[place].ends], CUT),
    }
    lines, left = list[Line](), list[Step]()
    for place in places:
        if place not in kept:
            left.append(steps[place])
            continue
        if left:
            lines.append(LeftOut(left))
            left = []
        lines.append(steps[place])
    return lines


def ends(places: Sequence[int], most: int) -> Sequence[int]:
    """Return the first and the last of ``places``, ``most`` of them together; all where there are not more."""
    return places if len(places) <= most else [*places[: most - most // 2], *places[len(places) - most // 2 :]]


def back_in_time(journal: Journal) -> int:
    """Return how many entries of a journal have an earlier time than the one before them: the clock was set back."""
    times = [entry.at for entry in journal.entries if entry.at is not None]
    return sum(later < earlier for earlier, later in zip(times, times[1:]))
