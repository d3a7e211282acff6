"""Running a program on the host, and the meaning of its end. Only the container engine has a runner of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

from .errors import NotProven

SECONDS = 60.0
TOO_LATE, NOT_THERE = 124, 127  # as a shell has them
Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def run(words: Sequence[str], seconds: float = SECONDS, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program to its end, however it ends.

    Args:
        words: The program and its arguments.
        seconds: Seconds after which it is ended; it then has the status 124.
        text: Its standard input.

    Returns:
        What it printed and its status: 127 for a program that cannot be started.
    """
    try:
        return subprocess.run(list(words), input=text, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(list(words), TOO_LATE, "", f"no end within {seconds:.0f} s")
    except FileNotFoundError:
        return subprocess.CompletedProcess(list(words), NOT_THERE, "", f"{words[0]} is not there")
    except OSError as error:
        return subprocess.CompletedProcess(list(words), NOT_THERE, "", f"{words[0]} cannot be started: {error}")


def must(run_it: Run, words: Sequence[str]) -> str:
    """Return the output of a program, which must end with 0.

    Raises:
        NotProven: It did not; the text has its last words.
    """
    done = run_it(words)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip() or "no output"
        raise NotProven(f"{' '.join(words)} ended with {done.returncode}: {said}")
    return done.stdout
