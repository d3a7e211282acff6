"""Moments as people and other programs write them: ISO 8601, read alike by every Python."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from .visible import visible

FORM = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?P<minute>[0-9]{2}:[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:\.(?P<part>[0-9]{1,6}))?)?"
    r"(?:Z|(?P<sign>[+-])(?P<hours>[0-9]{2})(?::?(?P<minutes>[0-5][0-9]))?)?"
)
ALLOWED = "a moment like 2026-01-31T18:00:00Z; without Z or an offset like +02:00 it is UTC"
SHOWN = 60


def parse(text: str) -> datetime:
    """Return the moment that ``text`` names, aware, in UTC; a naive one is UTC.

    A day without an hour is not understood: it could mean its beginning or its end.

    Raises:
        ValueError: The text is no moment; the error says what is allowed.
    """
    found = FORM.fullmatch(text)
    try:
        moment = datetime.fromisoformat(_spelt_out(found)) if found else None
        moment = moment.astimezone(timezone.utc) if moment else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise ValueError(f"'{visible(text, SHOWN)}' is not {ALLOWED}")
    return moment


def _spelt_out(found: re.Match[str]) -> str:
    """Return a moment in the one form that the oldest Python of a host reads."""
    time = f"{found['minute']}:{found['second'] or '00'}.{(found['part'] or '').ljust(6, '0')}"
    return f"{found['day']}T{time}{found['sign'] or '+'}{found['hours'] or '00'}:{found['minutes'] or '00'}"
