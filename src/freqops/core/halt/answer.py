"""The answer of a halt on one host: written there, and read on the control node, which may be older or newer.

The format is version 1. Names may be added to it; none is ever taken away, and none changes its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base import kinds
from ..base.clock import round_seconds
from ..base.kinds import Malformed
from ..base.visible import visible
from ..bot import foreign_process

VERSION = 1
FOREIGN = "undeclared"  # as it was called before any of them could be left alone


@dataclass
class Row:
    """The result of a halt on one bot.

    Attributes:
        bot: The name of the bot.
        level: The level acted on, which may be higher than what was asked.
        incident: The incident of the hold in force.
        mode: ``paper`` or ``live``.
        latched: Whether the hold is on the disk.
        raised: Whether this command raised it.
        acknowledged_s: Seconds until the bot was paused and locked, or dead.
        proven_s: Seconds until the proof was complete.
        found: The trader's state before, where the API answered.
        state: The trader's state after, or ``no process``.
        verdict: The result in words.
        detail: Lines about what is missing, and remarks.
        positions: Open positions, None where they are not known.
        positions_found: Open positions when the bot was first asked, likewise.
        closed: Trades that were asked to exit and are gone.
        exchange: The findings of the exchange witness, None where it was not asked or did not answer.
        acted: Whether anything was changed.
    """

    bot: str
    level: int
    incident: str
    mode: str = "unknown"
    latched: bool = False
    raised: bool = False
    acknowledged_s: float | None = None
    proven_s: float | None = None
    found: str | None = None
    state: str = "unknown"
    verdict: str = "NOT HALTED"
    detail: list[str] = field(default_factory=list)
    positions: list[dict[str, Any]] | None = None
    positions_found: list[dict[str, Any]] | None = None
    closed: list[str] = field(default_factory=list)
    exchange: dict[str, Any] | None = None
    acted: bool = False

    @property
    def proven(self) -> bool:
        """Whether the effect was read back and will last."""
        return self.proven_s is not None and self.latched

    def to_json(self) -> dict[str, Any]:
        """Return the row as it stands in the answer."""
        row = {**vars(self), "acknowledged": self.acknowledged_s is not None, "proven": self.proven}
        return {**row, "acknowledged_s": round_seconds(self.acknowledged_s), "proven_s": round_seconds(self.proven_s)}

    @classmethod
    def from_json(cls, document: object) -> Row:
        """Return the row that a host wrote; a name that is not known here is left out.

        A host has the last word against a proof: what it does not call proven is not proven, and no verdict says so.

        Raises:
            Malformed: A name that must be there is missing, or a value is not of its kind.
        """
        document = kinds.checked(document, {**KINDS, "proven": kinds.anything}, ALWAYS)
        proven = document.pop("proven")
        row = cls(**document)
        if row.acknowledged_s is None or proven is not True:
            row.proven_s = None
        if not row.proven and "NOT" not in row.verdict.split():
            row.detail.append(f"its host calls it {row.verdict!r}, and its figures do not")
            row.verdict = "NOT PROVEN"
        return row


@dataclass
class Answer:
    """The answer of a halt on one host.

    Attributes:
        rows: A row for each bot.
        foreign: Freqtrade processes that belong to no bot of the host, as `foreign_process` has them: the undeclared
            ones, and those that are left alone. None where they were not looked for.
        proven: Whether the host calls all of it proven.
    """

    rows: list[Row]
    foreign: list[dict[str, Any]] | None = None
    proven: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the answer as a host gives it; the host adds the command that it answers."""
        document = {"version": VERSION, "bots": [row.to_json() for row in self.rows], "proven": self.proven}
        return document if self.foreign is None else {**document, FOREIGN: self.foreign}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Answer:
        """Return the answer that a host gave.

        Raises:
            Malformed: It is no answer of a halt of version 1, or of one that only adds names to it.
        """
        version = document.get("version")
        if isinstance(version, bool) or not isinstance(version, int) or version < VERSION:
            raise Malformed(f"its version is {visible(str(version), kinds.SHOWN)}")
        rows = [Row.from_json(row) for row in kinds.value(document, "bots", kinds.list_of(kinds.object_))]
        kinds.refuse_twice([row.bot for row in rows])
        foreign = kinds.value(document, FOREIGN, foreign_process.PROCESSES) if FOREIGN in document else None
        return cls(rows, foreign, document.get("proven") is True)


def _level(value: object) -> bool:
    return kinds.count(value) and value in (1, 2, 3)


KINDS: dict[str, kinds.Kind] = {
    "bot": kinds.text,
    "level": _level,
    "incident": kinds.text,
    "mode": kinds.text,
    "latched": kinds.truth,
    "raised": kinds.truth,
    "acknowledged_s": kinds.seconds,
    "proven_s": kinds.seconds,
    "found": kinds.or_none(kinds.text),
    "state": kinds.text,
    "verdict": kinds.text,
    "detail": kinds.list_of(kinds.text),
    "positions": kinds.or_none(kinds.list_of(kinds.flat)),
    "positions_found": kinds.or_none(kinds.list_of(kinds.flat)),
    "closed": kinds.list_of(kinds.text),
    "exchange": kinds.or_none(kinds.object_),
    "acted": kinds.truth,
}
# What every host has said since the first release: without one of these a row is no row.
ALWAYS = (
    "bot", "level", "incident", "proven", "mode", "latched", "raised", "acknowledged_s", "proven_s", "found", "state",
    "verdict", "detail", "positions", "positions_found", "closed", "exchange", "acted",
)  # fmt: skip
