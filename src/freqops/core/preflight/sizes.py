"""Sizes as Compose writes them: 512m, 1g, 1.5gb."""

from __future__ import annotations

import re

from ..base.errors import Refused

SIZE = re.compile(r"^([0-9]+(?:\.[0-9]+)?) ?(?:([kmgt])i?)?b?$", re.IGNORECASE)
POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def parse(text: object) -> int:
    """Return the bytes that ``text`` means.

    Raises:
        Refused: It is no size above zero as Compose writes it.
    """
    match = SIZE.match(text) if isinstance(text, str) else None
    size = int(float(match.group(1)) * 1024 ** POWERS[(match.group(2) or "").lower()]) if match else 0
    if size <= 0:
        raise Refused(f"{text!r} is no size; write one in quotes or with a unit, like 512m or 1g")
    return size


def written(size: int) -> str:
    """Return a size for people, in MiB."""
    return f"{size // 1024**2} MiB"
