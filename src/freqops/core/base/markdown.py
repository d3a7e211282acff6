"""The text of others inside a Markdown report: shown, and never taken for a line of the report.

What bots, exchanges and operators said stands in code, in a line or in a block, where Markdown means nothing; and there
it has neither a line break nor a backtick, so that it cannot leave it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .visible import visible as plain

SHOWN = 200


def visible(value: Any, limit: int | None = SHOWN) -> str:
    """Return ``value`` as `freqops.core.base.visible.visible` does, its backticks escaped, too."""
    return plain(value, limit).replace("`", "\\x60")


def code(value: Any, limit: int = SHOWN) -> str:
    """Return ``value`` as code within a line of prose."""
    text = visible(value, limit)
    return f"`{text}`" if text.strip() else "`(empty)`"


def block(lines: Iterable[str]) -> list[str]:
    """Return ``lines`` as a block of code with an empty line after it; no text within a line leaves the block."""
    return ["```text", *(visible(line, None) for line in lines), "```", ""]
