"""``freqops-host deadman``: entries stopped where the control node was not heard for too long (run by a timer)."""

from __future__ import annotations

import argparse
import math
import os

from freqops.core.base.clock import Clock
from freqops.core.bot import layout
from freqops.core.halt import deadman, holds
from freqops.core.incident.ids import new_incident

from ..bot.engine import Engine
from ..halt.halt import halt
from ..halt.order import Order
from ..incident import write
from . import argument_types, output
from .arguments import NOT_PROVEN, PROVEN

HELP = "stop entries where the control node was not heard (run by a timer)"
IN_SESSION = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how long it may be silent."""
    parser.add_argument("--after", required=True, type=argument_types.minutes, help="minutes of silence")


def run(options: argparse.Namespace) -> int:
    """Halt what nothing holds, if it is silent for too long."""
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
    host = os.uname().nodename
    order = Order(holds.ENTRIES, f"the control node was {heard}", f"deadman@{host}", new_incident("deadman", clock))
    rows = halt(free, order, clock, Engine())
    answer = {
        "version": 1, "command": "halt", "host": host, "level": order.level,
        "incident": order.incident, "reason": order.reason, "actor": order.actor,
        "bots": [row.to_json() for row in rows], "proven": all(row.proven for row in rows),
    }  # fmt: skip
    answer["incident_error"] = write.record(options.root, order.incident, "halt-by-deadman", answer)
    output.print_json(answer)
    return PROVEN if answer["proven"] else NOT_PROVEN
