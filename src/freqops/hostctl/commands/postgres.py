"""``freqops-host postgres``: the host's Postgres brought to what is staged, with its bots stopped."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import PROVEN

from ..backup.before_change import in_a_dump
from ..bot.engine import Engine
from ..deploy import shared_postgres
from ..deploy.dump_first import DumpFirst
from . import output
from .arguments import add_accept_stale_dump

HELP = "bring the host's Postgres to what is staged, with its bots stopped"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add whether Postgres must read again which users may connect."""
    parser.add_argument("--reread", action="store_true", help="have it read again who may connect")
    parser.add_argument("--judge", default="", metavar="IMAGE", help="only say whether this image may be brought up")
    add_accept_stale_dump(parser)


def run(options: argparse.Namespace) -> int:
    """Bring Postgres to its staged description, or only judge an image.

    Raises:
        Refused: The image is of another major version than the cluster on the disk.
    """
    if options.judge:
        shared_postgres.judge(options.root, options.judge, Engine())
        output.print_json({"changed": False, "bots": [], "detail": []})
        return PROVEN
    first = DumpFirst(in_a_dump, options.accept_stale_dump)
    brought = shared_postgres.bring(options.root, Clock(), Engine(), reread=options.reread, first=first)
    output.print_json(brought.to_json())
    return PROVEN
