"""How a module runs ``freqops-host`` and understands it: one JSON object, or the reason why there is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

from ..base.errors import FreqopsError

TOOL = "/usr/local/bin/freqops-host"


Run = Callable[["list[str]"], "tuple[int, str, str]"]


class NoAnswer(FreqopsError):
    """The command is not on this host, or said nothing that can be understood."""


def installed() -> str:
    """Return the path of the command.

    Raises:
        NoAnswer: It is not there.
    """
    if not Path(TOOL).exists():
        raise NoAnswer(f"{TOOL} is not on this host; deploy.yml brings it")
    return TOOL


def understood(output: str, errors: str, wanted: str) -> dict[str, Any]:
    """Return the object that the command printed.

    Args:
        output: What it printed.
        errors: What it printed beside that.
        wanted: A name that the object of a finished command has.

    Raises:
        NoAnswer: It refused, could not prove what it did, or printed something else; the text says what.
    """
    lines = [line for line in output.splitlines() if line.startswith("{")]
    try:
        answer = json.loads(lines[-1])
    except (IndexError, ValueError):
        raise NoAnswer(f"freqops-host gave no answer: {errors or output}") from None
    if not isinstance(answer, dict) or wanted not in answer:
        why = answer.get("not_proven") or answer.get("refused") if isinstance(answer, dict) else None
        raise NoAnswer(str(why or output))
    return answer


def on_bot(run: Run, command: str, values: dict[str, Any], wanted: str) -> dict[str, Any]:
    """Do a command on one bot under an incident and return what it said.

    Args:
        run: What runs a command line: ``AnsibleModule.run_command``.
        command: ``release``, ``flatten`` or ``reconcile``.
        values: ``bot``, ``incident``, ``reason`` and ``actor``.
        wanted: A name that the object of a finished command has.

    Raises:
        NoAnswer: As `understood`; the text names the bot.
    """
    options = [f"--{name}={values[name]}" for name in ("incident", "reason", "actor")]
    try:
        _, out, err = run([installed(), command, values["bot"], *options])
        return understood(out, err, wanted)
    except NoAnswer as error:
        raise NoAnswer(f"{values['bot']}: {error}") from None
