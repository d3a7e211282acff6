"""The commands ``keepalive`` and ``deadman``: bots whose control node is gone stop entering, by themselves."""

from __future__ import annotations

import argparse
import math
import socket
from dataclasses import asdict
from typing import Any

from freqops.core import deadman, holds, layout
from freqops.core.clock import Clock
from freqops.core.errors import NotProven
from freqops.core.incident import new_incident

from . import argument_types, incidents, output
from .case import Order
from .engine import Engine
from .halt import halt

PROVEN, NOT_PROVEN = 0, 2


def add_to(commands: Any) -> None:
    """Add the commands to the sub-parsers of ``freqops-host``."""
    alive = commands.add_parser("keepalive", help="say that the control node is there")
    alive.add_argument("--actor", type=argument_types.line, default=argument_types.actor())
    alive.set_defaults(run=_keepalive)
    dead = commands.add_parser("deadman", help="stop entries where the control node was not heard (run by a timer)")
    dead.add_argument("--after", required=True, type=argument_types.minutes, help="minutes of silence")
    dead.set_defaults(run=_deadman)


def _keepalive(options: argparse.Namespace) -> int:
    heard = deadman.note(options.root, options.actor, Clock(), deadman.this_boot())
    if deadman.load(options.root) != heard:
        raise NotProven("the word of the control node was written, and is not what is read back")
    output.print_json({"version": 1, "command": "keepalive", **asdict(heard)})
    return PROVEN


def _deadman(options: argparse.Namespace) -> int:
    clock = Clock()
    silence = deadman.silence(options.root, clock, deadman.this_boot())
    if silence <= options.after * 60:
        return PROVEN
    free = [
        home for home in layout.homes(options.root) if not holds.effective_level(home / "conf" / "holds.json")
    ]  # a hold that is there is made true again by the timer of its own
    if not free:
        return PROVEN
    heard = "never heard" if math.isinf(silence) else f"not heard for {silence / 60:.0f} minutes"
    order = Order(
        holds.ENTRIES,
        f"the control node was {heard}",
        f"deadman@{socket.gethostname()}",
        new_incident("deadman", clock),
    )
    rows = halt(free, order, clock, Engine())
    answer = {
        "version": 1, "command": "halt", "host": socket.gethostname(), "level": order.level,
        "incident": order.incident, "reason": order.reason, "actor": order.actor,
        "bots": [row.to_json() for row in rows], "proven": all(row.proven for row in rows),
    }  # fmt: skip
    answer["incident_error"] = incidents.record(options.root, order.incident, "halt-by-deadman", answer)
    output.print_json(answer)
    return PROVEN if answer["proven"] else NOT_PROVEN
