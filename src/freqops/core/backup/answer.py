"""The answer of ``freqops-host backup``: a row for each repository."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..base import kinds
from ..base.exit_status import NOT_PROVEN, PROVEN
from ..base.kinds import Malformed
from ..base.text_table import table

HEADINGS = ("repository", "snapshot", "made", "parts", "bots", "files", "bytes", "counts")
SNAPSHOT = kinds.having(
    id=kinds.text, made=kinds.or_none(kinds.text), parts=kinds.or_none(kinds.text), bots=kinds.or_none(kinds.text),
    files=kinds.or_none(kinds.count), bytes=kinds.or_none(kinds.count), counts=kinds.text,
)  # fmt: skip
ROW: dict[str, kinds.Kind] = {
    "repository": kinds.text,
    "proven": kinds.truth,
    "changed": kinds.truth,
    "snapshot": kinds.text,
    "detail": kinds.list_of(kinds.text),
    "problems": kinds.list_of(kinds.text),
    "snapshots": kinds.list_of(SNAPSHOT),
}


@dataclass
class Row:
    """The result of a command on one repository.

    Attributes:
        repository: Its name.
        proven: Whether it was read back.
        changed: Whether anything was touched.
        snapshot: The snapshot that was made, or exported; empty where none was.
        detail: Lines for the operator.
        problems: Why it is not proven.
        snapshots: What is in the repository, the newest last; only where it was listed.
    """

    repository: str
    proven: bool = False
    changed: bool = False
    snapshot: str = ""
    detail: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    snapshots: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Answer:
    """The results of a command on all repositories.

    Attributes:
        action: The act.
        rows: A row for each repository.
    """

    action: str
    rows: list[Row] = field(default_factory=list)

    @property
    def exit(self) -> int:
        """The exit status: nothing is proven where there is no row."""
        return PROVEN if self.rows and all(row.proven and not row.problems for row in self.rows) else NOT_PROVEN

    def to_json(self) -> dict[str, Any]:
        """Return the answer as it is printed."""
        return {"version": 1, "command": "backup", "action": self.action, "exit": self.exit,
                "repositories": [vars(row) for row in self.rows]}  # fmt: skip

    def wrong(self) -> list[str]:
        """Return a line for each thing that is not proven."""
        lines = [f"{row.repository}: {text}" for row in self.rows for text in row.problems]
        lines += [f"{row.repository}: it is not proven" for row in self.rows if not row.proven and not row.problems]
        return lines or ([] if self.rows else ["no repository was touched"])

    def lines(self) -> list[str]:
        """Return the answer for a person."""
        rows = [
            [row.repository, each["id"][:8], each["made"], each["parts"], each["bots"], each["files"], each["bytes"],
             each["counts"]]
            for row in self.rows for each in row.snapshots
        ]  # fmt: skip
        lines = table(HEADINGS, rows).splitlines() if rows else []
        for row in self.rows:
            lines += [f"{row.repository}: {text}" for text in row.detail]
            lines += [f"{row.repository}: NOT PROVEN: {text}" for text in row.problems]
        return lines


def read(document: object) -> Answer:
    """Return the answer of a host.

    Raises:
        Malformed: It is none, or says nothing of any repository, or calls proven what has a problem.
    """
    rows = kinds.list_of(kinds.object_)
    said = kinds.checked(document, {"action": kinds.text, "exit": kinds.count, "repositories": rows},
                         ("action", "exit", "repositories"))  # fmt: skip
    found = Answer(said["action"], [Row(**kinds.checked(row, ROW, tuple(ROW))) for row in said["repositories"]])
    kinds.refuse_twice([row.repository for row in found.rows])
    if found.exit != said["exit"]:
        raise Malformed(f"it says that it ended with {said['exit']}, and its rows say {found.exit}")
    return found
