"""``freqops-host slots``: the slots that are taken, their holders, and stale or wrong ones."""

from __future__ import annotations

import argparse
import os

from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.runs import slot_table
from freqops.core.runs.slot_directory import SlotDirectory

from . import output

HELP = "which run slots are taken, by whom, and what is wrong with them"
IN_SESSION = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the form of the answer."""
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Print the slots; 2 where a lock file cannot be read, or a run goes on without its holder.

    Raises:
        Refused: The declaration of slots cannot be read.
        NotProven: The directory of slots cannot be read.
    """
    seen = SlotDirectory(options.root, Clock()).answer()
    if options.json:
        output.print_json({"version": 1, "command": "slots", "host": os.uname().nodename, **seen})
    else:
        output.print_text(*slot_table.lines(seen["slots"], seen["kinds"]))
    return NOT_PROVEN if seen["problems"] else PROVEN
