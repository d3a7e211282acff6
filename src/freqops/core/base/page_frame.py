"""The frame of every page: its head with the policy for browsers, the list of its parts, and its sections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .markup import Markup, element
from .page_parts import on_lines

Section = tuple[str, str, Sequence[Markup]]  # its key, its heading, and what stands in it


def document(title: Sequence[str], body: Iterable[Markup], *, policy: Markup, style: Markup) -> str:
    """Return a page as HTML.

    Args:
        title: The parts of its title.
        body: What stands in it.
        policy: Its Content-Security-Policy, which says what a browser may load.
        style: Its style.
    """
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", *title),
        element("style", style),
    ]
    whole = element("html", element("head", *on_lines(head)), element("body", *on_lines(body)), lang="en")
    return f"<!doctype html>\n{whole}\n"


def contents(sections: Iterable[Section]) -> Markup:
    """Return the list of the parts of a page."""
    links = [element("li", element("a", title, href=f"#{key}")) for key, title, _ in sections]
    return element("nav", element("ul", *links), aria_label="Parts of this page")


def section(key: str, title: str, content: Iterable[Markup], *, bad: bool = False) -> Markup:
    """Return a section under its heading.

    Args:
        key: By which the list of parts finds it.
        title: Its heading.
        content: What stands in it.
        bad: Whether it is marked.
    """
    heading = element("h2", title, id=key)
    return element("section", heading, *on_lines(content), aria_labelledby=key, class_="bad" if bad else None)
