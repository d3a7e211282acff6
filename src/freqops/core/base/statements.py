"""Statements that somebody stands for until a day: waivers and attestations.

A waiver lets something missing pass; an attestation says what no machine sees. Both are a sentence with a name and an
end, written in the inventory, and shown by status for as long as they hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from . import visible
from .errors import Refused

KEYS = ("about", "bot", "says", "by", "until")
OPTIONAL = ("bot",)
LONGEST = 500
SHORTEST_SENTENCE = 10
LONGEST_DAYS = 366
LENGTH_OF_A_DAY = 10  # later Pythons read other forms, too
EVERY_BOT = ""


@dataclass(frozen=True)
class Statement:
    """A statement.

    Attributes:
        about: The item of a list that it is about.
        bot: The bot about which it is; empty for every bot, or for none.
        says: The sentence.
        by: The name of the person who stands for it.
        until: The last day on which it holds, in UTC.
    """

    about: str
    bot: str
    says: str
    by: str
    until: date

    def holds(self, today: date) -> bool:
        """Return whether it holds on a day in UTC; one whose end is further than a year away holds on none."""
        return 0 <= (self.until - today).days <= LONGEST_DAYS

    def to_json(self) -> dict[str, Any]:
        """Return the statement as it stands in the inventory, `until` as ISO 8601."""
        return {**vars(self), "until": self.until.isoformat()}

    @property
    def line(self) -> str:
        """The statement on one line, as status shows it."""
        whom = f" of {self.bot}" if self.bot else ""
        return f"{self.about}{whom}: {visible.visible(self.says, LONGEST)} ({self.by}, until {self.until.isoformat()})"


def parsed(documents: Any, name: str, about: Iterable[str], today: date) -> list[Statement]:
    """Return the statements of a list in the inventory.

    Args:
        documents: The list.
        name: The name of its variable.
        about: The items that one may be about.
        today: The day, in UTC.

    Raises:
        Refused: It is no such list, or one says nothing, ends nowhere or later than in a year; the text says which.
    """
    if not isinstance(documents, list):
        raise Refused(f"{name} must be a list, each with {', '.join(KEYS)}")
    known = sorted(about)
    return [_parsed(each, f"{name}[{number}]", known, today) for number, each in enumerate(documents)]


def in_force(statements: Iterable[Statement], about: str, bot: str, today: date) -> Statement | None:
    """Return the statement about an item that holds for a bot on a day, the one that ends last; None without one."""
    found = [each for each in statements if each.about == about and each.bot in (EVERY_BOT, bot) and each.holds(today)]
    return max(found, key=lambda each: each.until, default=None)


def _parsed(document: Any, place: str, about: list[str], today: date) -> Statement:
    if not isinstance(document, Mapping):
        raise Refused(f"{place} must have {', '.join(KEYS)}")
    unknown = sorted(set(map(str, document)) - set(KEYS))
    missing = [key for key in KEYS if key not in document and key not in OPTIONAL]
    if unknown or missing:
        raise Refused(f"{place} {f'has no {missing[0]}' if missing else f'knows no {unknown[0]}'}: {', '.join(KEYS)}")
    if document["about"] not in about:
        raise Refused(f"{place}.about is {document['about']!r}; allowed: {', '.join(about)}")
    says, by = (_sentence(document[key], f"{place}.{key}") for key in ("says", "by"))
    if len(says) < SHORTEST_SENTENCE:
        raise Refused(f"{place}.says is {says!r}; a sentence of at least {SHORTEST_SENTENCE} characters is wanted")
    until = _day(document["until"], f"{place}.until")
    if (until - today).days > LONGEST_DAYS:
        raise Refused(f"{place}.until is {until.isoformat()}; a statement holds for a year at most: renew it then")
    bot = document.get("bot", EVERY_BOT)
    return Statement(document["about"], _sentence(bot, f"{place}.bot") if bot != EVERY_BOT else bot, says, by, until)


def _sentence(value: Any, place: str) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > LONGEST or not text.isprintable():
        raise Refused(f"{place} must be one line of 1 to {LONGEST} characters")
    return text


def _day(value: Any, place: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return date(value.year, value.month, value.day)  # Ansible reads a day as a kind of date of its own
    try:
        if len(value) == LENGTH_OF_A_DAY:
            return date.fromisoformat(value)
    except (TypeError, ValueError):
        pass
    raise Refused(f"{place} is {value!r}; a day is written like 2026-01-31")
