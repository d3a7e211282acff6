"""``freqops-host compile``: this command compiled for the Python that runs it, so that each of its starts is short."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .. import compiled, output
from .arguments import PROVEN

HELP = "compile this command for the Python that runs it (deploy does that)"
IN_SESSION = False


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing."""


def run(_options: argparse.Namespace) -> int:
    """Compile what is not compiled yet, and say where it lies."""
    place, changed = compiled.bring(Path(sys.argv[0]))
    output.print_json({"version": 1, "command": "compile", "path": str(place), "changed": changed})
    return PROVEN
