"""``freqops-host move``: one step of a move of a bot between hosts; ``migrate_host.yml`` takes them in their order."""

from __future__ import annotations

import argparse
import sys
from typing import Callable

from freqops.core.base import strict_json
from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.bot import layout
from freqops.core.bot.layout import Bot
from freqops.core.migration import handover
from freqops.core.migration.fitting import Described
from freqops.core.migration.handover import Handover

from ..bot.engine import Engine
from ..incident.journal import Journal, silent
from ..migration import contact, expected, fencing, handing_over, taking_over
from ..migration.outcomes import Moving
from . import argument_types, output
from .arguments import add_bot_under_incident, mandate_of
from .one_bot import bot_of, recorded

HELP = "one step of a move of a bot between hosts"
IN_SESSION = True
LARGEST = 32 * 1024 * 1024
QUIET = ("describe", "read", "write")  # steps that change nothing, or are a piece of another one
STEPS = ("expect", "describe", "ask", "leave", "give-back", "arrive", "pack", "read", "write", "take", "tidy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step, the bot, and what single steps need."""
    parser.add_argument("step", choices=STEPS)
    add_bot_under_incident(parser)
    parser.add_argument("--to", type=argument_types.line, help="the host to which it goes, with leave and give-back")
    parser.add_argument(
        "--under", type=argument_types.incident, help="the move that is meant, with give-back and arrive"
    )
    parser.add_argument("--there", help="what the bot is on its old host, as describe says it, with ask")
    parser.add_argument("--stamp", help="the dump that is read")
    parser.add_argument("--offset", type=int, help="where a piece begins, with read and write")
    parser.add_argument("--size", type=int, help="the bytes of the whole file, with write")
    parser.add_argument("--look", action="store_true", help="touch nothing, with expect")


def run(options: argparse.Namespace) -> int:
    """Take the step.

    Raises:
        Refused: An argument is missing that the step needs, or the bot is unknown here.
    """
    clock = Clock()
    if options.step == "expect":
        if not layout.BOT_NAME.fullmatch(options.bot):
            raise Refused("that is no name of a bot")
        found = expected.expect(options.root, options.bot, mandate_of(options), clock, look=options.look)
        return output.answered(found)
    act = _steps(options, clock)[options.step]
    if options.step in QUIET:
        return output.answered(act(bot_of(options), silent(clock)))
    return output.answered(recorded(options, f"move-{options.step}", act, clock))


def _steps(options: argparse.Namespace, clock: Clock) -> dict[str, Callable[[Bot, Journal], Moving]]:
    engine, mandate = Engine(), mandate_of(options)

    def needed(name: str) -> str:
        value = getattr(options, name)
        if not value:
            raise Refused(f"{options.step} needs --{name}")
        return str(value)

    def number(name: str) -> int:
        value = getattr(options, name)
        if value is None or value < 0:
            raise Refused(f"{options.step} needs --{name}, a whole number that is not negative")
        return int(value)

    def write(bot: Bot, _journal: Journal) -> Moving:
        offset, size = number("offset"), number("size")
        length = dict(handover.pieces(size)).get(offset)
        if length is None:
            raise Refused(f"no piece of {size} bytes begins at {offset}")
        return taking_over.write(bot, offset, size, handover.unpacked(sys.stdin.read(LARGEST).strip(), length))

    def take(bot: Bot, _journal: Journal) -> Moving:
        given = Handover.read(strict_json.parse(sys.stdin.buffer.read(LARGEST)))
        return taking_over.take(bot, given, clock)

    return {
        "describe": lambda bot, _: handing_over.describe(bot, engine),
        "ask": lambda bot, journal: contact.ask(bot, Described.read(needed("there")), journal, clock, engine),
        "leave": lambda bot, _: fencing.leave(bot, needed("to"), mandate, clock, engine),
        "give-back": lambda bot, _: fencing.give_back(bot, needed("to"), needed("under"), mandate, clock),
        "arrive": lambda bot, _: fencing.arrive(bot, options.under or "", clock),
        "pack": lambda bot, _: handing_over.pack(bot, clock, engine),
        "read": lambda bot, _: handing_over.read(bot, needed("stamp"), number("offset")),
        "write": write,
        "take": take,
        "tidy": lambda bot, _: taking_over.tidy(bot),
    }
