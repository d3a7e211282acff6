"""``freqops-host manifest``: whether this host is what the last good deploy left behind."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import PROVEN

from ..bot.engine import Engine
from ..deploy import never_installed, unchanged
from . import output

HELP = "whether this host is what the last good deploy left behind"
IN_SESSION = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the fingerprints, and whether to write the present state down."""
    parser.add_argument("--wanted", required=True, help="fingerprint of what is wanted")
    parser.add_argument("--ground", dest="host_wanted", required=True, help="the same of the host itself")
    parser.add_argument("--write", action="store_true", help="write down how it is now")


def run(options: argparse.Namespace) -> int:
    """Compare the host with its manifest, or write the manifest."""
    if options.write:
        swept = never_installed.sweep(options.root, Engine())
        unchanged.write(options.wanted, options.host_wanted, options.root)
        output.print_json({"version": 1, "written": True, "swept": swept})
    else:
        found = unchanged.compare(options.wanted, options.host_wanted, options.root, Clock(), Engine())
        output.print_json({"version": 1, **found})
    return PROVEN
