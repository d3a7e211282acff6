"""``freqops-host switch``: bots brought to staged releases, one after the other."""

from __future__ import annotations

import argparse
from dataclasses import replace

from freqops.core.base.clock import Clock
from freqops.core.deploy import deploy_lock

from ..backup.before_change import in_a_dump
from ..bot.engine import Engine
from ..deploy.deploy import deploy, parsed
from ..deploy.dump_first import DumpFirst
from . import argument_types
from .arguments import add_accept_stale_dump
from .releases import add_errand, answered, errand_of

HELP = "bring bots to staged releases, one after the other"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the releases by bot, and the deploy that must have the lock."""
    parser.add_argument("bots", help="name=fingerprint, separated by commas")
    parser.add_argument("--deploy-lock", type=argument_types.incident, help="id of the deploy that must have the lock")
    parser.add_argument(
        "--accept-effective", action="store_true", help="let open trades go on by other effective values"
    )
    add_accept_stale_dump(parser)
    add_errand(parser, "deploy")


def run(options: argparse.Namespace) -> int:
    """Switch the bots; 2 where one is not healthy."""
    if options.deploy_lock is not None:
        deploy_lock.refuse_unless_own(options.root, options.deploy_lock, Clock())
    first = DumpFirst(in_a_dump, options.accept_stale_dump)
    errand = replace(errand_of(options), accept_effective=options.accept_effective, first=first)
    return answered(deploy(parsed(options.bots), errand, Clock(), Engine()))
