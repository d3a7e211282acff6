"""``freqops-host deadman``: entries stopped where the control node was not heard for too long (run by a timer)."""

from __future__ import annotations

import argparse
import math
import os

from freqops.core.base import stamp
from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import PROVEN
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.halt import deadman, holds, timers
from freqops.core.halt.kill_level import KillLevel
from freqops.core.incident.ids import new_incident

from ..bot.engine import Engine
from ..halt.answer import answer
from ..halt.halt import halt
from ..halt.order import Order
from ..incident import recorded
from . import argument_types, output

HELP = "stop entries where the control node was not heard (run by a timer)"
IN_SESSION = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the minutes of silence."""
    parser.add_argument("--after", required=True, type=argument_types.minutes, help="minutes of silence")


def run(options: argparse.Namespace) -> int:
    """Halt the bots that nothing holds, if the control node is silent for too long."""
    done = _halt_if_silent(options)
    stamp.leave(timers.DEADMAN)
    return done


def _halt_if_silent(options: argparse.Namespace) -> int:
    clock = Clock()
    silence = deadman.silence(options.root, clock, deadman.this_boot())
    if silence <= options.after * 60:
        return PROVEN
    free = [
        home for home in layout.homes(options.root) if not holds.effective_level(Home(home).holds)
    ]  # a hold that is there is made true again by the timer of its own
    if not free:
        return PROVEN
    heard = "never heard" if math.isinf(silence) else f"not heard for {silence / 60:.0f} minutes"
    mandate = Mandate(new_incident("deadman", clock), f"the control node was {heard}", f"deadman@{os.uname().nodename}")
    order = Order(KillLevel.ENTRIES, mandate)
    said = answer(order, halt(free, order, clock, Engine()))
    said["incident_error"] = recorded.record(options.root, mandate.incident, "halt-by-deadman", said)
    output.print_json(said)
    return int(said["exit"])
