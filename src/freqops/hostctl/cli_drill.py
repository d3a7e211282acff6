"""The command ``drill`` on the command line: the halt rehearsed on paper bots, one after the other."""

from __future__ import annotations

import argparse
from typing import Any

from freqops.core import drill, layout
from freqops.core.clock import Clock
from freqops.core.errors import Refused
from freqops.core.incident import new_incident

from . import argument_types, output
from .cli_deploy import InSession
from .drill import Drill, Plan
from .engine import Engine
from .recorded import Command

PROVEN, NOT_PROVEN = 0, 2


def add_to(commands: Any, in_session: InSession) -> None:
    """Add the command.

    Args:
        commands: The sub-parsers of ``freqops-host``.
        in_session: Does a work in a session of its own, so that a lost connection does not end it.
    """
    parser = commands.add_parser("drill", help="rehearse the halt on paper bots, with faults")
    parser.add_argument("bots", help="names separated by commas")
    parser.add_argument("--levels", default="1,2,3", type=_levels, help="levels separated by commas")
    parser.add_argument("--reason", required=True, type=argument_types.line)
    parser.add_argument("--actor", type=argument_types.line, default=argument_types.actor())
    parser.add_argument("--incident", type=argument_types.incident, default=new_incident("drill", Clock()))
    parser.set_defaults(run=lambda options: in_session(_drill, options))


def _levels(text: str) -> tuple[int, ...]:
    levels = {argument_types.level(word.strip()) for word in text.split(",")}
    return tuple(level for level in drill.LEVELS if level in levels)


def _drill(options: argparse.Namespace) -> int:
    bots = [
        layout.load_bot(home)
        for home in layout.select([name for name in options.bots.split(",") if name], options.root)
    ]
    live = ", ".join(bot.name for bot in bots if bot.is_live)
    if live:
        raise Refused(f"{live} trades live; drills are for paper bots")
    plan = Plan(options.levels, options.reason, options.actor, options.incident)
    answers = [_one(bot, plan, options) for bot in bots]
    passed = all(answer["passed"] for answer in answers)
    output.print_json({"version": 1, "command": "drill", "incident": plan.incident, "bots": answers, "proven": passed})
    return PROVEN if passed else NOT_PROVEN


def _one(bot: layout.Bot, plan: Plan, options: argparse.Namespace) -> dict[str, Any]:
    """Drill one bot; one that is refused keeps no other from its drill."""
    command = Command("drill", bot, plan.incident, plan.reason, plan.actor)
    try:
        return command.under(
            options.root,
            lambda diary: Drill(bot, plan, diary, Clock(), Engine()).run().to_json(),
            Clock(),
            "passed",
        )
    except Refused as refusal:
        return {"bot": bot.name, "exercises": [], "passed": False, "detail": [f"REFUSED: {refusal}"]}
