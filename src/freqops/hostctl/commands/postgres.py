"""``freqops-host postgres``: the host's Postgres brought to what is staged, with its bots stopped."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import PROVEN

from ..bot.engine import Engine
from ..deploy import shared_postgres
from . import output

HELP = "bring the host's Postgres to what is staged, with its bots stopped"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add whether it is to read again who may connect."""
    parser.add_argument("--reread", action="store_true", help="have it read again who may connect")


def run(options: argparse.Namespace) -> int:
    """Bring it there."""
    output.print_json(shared_postgres.bring(options.root, Clock(), Engine(), reread=options.reread).to_json())
    return PROVEN
