"""The answer of ``freqops-host restore-parts``: the files that were, or would be, replaced, and lines for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..base import kinds
from ..base.exit_status import NOT_PROVEN, PROVEN
from ..base.kinds import Malformed

ADD, REPLACE, RAISE, SAME, KEEP, LEAVE_OUT = WORDS = (
    "added", "replaced", "raised", "there already", "kept as it is", "left out",
)  # fmt: skip
CHANGES = (ADD, REPLACE, RAISE)
RESTORED, SAME_ALREADY, MAY_BE = "restored", "nothing to do", "may be restored"
OUTCOMES = (RESTORED, SAME_ALREADY, MAY_BE)
NAMED = 20  # files of a part that are named; the others are counted
ROW = kinds.having(part=kinds.text, path=kinds.text, what=lambda value: value in WORDS, why=kinds.text)
FIELDS: dict[str, kinds.Kind] = {
    "outcome": lambda value: value in OUTCOMES,
    "changed": kinds.truth,
    "proven": kinds.truth,
    "repository": kinds.text,
    "snapshot": kinds.text,
    "moment": kinds.text,
    "rows": kinds.list_of(ROW),
    "in_the_way": kinds.list_of(kinds.text),
    "detail": kinds.list_of(kinds.text),
}


@dataclass
class RestoredParts:
    """The result of a restore of parts.

    Attributes:
        outcome: ``restored``; ``nothing to do`` where all was there; ``may be restored`` where it was only looked at.
        changed: Whether anything was touched, or would be.
        proven: Whether it was read back.
        repository: The repository.
        snapshot: The id of the snapshot.
        moment: When the first of it was read.
        rows: Part, path, the act and its reason, for everything that is not there already.
        in_the_way: The reasons for which it would be refused now.
        detail: Lines for the operator.
    """

    outcome: str = ""
    changed: bool = False
    proven: bool = False
    repository: str = ""
    snapshot: str = ""
    moment: str = ""
    rows: list[dict[str, str]] = field(default_factory=list)
    in_the_way: list[str] = field(default_factory=list)
    detail: list[str] = field(default_factory=list)

    @property
    def exit(self) -> int:
        """The exit status."""
        return PROVEN if self.proven else NOT_PROVEN

    def to_json(self) -> dict[str, Any]:
        """Return the answer as it is printed."""
        return {"version": 1, "command": "restore-parts", "exit": self.exit, **vars(self)}

    def lines(self) -> Iterator[str]:
        """Yield the answer for a person."""
        check = self.outcome == MAY_BE
        began = "NOTHING RESTORED, this was a check: a restore would bring" if check else f"{self.outcome}:"
        yield f"{began} snapshot {self.snapshot[:8]} of repository {self.repository}, begun {self.moment}"
        for what in (REPLACE, RAISE, ADD, LEAVE_OUT, KEEP):
            yield from self._of(what)
        counted = Counter(row["what"] for row in self.rows)
        yield ", ".join(f"{counted[what]} {what}" for what in WORDS if counted[what]) or "no file differs"
        for line in self.in_the_way:
            yield f"it would be refused now: {line}"
        yield from self.detail

    def _of(self, what: str) -> Iterator[str]:
        rows = [row for row in self.rows if row["what"] == what]
        for row in rows[:NAMED]:
            yield f"{row['part']}: {row['path']}: {what}" + (f": {row['why']}" if row["why"] else "")
        if len(rows) > NAMED:
            yield f"and {len(rows) - NAMED} more files: {what}"


def read(document: object) -> RestoredParts:
    """Return the answer of a host.

    Raises:
        Malformed: It is none, or its exit status and what it says contradict each other.
    """
    said = kinds.checked(document, {**FIELDS, "exit": kinds.count}, (*FIELDS, "exit"))
    found = RestoredParts(**{name: said[name] for name in FIELDS})
    if found.exit != said["exit"]:
        raise Malformed(f"it says that it ended with {said['exit']}, and the rest of it says {found.exit}")
    return found
