"""``freqops-host keepalive``: the control node says that it is there."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven
from freqops.core.base.exit_status import PROVEN
from freqops.core.halt import deadman

from . import argument_types, output

HELP = "say that the control node is there"
IN_SESSION = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actor."""
    parser.add_argument("--actor", type=argument_types.line, default=argument_types.actor())


def run(options: argparse.Namespace) -> int:
    """Write the moment down, and read it back.

    Raises:
        NotProven: What is read back is something else.
    """
    heard = deadman.note(options.root, options.actor, Clock(), deadman.this_boot())
    if deadman.load(options.root) != heard:
        raise NotProven("the word of the control node was written, and something else was read back")
    output.print_json({"version": 1, "command": "keepalive", **asdict(heard)})
    return PROVEN
