"""The output of answers: one JSON object, or a table for people."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from freqops.core.base.visible import page

if TYPE_CHECKING:
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
