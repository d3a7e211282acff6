"""The end of a command of ``freqops-host`` as a line of the host's log, under the command that caused it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN, REFUSED
from freqops.core.incident.ids import new_incident
from freqops.core.logs.json_line import CORRELATION

from .writer import Writer

# What only looks, what says its own lines, and what runs all day.
SILENT = frozenset((
    *("status", "incident", "config", "registry", "manifest", "slots", "logs", "probe", "gate", "guard", "compile"),
    *("slot", "security-check"),
))  # fmt: skip
LOOKS = ("status", "list", "show", "check")  # what a command with an action does not change anything by
LOOKS_AT_RUNS = ("compare", "export")
LEVELS = {PROVEN: ("INFO", "proven"), REFUSED: ("WARNING", "refused"), NOT_PROVEN: ("ERROR", "not proven")}


def write(options: argparse.Namespace, prog: str, status: int, said: Sequence[str], seconds: float) -> None:
    """Write that a command ended, after its answer was given; nothing that happens here changes how it ended.

    Args:
        options: Its arguments.
        prog: What was called.
        status: Its exit status.
        said: Why it did not come to its end, where it did not.
        seconds: How long it took.
    """
    action = getattr(options, "action", None)
    if options.command in SILENT or action in LOOKS:
        return
    if options.command == "runs" and action in LOOKS_AT_RUNS:
        return
    if options.command in ("retention", "runs", "strategies") and getattr(options, "look", False):
        return
    clock = Clock()
    level, outcome = LEVELS.get(status, ("WARNING", f"exit {status}"))
    named = {name: getattr(options, name, None) for name in ("bot", "bots", "actor", "reason")}
    fields = {
        CORRELATION: getattr(options, "incident", None) or new_incident(options.command, clock),
        "command": options.command,
        "action": action,
        **{name: ",".join(value) if isinstance(value, list) else value for name, value in named.items()},
        "exit": status,
        "seconds": round(seconds, 3),
        "why": "; ".join(said),
    }
    text = " ".join(filter(None, (options.command, action if isinstance(action, str) else "")))
    Writer(options.root, clock).write(level, prog, f"{text}: {outcome}", **fields)
