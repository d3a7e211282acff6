"""The output of answers: one JSON object, or a table for people."""

from __future__ import annotations

import json
import os
import select
import sys
from typing import TYPE_CHECKING, Any

from freqops.core.base.errors import FreqopsError
from freqops.core.base.visible import page
from freqops.core.bot import host_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freqops.core.base.outcome import Outcome


def print_json(answer: dict[str, Any]) -> None:
    """Print one JSON object on one line."""
    sys.stdout.write(json.dumps(answer, sort_keys=True, default=str) + "\n")
    sys.stdout.flush()


def answered(outcome: Outcome) -> int:
    """Print the outcome of a command on one bot, and return the exit status."""
    print_json(outcome.to_json())
    return outcome.exit


def remark(line: str) -> None:
    """Print a line for a person on standard error; standard output is that of the command which is run."""
    sys.stderr.write(f"freqops-host: {page([line])}\n")
    sys.stderr.flush()


def print_text(*lines: str) -> None:
    """Print lines for a person; no text within a line makes a line of its own."""
    sys.stdout.write(page(lines) + "\n")
    sys.stdout.flush()


def print_file(text: str) -> None:
    """Print what is a file for a program, and in which what others wrote was made visible."""
    sys.stdout.write(text)
    sys.stdout.flush()


class ReaderGone(FreqopsError):
    """Nobody reads any more what a command prints."""


def tell(event: Mapping[str, Any], *, lines: Sequence[str] | None = None) -> None:
    """Print an event of a command that goes on.

    Args:
        event: The event, which is printed on one line as JSON.
        lines: What is printed for a person instead.

    Raises:
        ReaderGone: Nobody reads it.
    """
    try:
        if lines is None:
            sys.stdout.write(host_command.told(event) + "\n")
            sys.stdout.flush()
        elif lines:
            print_text(*lines)
    except OSError as error:
        raise ReaderGone("nobody reads") from error


def wait(seconds: float) -> None:
    """Wait, but no longer than somebody reads.

    Raises:
        ReaderGone: Nobody does.
    """
    poller = select.poll()
    poller.register(sys.stdout.fileno(), 0)  # an error or a hang-up is told without being asked for
    if poller.poll(seconds * 1000):
        raise ReaderGone("nobody reads")


def leave() -> None:
    """Drop output that nobody read, so that the end of the process does not fail on it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
