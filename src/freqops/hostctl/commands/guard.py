"""``freqops-host guard``: the resident service of this host (run by systemd)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import PROVEN

from ..bot.engine import Engine
from ..breaker.guard import Guard
from ..logs.writer import Writer, of_text
from . import argument_types, output

HELP = "make every hold true again, and follow the breaker files, for as long as the host runs (run by systemd)"
IN_SESSION = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the seconds between two rounds."""
    parser.add_argument("--every", type=argument_types.seconds, default=5.0, help="seconds between two rounds")


def run(options: argparse.Namespace) -> int:
    """Guard the host until newer code is installed."""
    clock = Clock()
    writer = Writer(options.root, clock)

    def say(line: str) -> None:
        output.print_text(line)
        writer.write("WARNING", "guard", line, **of_text(options.root, line))

    Guard(options.root, options.every, say, Path(sys.argv[0]), clock, Engine()).run()
    return PROVEN
