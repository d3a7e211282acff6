"""Runs of the registry that are old: their rows and all that they left go together, where nothing needs them."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError
from freqops.core.base.mandate import Mandate
from freqops.core.retention import old_runs
from freqops.core.retention.answer import Retained
from freqops.core.retention.old_runs import Incidents, OldRun, Rule
from freqops.core.retention.things import GOES, GONE, LEFT, RUNS, STAYS, Thing
from freqops.core.runs import registry
from freqops.core.runs.registry import Registry

from ..runs import removal, trees
from ..runs.results_lock import alone
from . import cited, retention


def look(root: Path, clock: Clock, rule: Rule) -> Retained:
    """Say which runs would go, and which stay although they are old; nothing is touched.

    Raises:
        RegistryUnreadable: The registry is missing or damaged.
    """
    answer = Retained(looked=True)
    with registry.opened(registry.place(root), owner=os.geteuid()) as present:
        for things in _groups(root, present, rule, clock):
            for thing in things:
                answer.add(thing, GOES if thing.goes else STAYS)
    answer.changed = bool(answer.of(GOES))
    return answer


def remove(root: Path, clock: Clock, rule: Rule, mandate: Mandate) -> Retained:
    """Remove the runs that may go, and prove it.

    Raises:
        Refused: Another command is indexing or removing what runs left.
        RegistryUnreadable: The registry is missing or damaged, or could not be written.
    """
    answer = Retained()
    place = registry.place(root)
    with alone(root, clock), registry.opened(place, write=True, owner=os.geteuid()) as present:
        answer.detail += removal.settle(root, present)
        for things in list(_groups(root, present, rule, clock)):
            if not all(thing.goes for thing in things):
                _add(answer, things, STAYS)
                continue
            try:
                removal.remove(root, present, [thing.name for thing in things])
            except (FreqopsError, OSError) as error:
                _add(answer, things, LEFT, str(error) or type(error).__name__)
            else:
                _add(answer, things, GONE)
    retention.log(root, clock, mandate, answer)
    answer.changed = bool(answer.of(GONE) or answer.detail)
    return answer


def _add(answer: Retained, things: Iterable[Thing], verdict: str, *why: str) -> None:
    for thing in things:
        answer.add(thing, verdict, *why)


def _groups(root: Path, present: Registry, rule: Rule, clock: Clock) -> Iterator[list[Thing]]:
    """Yield the runs that are old: together those that share a file, each with what all of them need."""
    rows = present.run_rows()
    unclosed = [str(row["id"]) for row in cited.unclosed(root)]
    noted = cited.by_notes(root)
    cited.by_incidents(root, unclosed, noted)
    incidents = Incidents(rows.incidents(), frozenset(unclosed))
    old = {each.run: each for each in old_runs.old(rows.brief(), rule, incidents, clock.utcnow())}
    left = {run: removal.files(root, rows, run) for run in old}
    sharing = {path: set(rows.of_artifact(path.as_posix())) for paths in left.values() for path in paths}
    seen: set[str] = set()
    for run in old:
        if run not in seen:
            group = _group(run, left, sharing)
            seen |= group
            yield _things(root, sorted(group), old, left, noted)


def _group(run: str, left: Mapping[str, Sequence[Path]], sharing: Mapping[Path, set[str]]) -> set[str]:
    """Return the runs that share a file with a run, or with one that does, and the run itself."""
    found, rest = {run}, [run]
    while rest:
        for path in left.get(rest.pop(), ()):
            rest += sorted(sharing[path] - found)
            found |= sharing[path]
    return found


def _things(
    root: Path, runs: Sequence[str], old: Mapping[str, OldRun], left: Mapping[str, Sequence[Path]], noted: cited.Cited
) -> list[Thing]:
    needs: dict[str, list[str]] = defaultdict(list)
    for run in runs:
        each = old.get(run)
        needs[run] += [*each.needs, *noted.needs(run)] if each is not None else ["it is not old"]
        needs[run] += [why for path in left.get(run, ()) if (why := trees.measured(root / path).foreign)]
    stays = [run for run in runs if needs[run]]
    things = []
    for run in [run for run in runs if run in old]:
        others = [f"it shares files with {other}, which stays: {needs[other][0]}" for other in stays if other != run]
        reason = f"ended on {old[run].ended:%Y-%m-%d}"
        size = sum(trees.measured(root / path).bytes for path in left[run])
        things.append(Thing(RUNS, run, size, reason, (*needs[run], *([] if needs[run] else others))))
    return things
