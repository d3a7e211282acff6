"""The answer of ``freqops-host breaker`` on one host: written there, and read on the control node.

The format is version 1. Names may be added to it; none is ever taken away, and none changes its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed
from ..base.text_table import table

VERSION = 1
HEADINGS = ("file", "bot", "hold", "proven", "until", "who", "incident")
ACTIVE, INACTIVE, UNREADABLE = "active", "inactive", "unreadable"
FILES = (ACTIVE, INACTIVE, UNREADABLE)


@dataclass
class Row:
    """A bot of the host, the breakers that it is subject to, and what they do to it.

    Attributes:
        bot: Its name.
        file: What the files that it is subject to say together: one of `FILES`.
        incident: The incident under which a breaker holds it; empty where none does.
        proven: Whether the bot is as the files demand, and that was read back.
        until: The end that the active file names, ISO 8601 UTC; empty where it names none.
        who: Who set the active file, as far as that is known.
        detail: Lines: the reason, the files, what is missing, and remarks.
    """

    bot: str
    file: str
    incident: str = ""
    proven: bool = False
    until: str = ""
    who: str = ""
    detail: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether the row is no reason to look: it is proven, and the files can be read."""
        return self.proven and self.file != UNREADABLE

    def cells(self) -> list[Any]:
        """Return the cells of its row, in the order of `HEADINGS`."""
        hold = "yes" if self.incident else "none"
        return [self.file, self.bot, hold, self.proven, self.until, self.who, self.incident]


KINDS: dict[str, kinds.Kind] = {
    "bot": kinds.text, "file": kinds.text, "incident": kinds.text, "proven": kinds.truth,
    "until": kinds.text, "who": kinds.text, "detail": kinds.list_of(kinds.text),
}  # fmt: skip
ALWAYS = ("bot", "file", "proven")


@dataclass
class Answer:
    """The answer of one host.

    Attributes:
        rows: A row for each bot that was asked about.
        changed: Whether a file was changed.
        override: What is to be said of the permission to start runs in spite of the breaker; empty where there is none.
        detail: Lines about the host.
        file: What the files that were meant say together: one of `FILES`; empty where the host does not say.
    """

    rows: list[Row]
    changed: bool = False
    override: str = ""
    detail: list[str] = field(default_factory=list)
    file: str = ""

    @property
    def well(self) -> bool:
        """Whether every row is."""
        return all(row.well for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as a host gives it; the host adds the command that it answers."""
        return {"version": VERSION, "bots": [vars(row) for row in self.rows], "changed": self.changed,
                "override": self.override, "detail": self.detail, "file": self.file}  # fmt: skip

    def lines(self) -> list[str]:
        """Return the answer as a table with its details, for a person."""
        details = [f"{row.bot}: {text}" for row in self.rows for text in row.detail]
        over = [self.override] if self.override else []
        return [*table(HEADINGS, [row.cells() for row in self.rows]).splitlines(), *details, *over, *self.detail]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Answer:
        """Return the answer that a host gave.

        Raises:
            Malformed: It is no answer of version 1, or of one that only adds names to it.
        """
        version = document.get("version")
        if isinstance(version, bool) or not isinstance(version, int) or version < VERSION:
            raise Malformed(f"its version is {version!r}")
        rows = [
            Row(**kinds.checked(row, KINDS, ALWAYS))
            for row in kinds.value(document, "bots", kinds.list_of(kinds.object_))
        ]
        kinds.refuse_twice([row.bot for row in rows])
        unknown = [row for row in rows if row.file not in FILES]
        if unknown:
            raise Malformed(f"the file of {unknown[0].bot} is {unknown[0].file!r}")
        file = document.get("file", "")
        if file not in (*FILES, ""):
            raise Malformed(f"its file is {file!r}")
        override = document.get("override")
        return cls(
            rows, kinds.value(document, "changed", kinds.truth),
            override if isinstance(override, str) else "",
            kinds.value(document, "detail", kinds.list_of(kinds.text)),
            file,
        )  # fmt: skip
