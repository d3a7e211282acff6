"""``freqops-host incident``: the commands, acts and proofs under one incident."""

from __future__ import annotations

import argparse
import os

from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.incident.evidence import Evidence
from freqops.core.incident.report import report

from ..incident import read
from . import argument_types, output

HELP = "what was commanded, done and proven under one incident"
IN_SESSION = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the incident, and the form of the answer."""
    parser.add_argument("incident", type=argument_types.incident)
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Print the incident; 2 where it is not whole."""
    host, found = os.uname().nodename, read.read(options.root, options.incident)
    if options.json:
        answer = {"version": 1, "command": "incident", "host": host, "incident": options.incident}
        output.print_json({**answer, "files": found.texts, "truncated": found.truncated})
    else:
        text = report(Evidence(options.incident, {host: found.texts}, cut={host: found.truncated}))
        output.print_text(*text.splitlines())
    return NOT_PROVEN if found.truncated else PROVEN
