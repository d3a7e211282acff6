"""The types of the command line: each turns text into a value, or names the allowed ones."""

from __future__ import annotations

import argparse
import os
import re
from importlib import import_module

from freqops.core.base.errors import Refused
from freqops.core.bot import inputs
from freqops.core.halt import holds, kill_level, restart_checklist
from freqops.core.halt.kill_level import KillLevel


def level(text: str) -> KillLevel:
    """Return the kill level that ``text`` means."""
    try:
        return kill_level.parse(text)
    except Refused as refusal:
        raise argparse.ArgumentTypeError(str(refusal)) from None


def line(text: str) -> str:
    """Return ``text`` as one line."""
    try:
        return inputs.line(text, "it")
    except Refused as refusal:
        raise argparse.ArgumentTypeError(str(refusal)) from None


def ticked(text: str) -> tuple[str, ...]:
    """Return the items of the restart checklist that ``text`` ticks."""
    try:
        return restart_checklist.ticked(text)
    except Refused as refusal:
        raise argparse.ArgumentTypeError(str(refusal)) from None


def incident(text: str) -> str:
    """Return ``text``, which must be the id of an incident."""
    if not holds.INCIDENT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an incident id")
    return text


def seconds(text: str) -> float:
    """Return the seconds that ``text`` means."""
    if not re.fullmatch(r"[0-9]{1,4}", text) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 1 to 9999")
    return float(text)


def minutes(text: str) -> int:
    """Return the minutes that ``text`` means."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes from 1 to 99999")
    return int(text)


def actor() -> str:
    """Return the actor of this command."""
    return f"{os.environ.get('SUDO_USER') or import_module('getpass').getuser()}@{os.uname().nodename}"
