"""A refusal of deploy: its place, its fault, the allowed values, the cure; always one line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

LONGEST = 60
VariablePath = tuple[Any, ...]  # names and numbers: ("freqtrade_bots", 0, "config", "timeframe")


@dataclass(frozen=True)
class Refusal:
    """One line for the operator.

    Attributes:
        host: The host whose variables are meant; empty where it is about the whole inventory.
        wrong: The value and its faults.
        cure: The way to correct it.
        bot: The bot that is meant, if any.
        paths: The places among the variables of the host where it may stand, the likeliest first.
        place: File and line, where they are known.
    """

    host: str
    wrong: str
    cure: str
    bot: str = ""
    paths: tuple[VariablePath, ...] = ()
    place: str = ""

    @property
    def line(self) -> str:
        """The refusal as it is shown."""
        who = " ".join(word for word in (self.host, self.bot) if word) or "inventory"
        where = f" [{self.place}]" if self.place else ""
        return " ".join(f"{who}: {self.wrong}; {self.cure}{where}".split())

    def at(self, place: str) -> Refusal:
        """Return the same refusal with file and line."""
        return replace(self, place=place)


def shown(value: Any) -> str:
    """Return a value that is no secret, short enough for a line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def hidden(value: Any) -> str:
    """Return a value that is, or may be, a secret, as it may be shown."""
    if isinstance(value, bool):
        return "a yes or no"
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    return "a number" if isinstance(value, (int, float)) else "no text"


def dotted(path: VariablePath) -> str:
    """Return a path as people write it: ``exchange.pair_whitelist`` or ``pairlists[0].method``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
