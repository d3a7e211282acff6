"""The note of a change of clusters that is not over, and the record of one that is kept: written before, read after.

As long as the note is there, the former cluster is the one that counts, and no bot is started. Who takes it away has
proven the one that stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed
from ..bot import postgres_major
from ..bot.database_contents import Recorded
from .upgrade import KEPT, NAME, NEW

PREPARING, SWITCHING = "preparing", "switching"
RUN, UNDO = "run", "undo"
VERSION = 1


def _directory(value: object) -> bool:
    return isinstance(value, str) and (value == NEW or bool(KEPT.fullmatch(value)))


def _pinned(value: object) -> bool:
    return isinstance(value, str) and bool(postgres_major.PINNED.fullmatch(value))


NOTE: dict[str, kinds.Kind] = {
    "version": lambda value: value == VERSION,
    "action": lambda value: value in (RUN, UNDO),
    "step": lambda value: value in (PREPARING, SWITCHING),
    "incident": kinds.text,
    "before": _pinned,
    "after": _pinned,
    "out": _directory,
    "into": _directory,
}
KEPT_CLUSTER: dict[str, kinds.Kind] = {
    "version": lambda value: value == VERSION,
    "incident": kinds.text,
    "at": kinds.text,
    "directory": lambda value: isinstance(value, str) and bool(KEPT.fullmatch(value)),
    "image": _pinned,
    "major": kinds.count,
    "replaced_by": kinds.count,
    "databases": kinds.object_,
}
DATABASE: dict[str, kinds.Kind] = {"contents": kinds.object_, "numbers": kinds.object_, "mark": kinds.text}


@dataclass(frozen=True)
class Note:
    """A change of clusters.

    Attributes:
        action: `RUN` or `UNDO`.
        step: `PREPARING`, as long as the former cluster is not touched, then `SWITCHING`.
        incident: Its incident.
        before: The image of the former cluster.
        after: The image of the one that is to stand.
        out: The directory into which the former cluster goes.
        into: The directory out of which the other one comes.
    """

    action: str
    step: str
    incident: str
    before: str
    after: str
    out: str
    into: str

    @classmethod
    def read(cls, document: object) -> Note:
        """Return the note that was written down.

        Raises:
            Malformed: It is not what `to_json` writes.
        """
        found = kinds.checked(document, NOTE, tuple(NOTE))
        if found["out"] in (found["into"], NEW) or (found["into"] == NEW) != (found["action"] == RUN):
            raise Malformed("its directories make no sense")
        return cls(**{name: found[name] for name in NOTE if name != "version"})

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that is written down."""
        return {"version": VERSION, **asdict(self)}


@dataclass(frozen=True)
class Held:
    """The contents of a database when its cluster was left.

    Attributes:
        contents: Every table.
        numbers: The number that comes next in each numbered column.
        mark: The fingerprint of trades and orders; empty for a database that no bot has.
    """

    contents: Recorded
    numbers: Mapping[str, int]
    mark: str = ""


@dataclass(frozen=True)
class Kept:
    """A cluster that was replaced, and lies beside.

    Attributes:
        directory: The name of its directory.
        image: Its image.
        major: Its version.
        replaced_by: The version that replaced it.
        incident: Under which.
        at: When, ISO 8601 UTC.
        databases: What each of its databases held.
    """

    directory: str
    image: str
    major: int
    replaced_by: int
    incident: str
    at: str
    databases: Mapping[str, Held] = field(default_factory=dict)

    @classmethod
    def read(cls, document: object) -> Kept:
        """Return the record that was written down.

        Raises:
            Malformed: It is not what `to_json` writes.
        """
        found = kinds.checked(document, KEPT_CLUSTER, tuple(KEPT_CLUSTER))
        databases = {name: _held(name, said) for name, said in found["databases"].items()}
        return cls(**{name: found[name] for name in KEPT_CLUSTER if name not in ("version", "databases")},
                   databases=databases)  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that is written down."""
        told = {
            name: {"contents": held.contents.to_json(), "numbers": dict(held.numbers), "mark": held.mark}
            for name, held in self.databases.items()
        }
        return {"version": VERSION, **{name: getattr(self, name) for name in KEPT_CLUSTER
                                       if name not in ("version", "databases")}, "databases": told}  # fmt: skip


def _held(name: str, said: object) -> Held:
    found = kinds.checked(said, DATABASE, tuple(DATABASE))
    if not NAME.fullmatch(name) or not all(map(kinds.whole, found["numbers"].values())):
        raise Malformed(f"database {name!r} makes no sense")
    return Held(Recorded.read(found["contents"]), found["numbers"], found["mark"])
