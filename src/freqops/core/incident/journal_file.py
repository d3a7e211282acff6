"""The journal of one command on one bot, read line by line, and the lines that cannot be read.

It may be torn by a crash, cut for its size, or written on by a later command; no line that can be read is lost.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

STAMP = r"\d{8}T\d{6}Z"
LINE_BEGINS = '{"at": "'
TORN = "ends in the middle of a line"


@dataclass(frozen=True)
class Entry:
    """One line of a journal.

    Attributes:
        number: Its place in the journal.
        kind: question, act, snapshot or note; or whatever it says.
        to: Whom it went to: bot, exchange, disk, engine.
        what: The question or the act.
        answer: The answer.
        error: The reason why nothing came back, None where something did.
        seconds: When, in seconds since the command began.
        at: When, by the clock of the host.
        took: Its duration in seconds.
    """

    number: int
    kind: str
    to: str
    what: str
    answer: Any = None
    error: Any = None
    seconds: float | None = None
    at: datetime | None = None
    took: float | None = None


@dataclass(frozen=True)
class Journal:
    """The acts of one command on one bot, line by line.

    Attributes:
        host: The host by its name in the inventory.
        file: Its file.
        bot: The bot.
        label: The command as the file's name has it, with its level or its time, where it has them.
        entries: Its lines.
        problems: The parts of it that cannot be read.
    """

    host: str
    file: str
    bot: str
    label: str
    entries: tuple[Entry, ...]
    problems: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command without level and time."""
        return plain(self.label)

    @property
    def began(self) -> datetime | None:
        """When the command began, where the file's name says so."""
        return moment(self.label.partition("-")[2])

    @property
    def acted(self) -> bool:
        """Whether anything was done."""
        return any(entry.kind == "act" for entry in self.entries)

    @property
    def through(self) -> bool:
        """Whether the command came to its end: it takes the last snapshot there."""
        return bool(self.entries) and (self.entries[-1].kind, self.entries[-1].what) == ("snapshot", "after")


def plain(label: str) -> str:
    """Return the name of a command out of a label with its level or its time: ``halt`` for ``halt1``."""
    return label.partition("-")[0].rstrip("123")


def moment(text: Any) -> datetime | None:
    """Return the moment that ISO 8601 text, or a stamp in a name, means; None where it means none."""
    if not isinstance(text, str):
        return None
    try:
        if re.fullmatch(STAMP, text):
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return found.astimezone(timezone.utc) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def number(value: Any) -> float | None:
    """Return ``value`` as a finite number, None where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def document_of(text: str) -> dict[str, Any] | None:
    """Return the JSON object that ``text`` is, None where it is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def text_of(value: Any) -> str | None:
    """Return ``value`` where it is text."""
    return value if isinstance(value, str) else None


def entries_of(text: str, *, cut: bool) -> tuple[list[Entry], list[str]]:
    """Return the lines of a journal that can be read, and what is wrong with the others."""
    entries, bad = [], []
    lines = text.split("\n")
    for position, line in enumerate(lines, start=1):
        document = document_of(line)
        if document is None and line.strip():
            bad.append(position)
            document = _glued(line)
        if document is not None:
            entries.append(_entry(position, document))
    problems = []
    if len(lines) in bad:
        bad.remove(len(lines))
        problems += [] if cut else [TORN]
    if bad:
        problems.append(f"has {len(bad)} lines that cannot be read, the first is line {bad[0]}")
    return entries, problems


def _glued(line: str) -> dict[str, Any] | None:
    """Return the whole line that follows a torn one, where a later command went on writing behind it."""
    start = line.rfind(LINE_BEGINS)
    return document_of(line[start:]) if start > 0 else None


def _entry(position: int, document: dict[str, Any]) -> Entry:
    kind, to, what = (text_of(document.get(key)) or "unknown" for key in ("kind", "to", "what"))
    return Entry(
        number=position,
        kind=kind,
        to=to,
        what=what,
        answer=document.get("answer"),
        error=document.get("error"),
        seconds=number(document.get("s")),
        at=moment(document.get("at")),
        took=number(document.get("took_s")),
    )
