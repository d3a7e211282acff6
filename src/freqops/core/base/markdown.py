"""The text of others inside a Markdown report: shown, and never taken for a line of the report.

What bots, exchanges and operators said stands in code, in a line or in a block, where Markdown means nothing; and there
it has neither a line break nor a backtick, so that it cannot leave it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

SHOWN = 200


def visible(value: Any, limit: int = SHOWN) -> str:
    """Return ``value`` as printable text on one line: control characters, line breaks and backticks escaped.

    Args:
        value: Text, or anything that JSON can say.
        limit: Characters shown; what is longer ends with its length.
    """
    text = value if isinstance(value, str) else compact(value)
    cut = text[:limit]
    shown = "".join(char if char.isprintable() and char != "`" else _escaped(char) for char in cut)
    return shown if len(text) <= limit else f"{shown}… ({len(text)} characters)"


def _escaped(char: str) -> str:
    return "\\x60" if char == "`" else char.encode("unicode_escape").decode("ascii")


def compact(value: Any) -> str:
    """Return ``value`` as JSON without blanks that say nothing, its keys in order: equal values read alike."""
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    except (ValueError, TypeError, RecursionError) as error:
        return f"(cannot be shown: {type(error).__name__})"


def code(value: Any, limit: int = SHOWN) -> str:
    """Return ``value`` as code within a line of prose."""
    text = visible(value, limit)
    return f"`{text}`" if text.strip() else "`(empty)`"


def block(lines: Iterable[str]) -> list[str]:
    """Return ``lines``, made of our words and of `visible` text, as a block of code with an empty line after it."""
    return ["```text", *lines, "```", ""]
