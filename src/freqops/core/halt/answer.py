"""The answer of a halt on one host: written there, and read on the control node, which may be older or newer.

The format is version 1. Names may be added to it; none is ever taken away, and none changes its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from ..base.clock import round_seconds
from ..base.errors import FreqopsError

VERSION = 1


class Malformed(FreqopsError):
    """A document is not the answer of a halt; the text says what is wrong with it."""


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

        A host has the last word against a proof: what it does not call proven is not proven.

        Raises:
            Malformed: A name that must be there is missing, or a value is not of its kind.
        """
        if not isinstance(document, dict):
            raise Malformed("a row is no object")
        values = {name: _value(document, name, kind) for name, kind in KINDS.items() if name in document}
        missing = [name for name in ("bot", "level", "incident", "proven") if name not in document]
        if missing:
            raise Malformed(f"a row has no {missing[0]}")
        row = cls(**values)
        if document["proven"] is not True:
            row.proven_s = None
        return row


@dataclass
class Answer:
    """The answer of a halt on one host.

    Attributes:
        rows: A row for each bot.
        undeclared: Freqtrade processes that belong to no bot of the host, ``pid`` and ``command`` of each; None where
            they were not looked for.
        proven: Whether the host calls all of it proven.
    """

    rows: list[Row]
    undeclared: list[dict[str, Any]] | None = None
    proven: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the answer as a host gives it; the host adds the command that it answers."""
        document = {"version": VERSION, "bots": [row.to_json() for row in self.rows], "proven": self.proven}
        return document if self.undeclared is None else {**document, "undeclared": self.undeclared}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Answer:
        """Return the answer that a host gave.

        Raises:
            Malformed: It is no answer of a halt of version 1, or of one that only adds names to it.
        """
        version = document.get("version")
        if isinstance(version, bool) or not isinstance(version, int) or version < VERSION:
            raise Malformed(f"its version is {version!r}")
        rows = [Row.from_json(row) for row in _value(document, "bots", _list_of_objects)]
        undeclared = _value(document, "undeclared", _list_of_objects) if "undeclared" in document else None
        return cls(rows, undeclared, document.get("proven") is True)


def _text(value: object) -> bool:
    return isinstance(value, str)


def _truth(value: object) -> bool:
    return isinstance(value, bool)


def _level(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in (1, 2, 3)


def _seconds(value: object) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0)


def _list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _list_of_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _or_none(kind: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or kind(value)


def _object(value: object) -> bool:
    return isinstance(value, dict)


KINDS: dict[str, Callable[[object], bool]] = {
    "bot": _text,
    "level": _level,
    "incident": _text,
    "mode": _text,
    "latched": _truth,
    "raised": _truth,
    "acknowledged_s": _seconds,
    "proven_s": _seconds,
    "found": _or_none(_text),
    "state": _text,
    "verdict": _text,
    "detail": _list_of_texts,
    "positions": _or_none(_list_of_objects),
    "positions_found": _or_none(_list_of_objects),
    "closed": _list_of_texts,
    "exchange": _or_none(_object),
    "acted": _truth,
}


def _value(document: Mapping[str, Any], name: str, kind: Callable[[object], bool]) -> Any:
    value = document.get(name)
    if not kind(value):
        raise Malformed(f"{name} is {str(value)[:60]!r}")
    return value
