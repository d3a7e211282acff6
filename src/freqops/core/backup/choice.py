"""The choice of a dump: the newest, the one of a stamp, or the newest at or before a moment."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..base import iso_time
from ..base.clock import iso
from ..base.errors import Refused
from ..base.visible import visible
from .store import Dump

LATEST = "latest"
STAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")
ALLOWED = f"'{LATEST}', the stamp of a dump like 20260131T180000Z, or {iso_time.ALLOWED}"
SHOWN = 60


def understood(text: str, named: re.Pattern[str] = STAMP, allowed: str = ALLOWED) -> str:
    """Return ``text``, which must be a choice.

    Args:
        text: The choice.
        named: What the name of one that may be chosen looks like.
        allowed: What is allowed, in words.

    Raises:
        Refused: It is none; the text names the allowed values.
    """
    if text != LATEST and not named.fullmatch(text):
        try:
            iso_time.parse(text)
        except ValueError:
            raise Refused(f"'{visible(text, SHOWN)}' is none of {allowed}") from None
    return text


def chosen(dumps: Sequence[Dump], text: str) -> Dump:
    """Return the dump that is meant.

    Args:
        dumps: Those that count, the oldest first; at least one.
        text: The choice.

    Raises:
        Refused: There is none; the text says which there are.
    """
    if understood(text) == LATEST:
        return dumps[-1]
    if STAMP.fullmatch(text):
        found = [dump for dump in dumps if dump.stamp == text]
    else:
        moment = iso_time.parse(text)
        found = [dump for dump in dumps if dump.manifest.moment <= moment]
    if not found:
        first, last = dumps[0], dumps[-1]
        raise Refused(
            f"there is no dump {'' if STAMP.fullmatch(text) else 'at or before '}{text}: {len(dumps)} count, from "
            f"{first.stamp} ({iso(first.manifest.moment)}) to {last.stamp} ({iso(last.manifest.moment)})"
        )
    return max(found, key=lambda dump: dump.manifest.moment)
