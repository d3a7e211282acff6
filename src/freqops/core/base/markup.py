"""HTML made of elements: every text is escaped unless an element made it, and nothing unseen reaches a page.

Text that is no `Markup` is foreign, wherever it comes from. It is made visible first, so that a line break, a control
character or a change of direction is an escape that can be read, and then escaped, so that no character of it means
anything to a browser.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

from .visible import visible

VOID = ("col", "meta")  # elements without content, and without an end


class Markup(str):
    """Text that is HTML already; only `element`, `joined` and constants of ours make it."""


def escaped(value: Any) -> Markup:
    """Return ``value`` as HTML: markup as it is, anything else as the text of others."""
    return value if isinstance(value, Markup) else Markup(html.escape(visible(value), quote=True))


def element(name: str, /, *content: Any, **attributes: Any) -> Markup:
    """Return an element.

    Args:
        name: Its name.
        content: What stands in it, one after the other.
        attributes: Its attributes, those of them that are not None; ``class_`` is class, ``http_equiv`` is http-equiv.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(content)}</{name}>")


def joined(parts: Iterable[Any], between: str = "") -> Markup:
    """Return parts as HTML, one after the other.

    Args:
        parts: Markup, or the text of others.
        between: What stands between them.
    """
    return Markup(escaped(between).join(escaped(part) for part in parts))
