"""``freqops-host drill``: the halt rehearsed on paper bots, one after the other."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.bot import layout
from freqops.core.halt import halt_drill
from freqops.core.halt.kill_level import KillLevel

from ..bot.engine import Engine
from ..halt.halt_drill import Drill, Drilled, Plan
from ..incident.recorded import Command
from . import argument_types, output
from .arguments import add_mandate, mandate_of, names

HELP = "rehearse the halt on paper bots, with faults"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bots and the levels."""
    parser.add_argument("bots", help="names separated by commas")
    parser.add_argument("--levels", default="1,2,3", type=_levels, help="levels separated by commas")
    add_mandate(parser, "drill")


def _levels(text: str) -> tuple[KillLevel, ...]:
    levels = {argument_types.level(word.strip()) for word in text.split(",")}
    return tuple(level for level in halt_drill.LEVELS if level in levels)


def run(options: argparse.Namespace) -> int:
    """Rehearse the halt on each bot; 2 where one did not pass.

    Raises:
        Refused: A bot trades live.
    """
    bots = [layout.load_bot(home) for home in layout.select(names(options.bots), options.root)]
    live = ", ".join(bot.name for bot in bots if bot.is_live)
    if live:
        raise Refused(f"{live} trades live; drills are for paper bots")
    plan = Plan(options.levels, mandate_of(options))
    rows = [_one(bot, plan, options) for bot in bots]
    passed, bots_json = all(row.proven for row in rows), [row.to_json() for row in rows]
    answer = {"version": 1, "command": "drill", "incident": options.incident, "bots": bots_json, "proven": passed}
    output.print_json(answer)
    return PROVEN if passed else NOT_PROVEN


def _one(bot: layout.Bot, plan: Plan, options: argparse.Namespace) -> Drilled:
    """Drill one bot; one that is refused keeps no other from its drill."""
    clock = Clock()
    try:
        return Command("drill", plan.mandate, options.root, clock).on(
            bot, lambda diary: Drill(bot, plan, diary, clock, Engine()).run()
        )
    except Refused as refusal:
        return Drilled(bot.name, detail=[f"REFUSED: {refusal}"])
