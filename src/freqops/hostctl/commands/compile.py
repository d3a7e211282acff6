"""``freqops-host compile``: this command compiled for the Python that runs it, so that each of its starts is short."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from freqops.core.base.exit_status import PROVEN

from ..deploy import compiled
from . import output

HELP = "compile this command for the Python that runs it (deploy does that)"
IN_SESSION = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add whether the command only looks."""
    parser.add_argument("--look", action="store_true", help="say whether there is anything to do, and do nothing")


def run(options: argparse.Namespace) -> int:
    """Compile the code that is not compiled yet, and print its place."""
    tool = Path(sys.argv[0])
    if options.look:
        place = compiled.directory(tool)
        changed = not place.is_dir()
    else:
        place, changed = compiled.bring(tool)
    output.print_json({"version": 1, "command": "compile", "path": str(place), "changed": changed})
    return PROVEN
