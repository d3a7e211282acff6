"""The answer of ``freqops-host retention``: a row for each thing that went or stayed, and lines for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..base import kinds
from ..base.exit_status import NOT_PROVEN, PROVEN
from ..base.kinds import Malformed
from .things import GOES, GONE, KINDS, LEFT, STAYS, Thing

VERDICTS = (GOES, GONE, LEFT, STAYS)
NAMED = 50  # rows of one verdict that are shown to a person; the others are counted
ROW = kinds.having(kind=lambda value: value in KINDS, name=kinds.text, bytes=kinds.count, reason=kinds.text,
                   bot=kinds.text, verdict=lambda value: value in VERDICTS, why=kinds.list_of(kinds.text))  # fmt: skip
FIELDS: dict[str, kinds.Kind] = {
    "looked": kinds.truth,
    "changed": kinds.truth,
    "proven": kinds.truth,
    "rows": kinds.list_of(ROW),
    "problems": kinds.list_of(kinds.text),
    "detail": kinds.list_of(kinds.text),
}


@dataclass
class Retained:
    """The result of a command.

    Attributes:
        looked: Whether it was only looked at.
        changed: Whether anything went, or would go.
        rows: A row for each thing, with its verdict, and why it stays or was not removed.
        problems: What could not be looked at, a line each.
        detail: Lines for the operator.
    """

    looked: bool = False
    changed: bool = False
    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    detail: list[str] = field(default_factory=list)

    def add(self, thing: Thing, verdict: str, *why: str) -> None:
        """Add the row of a thing."""
        row = {name: getattr(thing, name) for name in ("kind", "name", "bytes", "reason", "bot")}
        self.rows.append({**row, "verdict": verdict, "why": [*thing.needs, *why]})

    @property
    def proven(self) -> bool:
        """Whether all that was to go is gone, read back, and all could be looked at."""
        return not self.problems and not any(row["verdict"] == LEFT for row in self.rows)

    @property
    def exit(self) -> int:
        """The exit status."""
        return PROVEN if self.proven else NOT_PROVEN

    def to_json(self) -> dict[str, Any]:
        """Return the answer as it is printed."""
        said = {"version": 1, "command": "retention", "exit": self.exit, "proven": self.proven}
        return {**said, **vars(self)}

    def wrong(self) -> list[str]:
        """Return what was not done or could not be looked at."""
        left = [f"{row['kind']}: {row['name']}: {'; '.join(row['why'])}" for row in self.of(LEFT)]
        return [*left, *self.problems]

    def of(self, verdict: str) -> list[dict[str, Any]]:
        """Return the rows of a verdict."""
        return [row for row in self.rows if row["verdict"] == verdict]

    def lines(self) -> Iterator[str]:
        """Yield the answer for a person."""
        for verdict in (GOES, GONE, LEFT, STAYS):
            rows = self.of(verdict)
            for row in rows[:NAMED]:
                yield f"{verdict.upper()}: {row['kind']}: {row['name']}, {sized(row['bytes'])}: {_reasons(row)}"
            if len(rows) > NAMED:
                yield f"{verdict.upper()}: and {len(rows) - NAMED} more, which --json names"
        yield from (f"NOT LOOKED AT: {text}" for text in self.problems)
        yield from self.detail
        gone = self.of(GOES if self.looked else GONE)
        said = f"{len(gone)} things, {sized(sum(row['bytes'] for row in gone))}"
        yield f"NOTHING REMOVED, this was a look: {said} would go" if self.looked else f"{said} are gone"
        yield f"{len(self.of(STAYS))} old things stay"
        yield "ALL PROVEN" if self.proven else "NOT ALL PROVEN"


def _reasons(row: dict[str, Any]) -> str:
    return "; ".join([row["reason"], *row["why"]] if row["verdict"] != STAYS else row["why"])


def sized(count: int) -> str:
    """Return a number of bytes for a person."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def read(document: object) -> Retained:
    """Return the answer of a host.

    Raises:
        Malformed: It is none, or its parts contradict each other.
    """
    said = kinds.checked(document, {**FIELDS, "exit": kinds.count}, (*FIELDS, "exit"))
    found = Retained(**{name: said[name] for name in FIELDS if name != "proven"})
    if found.exit != said["exit"] or found.proven != said["proven"]:
        raise Malformed(f"it says that it ended with {said['exit']}, and the rest of it says {found.exit}")
    acted = bool(found.of(GONE))
    if found.looked and (acted or found.of(LEFT)):
        raise Malformed("it says that it only looked, and that it removed something")
    if not found.looked and found.of(GOES):
        raise Malformed("it says that it acted, and that something is still to go")
    if acted and not found.changed:
        raise Malformed("it says that things are gone, and that nothing was changed")
    return found
