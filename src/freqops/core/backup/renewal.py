"""The renewal of a repository that is lost for good: a new one under its name, and what went with the old one.

What is gone is written down before anything is made. The old repository stays the known one until the new one is
there, so that a renewal that is killed is taken up by the next one, whatever was done already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..base import iso_time, kinds, strict_json
from ..base.clock import iso
from ..base.errors import Refused
from ..base.kinds import Malformed
from ..base.visible import visible
from ..halt import holds
from .repository import HOME
from .snapshot import Snapshot

FORMAT = 1
PLACE = "renewals"  # below the backups: a record for each repository, and a directory for each incident
LONGEST = 64 * 1024 * 1024
NOBODY = "none"  # instead of a repository: the new one begins empty
NAMED = 5
NOT_OVER = "the renewal of repository {}, incident {}, is not over: renew_repository.yml with the same words goes on"


def _moment(value: object) -> bool:
    try:
        iso_time.parse(value if isinstance(value, str) else "")
    except ValueError:
        return False
    return True


FIELDS: dict[str, kinds.Kind] = {
    "version": lambda value: value == FORMAT,
    "repository": kinds.text,
    "incident": lambda value: isinstance(value, str) and holds.INCIDENT.fullmatch(value) is not None,
    "lost": kinds.text,
    "source": kinds.text,
    "began": _moment,
    "old": kinds.text,
    "gone": kinds.list_of(kinds.having(id=kinds.text, began=_moment, parts=kinds.text, also_in=kinds.text)),
    "unread": kinds.count,
    "ended": kinds.or_none(_moment),
}


@dataclass(frozen=True)
class Gone:
    """A snapshot that went with its repository.

    Attributes:
        id: Its id.
        began: When the first of it was read.
        parts: Its parts.
        also_in: A repository that has one of the same moment with the same parts; empty where none has.
    """

    id: str
    began: datetime
    parts: tuple[str, ...]
    also_in: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the JSON object that is written down."""
        return {"id": self.id, "began": iso(self.began), "parts": ",".join(self.parts), "also_in": self.also_in}


@dataclass(frozen=True)
class Renewal:
    """A renewal, as it is written down before it begins.

    Attributes:
        repository: The name of the repository.
        incident: The incident under which it began; what was known of the old one is kept under it.
        lost: Why the old one never comes back.
        source: The repository that seeds the new one; empty where it begins empty.
        began: When it began.
        old: The id of the old one.
        gone: What went with it, the oldest first.
        unread: How many manifests of it cannot be read.
        ended: When all of it was proven; None where it is not over.
    """

    repository: str
    incident: str
    lost: str
    source: str
    began: datetime
    old: str
    gone: tuple[Gone, ...] = ()
    unread: int = 0
    ended: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that is written down."""
        return {
            "version": FORMAT, "repository": self.repository, "incident": self.incident, "lost": self.lost,
            "source": self.source, "began": iso(self.began), "old": self.old,
            "gone": [each.to_json() for each in self.gone], "unread": self.unread,
            "ended": iso(self.ended) if self.ended is not None else None,
        }  # fmt: skip

    @classmethod
    def read(cls, document: object) -> Renewal:
        """Return a renewal that was written down.

        Raises:
            Malformed: It is none.
        """
        said = kinds.checked(document, FIELDS, tuple(FIELDS))
        gone = tuple(
            Gone(row["id"], iso_time.parse(row["began"]), tuple(row["parts"].split(",")), row["also_in"])
            for row in said["gone"]
        )
        ended = iso_time.parse(said["ended"]) if said["ended"] is not None else None
        return cls(
            said["repository"], said["incident"], said["lost"], said["source"], iso_time.parse(said["began"]),
            said["old"], gone, said["unread"], ended,
        )  # fmt: skip

    @property
    def is_over(self) -> bool:
        """Whether all of it was proven."""
        return self.ended is not None

    def lines(self) -> list[str]:
        """Return what is gone, for a person."""
        only = [each.began for each in self.gone if not each.also_in]
        lines = [f"lost: {self.lost}"]
        lines.append(f"gone with it: {told(each.began for each in self.gone)}")
        if self.unread:
            lines.append(f"of {self.unread} more nothing is known: their manifests cannot be read")
        lines.append(f"in no other repository, and gone for good: {told(only)}")
        named = [iso(moment) for moment in sorted(only, reverse=True)]
        if named:
            more = f", and {len(named) - NAMED} older ones" if len(named) > NAMED else ""
            lines.append(f"these are of {', '.join(named[:NAMED])}{more}; the incident has all")
        return lines


def place(root: Path, name: str) -> Path:
    """Return the file in which the last renewal of a repository stands."""
    return root / HOME / PLACE / f"{name}.json"


def kept(root: Path, incident: str, name: str) -> Path:
    """Return the directory that gets the manifests of the old repository."""
    return root / HOME / PLACE / incident / name


def load(root: Path, name: str) -> Renewal | None:
    """Return the last renewal of a repository; None where there never was one.

    Raises:
        Malformed: It was written down and cannot be read.
    """
    try:
        return Renewal.read(strict_json.load(place(root, name), LONGEST))
    except strict_json.Missing:
        return None
    except Malformed as error:
        raise Malformed(f"{place(root, name)}: {error}") from None


def gone(had: Mapping[str, Snapshot], others: Mapping[str, Iterable[Snapshot]]) -> tuple[Gone, ...]:
    """Return what goes with a repository, the oldest first.

    Args:
        had: The snapshots that counted in it, by id.
        others: Those that count in the other repositories of the host, by name.
    """
    there: dict[tuple[datetime, tuple[str, ...]], str] = {}
    for name, found in others.items():
        for each in found:
            there.setdefault((each.began, each.parts), name)
    rows = [
        Gone(number, each.began, each.parts, there.get((each.began, each.parts), "")) for number, each in had.items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.began, row.id)))


def seeder(asked: str, having: Mapping[str, int], silent: Mapping[str, str]) -> str:
    """Return the repository that seeds the new one; empty where it begins empty.

    Args:
        asked: The one that was named; `NOBODY` for none, empty where nothing was said.
        having: How many complete snapshots each repository has that could seed it, in the order of their declaration.
        silent: Why each of the others cannot be opened. One that is lost, too, is not among them.

    Raises:
        Refused: The one that was named cannot seed it; or none can, and one may that does not open.
    """
    if asked and asked in {**having, **silent}:
        if asked in silent:
            raise Refused(f"{asked} is to seed it, and cannot be opened: {silent[asked]}")
        if not having[asked]:
            raise Refused(f"{asked} is to seed it, and has no complete snapshot; --from-repository={NOBODY} says that "
                          "the new one begins empty")  # fmt: skip
        return asked
    if asked == NOBODY:
        return ""
    if asked:
        known = ", ".join([*having, *silent]) or "there is none"
        raise Refused(f"{visible(asked, 60)} cannot seed it: allowed are repositories of this host for the same parts "
                      f"({known}), and {NOBODY}")  # fmt: skip
    best = max(having, key=lambda name: having[name], default="")
    if best and having[best]:
        return best
    if silent:
        said = "; ".join(f"{name}: {why}" for name, why in silent.items())
        raise Refused(f"no repository that opens can seed it, and one may that does not ({said}): cure that first, or "
                      f"say --from-repository={NOBODY}")  # fmt: skip
    return ""


def told(moments: Iterable[datetime]) -> str:
    """Return how many snapshots there are, and from when to when."""
    found = sorted(moments)
    if not found:
        return "no snapshot"
    if len(found) == 1:
        return f"1 snapshot, of {iso(found[0])}"
    return f"{len(found)} snapshots, from {iso(found[0])} to {iso(found[-1])}"
