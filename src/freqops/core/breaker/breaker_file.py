"""The breaker file: the switch of the operator breaker; anything may write it.

``{"active": true, "reason": "exchange outage", "until_iso": "2026-01-31T18:00:00Z"}``. Its end may be missing or null.
A file that is not certainly understood counts as active: it is not known what it said. `read` never raises, never
waits, and never follows a link.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..base import iso_time, kinds, root_file, strict_json
from ..base.clock import iso
from ..base.kinds import Malformed
from ..base.visible import compact, visible

LATEST = datetime(2099, 12, 31, 23, 59, 59, 999999, tzinfo=timezone.utc)
REASON_LENGTH = 500  # of the reason in a `Breaker`, so that it fits into holds, tables and evidence
UNREADABLE = "circuit_breaker_parse_error"  # as the runbook's own system calls it


@dataclass(frozen=True)
class Breaker:
    """The content of a breaker file at one moment.

    Attributes:
        active: Whether the breaker is in force: no entries and no runs.
        reason: The reason in the file, on one line and at most `REASON_LENGTH` characters long; for a file that cannot
            be read, `UNREADABLE` and what is wrong with the file.
        until: The end in the file, in UTC; None where the file names none or cannot be read.
        readable: Whether the file was understood. One that was not is active.
        why: Why it is in force or not, in words for an operator, on one line.
        switched_on: Whether the file itself says active: true also where its end has passed.
        missing: Whether there is no file.
    """

    active: bool
    reason: str
    until: datetime | None
    readable: bool
    why: str
    switched_on: bool = False
    missing: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the file that says this, in the format of the runbook."""
        until = None if self.until is None else self.until.isoformat().replace("+00:00", "Z")
        return {"active": self.active, "reason": self.reason, "until_iso": until}


def read(path: Path, now: datetime, *, missing_is_active: bool = True, owner: int = root_file.ROOT_UID) -> Breaker:
    """Return the content of the breaker file at ``path``.

    Args:
        path: The file: `places.host_breaker`, or `core.bot.layout.Home.breaker`.
        now: The present, aware.
        missing_is_active: Whether a missing file counts as active. For a host it does. The file of one bot is normally
            absent, and only what stands in its place can trip that bot.
        owner: The number of the user who must own file and directory; root, but in tests.
    """
    try:
        data = root_file.read(path, owner)
    except root_file.Missing as error:
        if missing_is_active:
            return _unreadable(path, str(error), missing=True)
        return Breaker(active=False, reason="", until=None, readable=True, why=f"there is no {path}", missing=True)
    except root_file.Untrusted as error:
        return _unreadable(path, str(error))
    return parse(data, path, now)


def parse(data: bytes, path: Path, now: datetime) -> Breaker:
    """Return the content that the bytes of a breaker file mean; see `read`."""
    try:
        switched_on, reason, until = _fields(strict_json.parse(data))
    except Malformed as error:
        return _unreadable(path, str(error))
    said = f"{path} says {'active' if switched_on else 'inactive'}"
    over = until is not None and until <= now
    if switched_on and until is not None:
        said = f"{said} until {iso(until)}{', which has passed' if over else ''}"
    why = f"{said}: {reason or 'no reason is given'}"
    return Breaker(switched_on and not over, reason, until, readable=True, why=why, switched_on=switched_on)


def _fields(document: object) -> tuple[bool, str, datetime | None]:
    """Return the three fields of a breaker file; other names in it are not looked at.

    Raises:
        Malformed: One is missing or not of its kind.
    """
    if not isinstance(document, dict):
        raise Malformed("it is not an object of active, reason and until_iso")
    if "active" not in document:
        raise Malformed("it does not say active: true or false")
    active = document["active"]
    if not kinds.truth(active):
        raise Malformed(f"active is {_shown(active)}, not true or false")
    reason = document.get("reason", "")
    if not kinds.text(reason):
        raise Malformed(f"reason is {_shown(reason)}, not text")
    return active, visible(reason, REASON_LENGTH), _until(document.get("until_iso"))


def _until(value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise Malformed(f"until_iso is {_shown(value)}, not text")
    try:
        until = iso_time.parse(value)
    except ValueError as error:
        raise Malformed(f"until_iso: {error}") from None
    if until > LATEST:
        raise Malformed(f"until_iso is {iso(until)}, later than {LATEST.year}; leave it out for no end")
    return until


def _shown(value: object) -> str:
    """Return a value as it stands in the file: text has quotes."""
    return visible(compact(value), kinds.SHOWN)


def _unreadable(path: Path, fault: str, *, missing: bool = False) -> Breaker:
    why = f"{path} counts as active: {fault}"
    return Breaker(True, f"{UNREADABLE}: {fault}", None, readable=False, why=why, missing=missing)
