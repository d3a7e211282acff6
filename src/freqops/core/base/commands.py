"""Run a program on the host and understand how it ended."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

from .errors import NotProven

SECONDS = 60.0
Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, however it ends; a missing one ends with 127."""
    try:
        return subprocess.run(list(words), capture_output=True, text=True, check=False, timeout=SECONDS)
    except FileNotFoundError:
        return subprocess.CompletedProcess(list(words), 127, "", f"{words[0]} is not there")


def must(run_it: Run, words: Sequence[str]) -> str:
    """Return what a program printed; it must end well.

    Raises:
        NotProven: It did not; the text has its last words.
    """
    done = run_it(words)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip() or "nothing was said"
        raise NotProven(f"{' '.join(words)} ended with {done.returncode}: {said}")
    return done.stdout
