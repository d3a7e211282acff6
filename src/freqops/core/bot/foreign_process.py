"""A Freqtrade process that belongs to no bot, as a host tells of it: undeclared, or left alone.

It is an object with ``pid`` and ``command``. One of a project that is left alone has a mark besides, with ``project``
and ``reason``. A reader that is older than the mark takes it for undeclared.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from ..base import kinds

MARK = "left_alone"
IN_A_COMMAND = re.compile(r"/[ -~]+", re.ASCII)
_NAMED = kinds.having(pid=kinds.count, command=kinds.text)
_PROJECT = kinds.having(project=kinds.text, reason=kinds.text)


def _process(value: object) -> bool:
    return isinstance(value, dict) and _NAMED(value) and (MARK not in value or _PROJECT(value[MARK]))


PROCESSES = kinds.list_of(_process)


def is_left_alone(process: object) -> bool:
    """Return whether a process is one that is left alone; what is no process is none."""
    return isinstance(process, dict) and MARK in process and _process(process)


def undeclared_line(process: Mapping[str, Any]) -> str:
    """Return the line of halt and status about a process that is not left alone."""
    return f"UNDECLARED Freqtrade process {process.get('pid')}: {process.get('command')}"


def halted_line(process: Mapping[str, Any]) -> str:
    """Return the line of a halt about a process."""
    if not is_left_alone(process):
        return undeclared_line(process)
    name, reason = process[MARK]["project"], process[MARK]["reason"]
    stop = f"; stop it: docker compose -f {shlex.quote(name)} stop" if IN_A_COMMAND.fullmatch(name) else ""
    return f"LEFT ALONE, NOT HALTED: Freqtrade of {name} goes on trading (pid {process['pid']}): {reason}{stop}"


def status_line(process: Mapping[str, Any]) -> str:
    """Return the line of status about a process that is left alone."""
    name, reason = process[MARK]["project"], process[MARK]["reason"]
    return f"LEFT ALONE: Freqtrade of {name} trades, and is no bot of freqops (pid {process['pid']}): {reason}"


def but_for(count: int) -> str:
    """Return the addition to the verdict of a halt; empty where nothing is left alone."""
    words = "Freqtrade that is" if count == 1 else "Freqtrades that are"
    return f", but for {count} {words} left alone" if count else ""
