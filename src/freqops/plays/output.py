"""The output of a play for people: every line of ours on the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from ansible.utils.display import Display

from freqops.core.base.visible import page

GOOD, WARNING, BAD = "green", "yellow", "bright red"


def show(lines: Iterable[str], color: str | None = None) -> None:
    """Show lines on the terminal; no text within a line makes a line of its own."""
    Display().display(page(lines), color)


def trace(host: str, text: str) -> None:
    """Show the traceback of an error of a host, with ``-vvv``."""
    Display().vvv(page(text.splitlines()), host=host)
