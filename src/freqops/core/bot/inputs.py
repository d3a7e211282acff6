"""The inputs of a play on its command line, checked as the text that they arrive as."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..base.errors import Refused
from .layout import BOT_NAME

DEADLINE = re.compile(r"^[1-9][0-9]{0,3}$")
LONGEST = 200
LINE = re.compile(r"^[^\x00-\x1f\x7f]{1,200}$")
ALL = "all"


def line(text: object, what: str) -> str:
    """Return ``text`` without blanks around it; it must be one line of 1 to 200 characters."""
    stripped = "" if text is None else str(text).strip()
    if not LINE.match(stripped):
        raise Refused(f"{what} must be one line of 1 to 200 characters")
    return stripped


def any_line(text: str) -> str:
    """Return any text as one line of at most 200 characters; a character that stands on no line becomes an escape."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text.strip())
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def deadline(text: object) -> int | None:
    """Return the seconds that ``text`` means, None where nothing was said."""
    if text is None or text == "":
        return None
    if isinstance(text, bool) or not DEADLINE.fullmatch(str(text)):
        raise Refused(f"deadline is {text!r}; allowed: whole seconds from 1 to 9999")
    return int(str(text))


def means_all(text: object) -> bool:
    """Return whether ``text`` means all bots, and names none."""
    return str(text).strip() == ALL


def bots(text: object, known: Iterable[str]) -> list[str]:
    """Return the bots that ``text`` names (separated by commas, or ``all``), each of them known.

    Raises:
        Refused: None is named, or one is unknown.
    """
    present = sorted(set(known))
    wanted = [name.strip() for name in str(text).split(",")]
    if wanted == [ALL]:
        return present
    unknown = [name for name in wanted if name not in present or not BOT_NAME.match(name)]
    if unknown:
        raise Refused(f"unknown bot {', '.join(map(repr, unknown))}; the inventory has {', '.join(present) or 'none'}")
    return sorted(set(wanted))
