"""Foreign text made visible, on its way to a terminal, a log or a page.

What bots, exchanges, hosts and other users of a host say may hold what a terminal obeys: a control character, a line
break, a change of direction, or a character that shows nothing. Each becomes an escape that everybody can read. What
is visible stays as it is, so that text may pass here twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

LINE = 10_000
ROOM = 32  # for the mark behind what was cut, so that it is not cut in its turn
# Printable to Python, and yet nothing is seen of them: joiners and fillers.
UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")


def visible(value: Any, limit: int | None = LINE) -> str:
    """Return ``value`` as printable text on one line; what cannot be seen is escaped.

    Args:
        value: Text, or anything that JSON can say.
        limit: Characters shown; what is longer ends with its length. None for all of them.
    """
    text = value if isinstance(value, str) else compact(value)
    if limit is None:
        return _shown(text)
    shown = _shown(text[: limit + ROOM])
    return shown if max(len(text), len(shown)) <= limit + ROOM else f"{shown[:limit]}… ({len(text)} characters)"


def all_visible(value: Any) -> Any:
    """Return what JSON can say with every text in it visible, however long."""
    if isinstance(value, dict):
        return {all_visible(key): all_visible(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [all_visible(inner) for inner in value]
    return visible(value, None) if isinstance(value, str) else value


def page(lines: Iterable[str]) -> str:
    """Return ``lines`` as the text of a terminal; no text within a line makes a line of its own."""
    return "\n".join(visible(line) for line in lines)


def compact(value: Any) -> str:
    """Return ``value`` as JSON without blanks that say nothing, its keys in order: equal values read alike."""
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    except (ValueError, TypeError, RecursionError) as error:
        return f"(cannot be shown: {type(error).__name__})"


def _shown(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char.isprintable() and char not in UNSEEN else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
