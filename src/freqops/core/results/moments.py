"""Moments as Freqtrade writes them: numbers that count from 1970 on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed
from ..base.visible import visible

SECONDS, MILLISECONDS = 1, 1000
LATEST = datetime(2100, 1, 1, tzinfo=timezone.utc)


def moment(said: Mapping[str, Any], name: str, parts: int) -> datetime:
    """Return the moment that a number means.

    Args:
        said: The object with the number.
        name: Its name.
        parts: How many of its units a second has.

    Raises:
        Malformed: It is no number, or a moment before 1970 or after 2099.
    """
    number = kinds.value(said, name, kinds.number) / parts
    if not 0 <= number < LATEST.timestamp():
        raise Malformed(f"{name} is {visible(said.get(name), 40)}, no moment")
    return datetime.fromtimestamp(number, timezone.utc)


def moment_or_none(said: Mapping[str, Any], name: str, parts: int) -> datetime | None:
    """Return the moment that a number means; None where there is no number.

    Raises:
        Malformed: As `moment`.
    """
    return None if said.get(name) is None else moment(said, name, parts)
