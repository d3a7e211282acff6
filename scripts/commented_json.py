# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON as Freqtrade reads its configuration: with comments of both kinds, and with a comma behind the last item.

What is wrong is said with file and line, and never with what stands there: it may be a secret.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqops.core.base.errors import Refused
from freqops.core.base.visible import visible

LONGEST = 1024 * 1024
DEEPEST = 64
TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+|//[^\n]*|/\*.*?\*/)
      | (?P<text>"(?:[^"\\\x00-\x1f]|\\.)*")
      | (?P<word>[A-Za-z0-9_.+-]+)
      | (?P<mark>[][{},:])""",
    re.VERBOSE | re.DOTALL,
)
END = ""
WORDS = {"true": True, "false": False, "null": None}
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class _Token:
    """A piece of the text: its kind, and the line on which it begins."""

    kind: str
    text: str
    line: int


def load(path: Path) -> dict[str, Any]:
    """Return the object in a file.

    Raises:
        Refused: The file cannot be read, is no such JSON, has no object at its top, or says something twice; file and
            line are named.
    """
    named = visible(str(path))
    try:
        if path.stat().st_size > LONGEST:
            raise Refused(f"{named} is longer than {LONGEST} bytes; is it a configuration?")
        text = path.read_bytes().decode()
    except OSError as error:
        raise Refused(f"{named} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refused(f"{named} is no text in UTF-8") from None
    return parse(text, named)


def parse(text: str, named: str) -> dict[str, Any]:
    """Return the object that a text says; see `load`.

    Args:
        text: The text.
        named: The name of its file in a refusal.
    """
    reader = _Reader(text, named)
    first = reader.token
    value = reader.value(0)
    if reader.token.kind != END:
        raise reader.refused("something stands behind the end of its object")
    if not isinstance(value, dict):
        raise Refused(f"{named}:{first.line}: it is no object; a configuration begins with {{")
    return value


class _Reader:
    """A text that is read token by token; one of them is looked at."""

    def __init__(self, text: str, named: str) -> None:
        self._named = named
        self._tokens = self._split(text)
        self.token = next(self._tokens)

    def refused(self, why: str, line: int | None = None) -> Refused:
        """Return a refusal at the token that is looked at, or at a line."""
        return Refused(f"{self._named}:{self.token.line if line is None else line}: {why}")

    def value(self, depth: int) -> Any:
        """Take a value, and return it."""
        if depth > DEEPEST:
            raise self.refused(f"it is nested more than {DEEPEST} times")
        kind, text = self.token.kind, self.token.text
        if kind == "text":
            return self._text()
        if kind == "word":
            return self._word()
        if text == "{":
            return dict(self._members(depth))
        if text == "[":
            return list(self._items(depth))
        raise self.refused("no value where one is needed")

    def _members(self, depth: int) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        self._next()
        while self.token.text != "}":
            line = self.token.line
            if self.token.kind != "text":
                raise self.refused("no name in double quotes where one is needed")
            name = self._text()
            if name in seen:
                raise self.refused(f"it says {visible(name)!r} twice, on line {seen[name]}, too", line)
            seen[name] = line
            if self.token.text != ":":
                raise self.refused(f"no colon behind the name {visible(name)!r}")
            self._next()
            yield name, self.value(depth + 1)
            self._comma("}")
        self._next()

    def _items(self, depth: int) -> Iterator[Any]:
        self._next()
        while self.token.text != "]":
            yield self.value(depth + 1)
            self._comma("]")
        self._next()

    def _comma(self, end: str) -> None:
        if self.token.text == ",":
            self._next()
        elif self.token.text != end:
            raise self.refused(f"neither a comma nor {end} behind a value")

    def _text(self) -> str:
        try:
            text = str(json.loads(self.token.text))
            text.encode()
        except ValueError:
            raise self.refused("a text with an escape that is none") from None
        self._next()
        return text

    def _word(self) -> Any:
        word = self.token.text
        try:
            value = WORDS[word] if word in WORDS else json.loads(word) if NUMBER.fullmatch(word) else math.nan
        except ValueError:  # more digits than Python reads
            value = math.nan
        if isinstance(value, float) and not math.isfinite(value):
            raise self.refused("neither a number nor true, false or null, nor a text in double quotes")
        self._next()
        return value

    def _next(self) -> None:
        self.token = next(self._tokens)

    def _split(self, text: str) -> Iterator[_Token]:
        position, line = 0, 1
        while position < len(text):
            found = TOKEN.match(text, position)
            if found is None:
                raise Refused(f"{self._named}:{line}: a text or a comment without its end, or what is no JSON")
            if found.lastgroup != "blank":
                yield _Token(str(found.lastgroup), found.group(), line)
            line += found.group().count("\n")
            position = found.end()
        yield _Token(END, END, line)
