"""The screen of the demo: all output as it comes, and below it, on a terminal, the progress."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.progress_bar import ProgressBar
from rich.text import Text

TASK = re.compile(r"^TASK \[(?:.* : )?(.*)\] \**$")
LAB = re.compile(r"^lab: (.*)$")
DOING_LENGTH = 50


class Screen:
    """The terminal; where there is none, lines and nothing else.

    Args:
        console: Where it is shown.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self._usual: list[float] = []
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), _Bar(), _Times(), console=self._console,
            refresh_per_second=2, transient=True, disable=not self._console.is_terminal,
        )  # fmt: skip
        self._step: TaskID | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether somebody watches, so that colours are welcome."""
        return self._console.is_terminal

    @contextmanager
    def running(self, usual: Sequence[float]) -> Iterator[None]:
        """Show the demo while it runs; each step usually takes so many seconds."""
        self._usual = list(usual)
        with self._progress:
            self._progress.add_task("the demo", total=sum(self._usual))
            yield

    @contextmanager
    def step(self, number: int, title: str) -> Iterator[None]:
        """Show one step while it runs, and then what it took."""
        usual = self._usual[number - 1]
        self.say(f"\n=== {number}/{len(self._usual)} {title} (usually {told(usual)})")
        began = time.monotonic()
        self._step = self._progress.add_task(f"step {number}", total=usual)
        try:
            yield
        finally:
            self._progress.remove_task(self._step)
            self._step = None
            self.say(f"=== {number}/{len(self._usual)} took {told(time.monotonic() - began)}")

    def say(self, text: str) -> None:
        """Print at once: somebody is watching."""
        shown = Text.from_ansi(text)
        self._console.print(shown)
        found = TASK.match(shown.plain) or LAB.match(shown.plain)
        if found and self._step is not None:
            self._progress.update(self._step, description=found[1][:DOING_LENGTH])


class _Bar(ProgressColumn):
    """How much of the usual time is over."""

    def render(self, task: Task) -> ProgressBar:
        """Return the bar, full when it takes longer than usual."""
        total = task.total or 1
        return ProgressBar(total=total, completed=min(task.elapsed or 0, total), width=30)


class _Times(ProgressColumn):
    """How long it takes already, and usually."""

    def render(self, task: Task) -> Text:
        """Return both in words."""
        return Text(f"{told(task.elapsed or 0)} of usually {told(task.total or 0)}")


def told(seconds: float) -> str:
    """Return a duration as people say it.

    Example:
        >>> told(75)
        '1 min 15 s'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
