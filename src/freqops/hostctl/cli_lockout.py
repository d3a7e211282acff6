"""The command ``lockout`` on the command line: what leaked is replaced, and proven to open nothing."""

from __future__ import annotations

import argparse
from typing import Any

from freqops.core import layout
from freqops.core.clock import Clock
from freqops.core.incident import new_incident

from . import argument_types, output
from .cli_deploy import InSession
from .engine import Engine
from .journal import Journal
from .leaked import KINDS
from .lockout import Leak, lock_out
from .recorded import Command

PROVEN, NOT_PROVEN = 0, 2


def add_to(commands: Any, in_session: InSession) -> None:
    """Add the command.

    Args:
        commands: The sub-parsers of ``freqops-host``.
        in_session: Does a work in a session of its own, so that a lost connection does not end it.
    """
    parser = commands.add_parser("lockout", help="halt a bot, replace a secret of it that leaked, and prove it shut")
    parser.add_argument("bot")
    parser.add_argument("--what", required=True, choices=KINDS, help="what leaked: of its API, or at its exchange")
    parser.add_argument("--reason", required=True, type=argument_types.line)
    parser.add_argument("--actor", type=argument_types.line, default=argument_types.actor())
    parser.add_argument("--incident", type=argument_types.incident, default=new_incident("lockout", Clock()))
    parser.set_defaults(run=lambda options: in_session(_lockout, options))


def _lockout(options: argparse.Namespace) -> int:
    bot = layout.load_bot(layout.select([options.bot], options.root)[0])
    command = Command("lockout", bot, options.incident, options.reason, options.actor)

    leak = Leak(options.what, options.reason, options.actor, options.incident)

    def act(diary: Journal) -> dict[str, Any]:
        return lock_out(bot.home, leak, diary, Clock(), Engine()).to_json()

    result = command.under(options.root, act, Clock(), "proven")
    output.print_json(result)
    return PROVEN if result["proven"] else NOT_PROVEN
