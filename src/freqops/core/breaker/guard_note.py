"""The note in which guard reports the effect of the breaker on each bot of its host, replaced whole with each round.

A bot has a row as long as a hold of holder ``breaker`` is in force on it, or guard could not do what the breaker files
demand. A bot without a row is one that the breaker does not hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ..base import durable, iso_time, kinds, root_file, stamp, strict_json
from ..base.clock import FUTURE_SECONDS
from ..base.errors import FreqopsError
from ..base.kinds import Malformed
from ..base.visible import visible

VERSION = 1
STALE_SECONDS = 10.0
MAX_BYTES = 1024 * 1024
MODE = 0o644
PERSON = "breaker_resume: person"  # how the detail of a bot begins that stays paused until a person resumes it
CURE = "'systemctl status freqops-guard' says why"
SHOWN = 200


class NoAnswer(FreqopsError):
    """Guard says nothing that can be relied on; the text says why, and where to look."""


@dataclass(frozen=True)
class BotNote:
    """The report of guard on one bot.

    Attributes:
        incident: The incident of the breaker's hold; empty where there is none, and something failed.
        proven: Whether the hold is proven as a halt of level 1 is, or, where it waits for a person, as it must be.
        detail: Lines for an operator: what is missing, or why the hold stays.
        looked: When guard began to read what this says: what was written later is not in it. None where it did not.
    """

    incident: str
    proven: bool
    detail: tuple[str, ...] = ()
    looked: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the row as it stands in the note."""
        looked = None if self.looked is None else self.looked.isoformat()
        return {**vars(self), "detail": list(self.detail), "looked": looked}

    @property
    def waits_for_person(self) -> bool:
        """Whether the breaker is over and the bot stays paused until a person resumes it."""
        return any(line.startswith(PERSON) for line in self.detail)


@dataclass(frozen=True)
class Note:
    """The report of guard at one moment.

    Attributes:
        at: When the note was written: after everything that it says was so.
        bots: A row for each bot that there is anything to say of, by name.
    """

    at: datetime
    bots: Mapping[str, BotNote] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the note as it stands in its file."""
        rows = {name: row.to_json() for name, row in self.bots.items()}
        return {"version": VERSION, "at": self.at.isoformat(), "bots": rows}


def path() -> Path:
    """Return the place of the note."""
    return Path(stamp.DIRECTORY) / "breaker.json"


def leave(bots: Mapping[str, BotNote], now: datetime) -> str | None:
    """Leave the note of guard, and return why it could not be left, or None; one that is not left grows old."""
    place = path()
    try:
        place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        durable.write_json(place, Note(now, bots).to_json(), MODE)
    except OSError as error:
        return f"{place} was not written: {error.strerror or error}"
    return None


def parse(data: bytes) -> Note:
    """Read a note.

    Raises:
        Malformed: It is not exactly what `Note.to_json` writes.
    """
    document = strict_json.parse(data)
    if not isinstance(document, dict) or set(document) != {"version", "at", "bots"}:
        raise Malformed("it is not an object of version, at and bots")
    if document["version"] != VERSION or not kinds.count(document["version"]):
        raise Malformed(f"its version is {visible(document['version'], kinds.SHOWN)}, not {VERSION}")
    at = _moment(document, "at")
    rows = kinds.value(document, "bots", kinds.object_)
    return Note(at, {visible(name, SHOWN): _row(name, row) for name, row in rows.items()})


def _moment(document: dict[str, Any], name: str) -> datetime:
    try:
        return iso_time.parse(kinds.value(document, name, kinds.text))
    except ValueError as error:
        raise Malformed(f"{name}: {error}") from None


def _row(name: str, row: object) -> BotNote:
    if not isinstance(row, dict) or set(row) != {"incident", "proven", "detail", "looked"}:
        raise Malformed(f"the row of {visible(name, SHOWN)} is not an object of incident, proven, detail and looked")
    detail = kinds.value(row, "detail", kinds.list_of(kinds.text))
    incident = kinds.value(row, "incident", kinds.text)
    looked = None if row["looked"] is None else _moment(row, "looked")
    proven = kinds.value(row, "proven", kinds.truth)
    return BotNote(incident, proven, tuple(visible(line, SHOWN) for line in detail), looked)


def read(now: datetime, owner: int = root_file.ROOT_UID) -> Note:
    """Return the note of guard, not older than `STALE_SECONDS`.

    Args:
        now: The present.
        owner: The number of the user who must own the note; root, but in tests.

    Raises:
        NoAnswer: There is none, it cannot be read, or it is old.
    """
    place = path()
    try:
        note = parse(root_file.read(place, owner, MAX_BYTES))
    except (root_file.Missing, root_file.Untrusted, Malformed) as error:
        raise NoAnswer(f"guard does not answer: {place}: {error}; {CURE}") from None
    age = now - note.at
    if age > timedelta(seconds=STALE_SECONDS):
        said = f"{place} is {age.total_seconds():.0f} s old (stale above {STALE_SECONDS:.0f} s)"
        raise NoAnswer(f"guard does not answer: {said}; {CURE}")
    if -age > timedelta(seconds=FUTURE_SECONDS):
        said = f"{place} is {-age.total_seconds():.0f} s in the future (stale above {FUTURE_SECONDS:.0f} s)"
        raise NoAnswer(f"guard does not answer: {said}: the clock was set back; {CURE}")
    return note
