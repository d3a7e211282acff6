"""``freqops-host adopt``: a foreign Freqtrade becomes a bot of freqops, or is given back."""

from __future__ import annotations

import argparse
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.deploy import deploy_lock

from ..bot.engine import Engine
from ..bot.start import DEADLINE, LOCK_SECONDS
from ..incident.journal import Journal
from ..incident.recorded import Command
from ..takeover.adopt import Adoption
from ..takeover.adopt_order import Adopted, Order
from ..takeover.adopt_undo import undo
from . import argument_types, output
from .arguments import add_mandate, mandate_of

HELP = "take over a Freqtrade of a docker compose project, its trades with it"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the project, the bot, and whether it is given back."""
    parser.add_argument("bot")
    parser.add_argument("--undo", action="store_true", help="give it back, as long as it was not resumed")
    parser.add_argument("--project", type=Path, help="its Compose file")
    parser.add_argument("--service", help="its service there")
    parser.add_argument("--release", help="the fingerprint of what was staged for the bot")
    parser.add_argument("--other-strategy", action="store_true", help="another strategy may go on with its trades")
    parser.add_argument("--accept-dropped", default="", help="settings and tables that may stay behind, by commas")
    add_mandate(parser, "adopt")
    parser.add_argument("--deadline", type=argument_types.seconds, default=DEADLINE, help="seconds for its start")
    parser.add_argument("--deploy-lock", type=argument_types.incident, help="id of the deploy that must have the lock")


def run(options: argparse.Namespace) -> int:
    """Take a project over, or give it back.

    Raises:
        Refused: The arguments do not belong together, or another deploy has the lock.
    """
    if not layout.BOT_NAME.fullmatch(options.bot):
        raise Refused(f"{options.bot!r} is no name of a bot")
    if not options.undo and (options.project is None or options.release is None):
        raise Refused("say --project and --release, or --undo")
    if options.deploy_lock is not None:
        deploy_lock.refuse_unless_own(options.root, options.deploy_lock, Clock())
    home = options.root / "bots" / options.bot
    order = Order(
        options.project or Path(),
        options.service,
        options.release or "",
        mandate_of(options),
        options.other_strategy,
        options.accept_dropped,
        options.deadline,
    )
    command = Command("adopt", mandate_of(options), options.root, Clock())

    adopted = command.on(Home(home).unread(), lambda diary: _locked(home, order, diary, undone=options.undo))
    return output.answered(adopted)


def _locked(home: Path, order: Order, diary: Journal, *, undone: bool) -> Adopted:
    clock, engine = Clock(), Engine()
    if not home.exists():
        raise Refused(f"{home.name} has no directory here: {'nothing to undo' if undone else 'it was not staged'}")
    with durable.locked(Home(home).lock, LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused(f"another command is working on {home.name}")
        if undone:
            return undo(home, order, diary, clock, engine)
        return Adoption(home, order, diary, clock, engine).run()
