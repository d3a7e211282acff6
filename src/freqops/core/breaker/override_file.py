"""The override: the permission to start runs in spite of the operator breaker. It has an end, and lapses by itself.

``{"reason": "data for the report", "until_iso": "2026-01-31T18:00:00Z", "who": "ann@desk"}``. It lets no bot enter. A
file that is not certainly understood permits nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ..base import iso_time, kinds, root_file, strict_json
from ..base.clock import iso
from ..base.kinds import Malformed
from ..base.visible import compact, visible

LONGEST = timedelta(hours=24)
NAMES = {"until_iso", "who", "reason"}
SHOWN = 200


@dataclass(frozen=True)
class Override:
    """The content of an override at one moment.

    Attributes:
        in_force: Whether runs may start in spite of the breaker.
        who: Who permitted it; empty where that is not known.
        reason: The reason.
        until: Its end, in UTC; None where there is none.
        readable: Whether the file was understood; a missing one is.
        why: Why it is in force or not, in words for an operator, on one line.
    """

    in_force: bool
    who: str
    reason: str
    until: datetime | None
    readable: bool
    why: str


def document(who: str, reason: str, until: datetime) -> dict[str, Any]:
    """Return the file of an override."""
    return {"reason": reason, "until_iso": iso(until), "who": who}


def read(path: Path, now: datetime, *, owner: int = root_file.ROOT_UID) -> Override:
    """Return the content of the override at ``path``; never raises, waits, or follows a link.

    Args:
        path: The file: `places.override`.
        now: The present, aware.
        owner: The number of the user who must own file and directory; root, but in tests.
    """
    try:
        who, reason, until = _fields(strict_json.parse(root_file.read(path, owner)))
    except root_file.Missing:
        return _none("there is no override", readable=True)
    except (root_file.Untrusted, Malformed) as error:
        return _none(f"{path} permits nothing: {error}", readable=False)
    said = f"runs may start in spite of the breaker until {iso(until)}, by {who}: {reason}"
    if until <= now:
        return Override(False, who, reason, until, readable=True, why=f"the override lapsed at {iso(until)}")
    if until - now > LONGEST:
        hours = (until - now).total_seconds() / 3600
        limit = f"{LONGEST.total_seconds() / 3600:.0f} h"
        return _none(
            f"{path} permits nothing: its end {iso(until)} is {hours:.1f} h ahead, more than {limit}", readable=False
        )
    return Override(True, who, reason, until, readable=True, why=said)


def _none(why: str, *, readable: bool) -> Override:
    return Override(in_force=False, who="", reason="", until=None, readable=readable, why=why)


def _fields(found: object) -> tuple[str, str, datetime]:
    """Return actor, reason and end of an override.

    Raises:
        Malformed: One is missing, empty or not of its kind, or there is another.
    """
    if not isinstance(found, dict) or set(found) != NAMES:
        raise Malformed("it is not an object of until_iso, who and reason")
    for name in sorted(NAMES):
        if not kinds.text(found[name]) or not found[name].strip():
            raise Malformed(f"{name} is {visible(compact(found[name]), kinds.SHOWN)}, not text")
    try:
        until = iso_time.parse(found["until_iso"])
    except ValueError as error:
        raise Malformed(f"until_iso: {error}") from None
    return visible(found["who"], SHOWN), visible(found["reason"], SHOWN), until
