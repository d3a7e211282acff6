"""The mandate of a play: its incident, its reason and its actor, made here and nowhere else."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.base.mandate import Mandate
from freqops.core.bot import inputs
from freqops.core.incident.ids import new_incident
from freqops.core.preflight.variables import REST

VARIABLE = "FREQOPS_REASON"


def actor() -> str:
    """Return the actor on this machine: ``user@host``."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def reason(variables: Mapping[str, Any], default: str = "") -> str:
    """Return the reason that was given, as it was given: nothing in it is a template.

    ``FREQOPS_REASON`` in the environment takes every character: what stands on no line is shown as an escape, and a
    long text is cut. Ansible splits ``-e reason='two words'`` at its blanks, and the rest is put back here; that form
    wins, because a variable of the environment may be an old one.

    Args:
        variables: The variables of the task.
        default: The reason where none was given.

    Raises:
        Refused: There is none, or the one of ``-e`` is not one line of 1 to 200 characters.
    """
    words = [str(variables[name]) for name in ("reason", REST) if variables.get(name)]
    if "reason" in variables:
        return inputs.line(" ".join(words), "reason")
    given = inputs.any_line(os.environ.get(VARIABLE, "")) or default
    if not given:
        raise Refused(f"no reason is given; put {VARIABLE}='…' before the command")
    return given


def no_reason() -> str:
    """Return the reason of a halt for which none was given."""
    return f"no reason given by {actor()}"


def of_play(variables: Mapping[str, Any], kind: str, default: str = "") -> Mandate:
    """Return a mandate under a new incident.

    Args:
        variables: The variables of the task.
        kind: The word after which the incident is called, for example ``halt1`` or ``deploy``.
        default: The reason where none was given.

    Raises:
        Refused: As `reason`.
    """
    return Mandate(new_incident(kind, Clock()), reason(variables, default), actor())


def words(mandate: Mandate) -> list[str]:
    """Return a mandate as ``freqops-host`` wants to hear it."""
    return [f"--{name}={value}" for name, value in mandate.to_json().items()]
