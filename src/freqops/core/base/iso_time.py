"""Moments as people and other programs write them: ISO 8601, read alike by every Python."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from .visible import visible

FORM = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?P<time>[0-9]{2}:[0-9]{2})"
    r"(?::(?P<seconds>[0-9]{2})(?:\.(?P<part>[0-9]{1,6}))?)?"
    r"(?:(?P<utc>[Zz])|(?P<sign>[+-])(?P<hours>[0-9]{2})(?::?(?P<minutes>[0-9]{2}))?)?"
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
        if found is None:
            raise ValueError(text)
        part = (found["part"] or "").ljust(6, "0")
        naive = datetime.strptime(
            f"{found['date']}T{found['time']}:{found['seconds'] or '00'}.{part}", "%Y-%m-%dT%H:%M:%S.%f"
        )
        return naive.replace(tzinfo=_zone(found)).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise ValueError(f"'{visible(text, SHOWN)}' is not {ALLOWED}") from None


def _zone(found: re.Match[str]) -> timezone:
    """Return the zone of a moment.

    Raises:
        ValueError: There is no such offset.
    """
    hours, minutes = int(found["hours"] or 0), int(found["minutes"] or 0)
    if minutes > 59:
        raise ValueError(minutes)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if found["sign"] == "-" else offset)
