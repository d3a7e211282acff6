"""One line of JSON: the fields of the runbook, ``ts level logger message`` first, written and read.

It runs in the containers of bots, too, so nothing is imported here that only hosts have.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple

from ..base import iso_time
from . import redaction
from .redaction import Redactor

FIXED = ("ts", "level", "logger", "message")
CORRELATION = "correlation_id"
LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
USUAL = LEVELS["INFO"]  # of a level that a strategy made up
MESSAGE, FIELD = 10_000, 4_000  # characters of each that are kept
FIELDS, DEEPEST = 40, 4
LARGEST = 10**300  # a number that every reader takes
MARGIN = 8_192  # read beyond what is kept, so that no secret is cut in two before it is found
LONGEST = 1 << 20  # bytes of a line that is read
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
LEVEL = re.compile(r"[A-Z][A-Z0-9_]{0,19}")


class Line(NamedTuple):
    """A line as it was read.

    Attributes:
        at: When it was written.
        level: Its level.
        logger: Who wrote it.
        message: What it says.
        fields: What it says besides.
    """

    at: datetime
    level: str
    logger: str
    message: str
    fields: Mapping[str, Any]

    @property
    def rank(self) -> int:
        """The number of its level."""
        return LEVELS.get(self.level, USUAL)

    @property
    def correlation(self) -> str:
        """The command that caused it, empty where none is named."""
        found = self.fields.get(CORRELATION)
        return found if isinstance(found, str) else ""


def form(
    redact: Redactor, at: datetime, level: str, logger: str, message: str, fields: Iterable[tuple[str, Any]] = ()
) -> str:
    """Return a line, without its end; no secret and no line break of what it says gets into it.

    Args:
        redact: Takes the secrets out of each value, before it becomes JSON.
        at: When it happened.
        level: One of `LEVELS`.
        logger: Who says it.
        message: What is said.
        fields: What is said besides; None and an empty text say nothing, and no field replaces one of `FIXED`.
    """
    said: dict[str, Any] = {
        "ts": at.astimezone(timezone.utc).isoformat(),
        "level": level,
        "logger": _text(redact, logger, FIELD),
        "message": _text(redact, message, MESSAGE),
    }
    for name, value in fields:
        if len(said) < FIELDS and name not in FIXED and value is not None and value != "":
            said[_text(redact, str(name), FIELD)] = _named(redact, name, value, DEEPEST)
    return json.dumps(said)


def clean(redact: Redactor, line: Line) -> Line:
    """Return a line without the secrets that its writer left in."""
    fields = {_text(redact, name, FIELD): _named(redact, name, value, DEEPEST) for name, value in line.fields.items()}
    logger, message = _text(redact, line.logger, FIELD), _text(redact, line.message, MESSAGE)
    return Line(line.at, line.level, logger, message, fields)


def parse(raw: bytes) -> Line | None:
    """Return what a line says, None where it is none of ours; its texts are those of others, and not visible yet."""
    if len(raw) > LONGEST:
        return None
    try:
        found = json.loads(raw.decode("utf-8", "replace"), parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in FIXED):
        return None
    at = moment(found["ts"])
    if at is None or not LEVEL.fullmatch(found["level"]):
        return None
    fields = {name: value for name, value in found.items() if name not in FIXED and NAME.fullmatch(name)}
    return Line(at, found["level"], found["logger"], found["message"], fields)


def moment(text: str) -> datetime | None:
    """Return the moment that a line names, None where it is none."""
    try:
        return iso_time.parse(text)
    except ValueError:
        return None


def _text(redact: Redactor, text: str, limit: int) -> str:
    """Return a text without secrets, at most ``limit`` characters of it."""
    read = limit + max(MARGIN, 2 * redact.longest)
    if len(text) <= read:
        found = redact(text)
    else:  # the last part may end within a secret, which is then not known as one
        found = redact(text[:read])
        found = found[: max(0, len(found) - (read - limit))]
    if len(found) <= limit and len(text) <= read:
        return found
    return f"{found[:limit]}… ({len(text)} characters)"


def _whole(redact: Redactor, value: int) -> int | str:
    return redaction.MARK if redact.known(str(value)) == redaction.MARK else value


def _named(redact: Redactor, name: object, value: Any, depth: int) -> Any:
    """Return the value of a name, as `_plain`; a text that is called a secret is one."""
    if isinstance(value, (str, bytes)) and value and redaction.NAME.search(str(name)):
        return redaction.MARK
    return _plain(redact, value, depth)


def _plain(redact: Redactor, value: Any, depth: int) -> Any:
    """Return a value as JSON has it, every text in it without secrets."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return _whole(redact, value) if abs(value) < LARGEST else None
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth and isinstance(value, Mapping):
        inner = list(value.items())[:FIELDS]
        return {_text(redact, str(name), FIELD): _named(redact, name, each, depth - 1) for name, each in inner}
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(redact, each, depth - 1) for each in list(value)[:FIELDS]]
    return _text(redact, value if isinstance(value, str) else str(value), FIELD)
