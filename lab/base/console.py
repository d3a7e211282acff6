"""The output for the person at the terminal: a live line for each running step, or plain lines without a terminal."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

OUT = Console(highlight=False, soft_wrap=True)
QUIET_SECONDS = 10.0
LINE_LENGTH = 120

Note = Callable[[str], None]

_progress: Progress | None = None
_guard = threading.Lock()


def say(text: str) -> None:
    """Print one line."""
    OUT.print(f"lab: {escape(text)}")


def _started() -> Progress:
    global _progress  # noqa: PLW0603 - one terminal has one live display, whichever thread comes first
    with _guard:
        if _progress is None:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            _progress = Progress(*columns, console=OUT, transient=True)
            _progress.start()
        return _progress


def stop() -> None:
    """Take the live display down."""
    global _progress  # noqa: PLW0603 - see above
    with _guard:
        if _progress is not None:
            _progress.stop()
            _progress = None


@contextmanager
def step(title: str) -> Iterator[Note]:
    """Show one step while it runs and its seconds when it is done.

    Yields:
        A function that shows what the step is doing right now.
    """
    began = time.monotonic()
    with _live(title) if OUT.is_terminal else _plain(title) as note:
        yield note
    say(f"{title}: done in {time.monotonic() - began:.1f} s")


@contextmanager
def _live(title: str) -> Iterator[Note]:
    progress = _started()
    task = progress.add_task(escape(title), total=None)
    try:
        yield lambda text: progress.update(task, description=escape(f"{title}: {text}"[: OUT.width - 14]))
    finally:
        progress.remove_task(task)


@contextmanager
def _plain(title: str) -> Iterator[Note]:
    said = time.monotonic()

    def note(text: str) -> None:
        nonlocal said
        if time.monotonic() - said >= QUIET_SECONDS:
            said = time.monotonic()
            say(f"{title}: {text}"[:LINE_LENGTH])

    yield note
