"""The command ``adopt`` on the command line: a foreign Freqtrade becomes a bot of freqops, or is given back."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from freqops.core import durable, layout, turn
from freqops.core.clock import Clock
from freqops.core.errors import Refused
from freqops.core.incident import new_incident

from . import argument_types, output
from .adopt import Adoption
from .adopt_case import Adopted, Order
from .adopt_undo import undo
from .cli_deploy import InSession
from .engine import Engine
from .journal import Journal
from .recorded import Command
from .remove import named
from .start import DEADLINE, LOCK_SECONDS

PROVEN, NOT_PROVEN = 0, 2


def add_to(commands: Any, in_session: InSession) -> None:
    """Add the command.

    Args:
        commands: The sub-parsers of ``freqops-host``.
        in_session: Does a work in a session of its own, so that a lost connection does not end it.
    """
    parser = commands.add_parser("adopt", help="take over a Freqtrade of a docker compose project, its trades with it")
    parser.add_argument("bot")
    parser.add_argument("--undo", action="store_true", help="give it back, as long as it was not released")
    parser.add_argument("--project", type=Path, help="its Compose file")
    parser.add_argument("--service", help="its service there")
    parser.add_argument("--release", help="the fingerprint of what was staged for the bot")
    parser.add_argument("--other-strategy", action="store_true", help="another strategy may go on with its trades")
    parser.add_argument("--reason", required=True, type=argument_types.line)
    parser.add_argument("--actor", type=argument_types.line, default=argument_types.actor())
    parser.add_argument("--incident", type=argument_types.incident, default=new_incident("adopt", Clock()))
    parser.add_argument("--deadline", type=argument_types.seconds, default=DEADLINE, help="seconds for its start")
    parser.add_argument("--turn", type=argument_types.incident, help="id of the deploy whose turn it must be")
    parser.set_defaults(run=lambda options: in_session(_adopt, options))


def _adopt(options: argparse.Namespace) -> int:
    if not layout.BOT_NAME.fullmatch(options.bot):
        raise Refused(f"{options.bot!r} is no name of a bot")
    if not options.undo and (options.project is None or options.release is None):
        raise Refused("say --project and --release, or --undo")
    if options.turn is not None:
        turn.refuse_unless_own(options.root, options.turn, Clock())
    home = options.root / "bots" / options.bot
    order = Order(
        options.project or Path(), options.service, options.release or "", options.reason, options.actor,
        options.incident, options.other_strategy, options.deadline,
    )  # fmt: skip
    command = Command("adopt", named(home), options.incident, options.reason, options.actor)

    def act(diary: Journal) -> dict[str, Any]:
        return _locked(home, order, diary, undone=options.undo).to_json()

    result = command.under(options.root, act, Clock(), "proven")
    output.print_json(result)
    return PROVEN if result["proven"] else NOT_PROVEN


def _locked(home: Path, order: Order, diary: Journal, *, undone: bool) -> Adopted:
    clock, engine = Clock(), Engine()
    if not home.exists():
        raise Refused(f"{home.name} has no directory here: {'nothing to undo' if undone else 'it was not staged'}")
    with durable.locked(home / ".lock", LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused(f"another command is working on {home.name}")
        if undone:
            return undo(home, order, diary, clock, engine)
        return Adoption(home, order, diary, clock, engine).run()
