"""The kill level: how far a halt goes, and which hold it leaves behind."""

from __future__ import annotations

import re
from enum import IntEnum

from ..base.errors import Refused
from . import holds

TEXT = re.compile(r"[123]")


class KillLevel(IntEnum):
    """The three levels of the kill switch.

    ``ENTRIES`` stops entries, ``FLATTEN`` stops entries and sells everything, ``HARD`` stops Freqtrade.
    """

    ENTRIES = holds.ENTRIES
    FLATTEN = 2
    HARD = holds.HARD

    __str__ = int.__repr__  # the same in all Pythons

    @property
    def hold(self) -> int:
        """The level of the hold that stays: what flattens also stops entries, and that lasts."""
        return holds.ENTRIES if self is KillLevel.FLATTEN else int(self)


def parse(text: object) -> KillLevel:
    """Return the kill level that a text means; only exactly 1, 2 or 3 will do.

    Raises:
        Refused: The text is something else.
    """
    if isinstance(text, bool) or not TEXT.fullmatch(str(text)):
        raise Refused(f"level is {text!r}; allowed: 1 stop entries, 2 flatten, 3 hard stop")
    return KillLevel(int(str(text)))
