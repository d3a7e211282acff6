"""``freqops-host restore``: one bot's database brought back from a dump, recorded under the incident that holds it."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.bot import layout
from freqops.core.bot.layout import Bot

from ..backup.from_repository import FromRepository
from ..backup.restore import look, restore
from ..backup.restored import Order, Restored
from ..backup.sources import OwnDumps, Source
from ..bot.engine import Engine
from ..incident import journal
from ..migration.taking_over import HandedOver
from . import argument_types, output
from .arguments import add_bot_under_incident, mandate_of
from .one_bot import bot_of, recorded

HELP = "bring the database of one bot back from a dump, or out of a repository"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bot, its incident, and the dump."""
    add_bot_under_incident(parser)
    parser.add_argument("--dump", required=True, help="latest, a stamp, or a time: the newest dump at or before it")
    parser.add_argument("--repository", default="", help="one of the host's; --dump is latest, an id, or a time then")
    parser.add_argument("--from-bot", default="", help="the bot in the snapshot, where it is called otherwise")
    parser.add_argument(
        "--fenced", type=argument_types.line, default=None, help="how the live bot of another host is kept from trading"
    )
    parser.add_argument("--handed-over", action="store_true", help="what the old host of the bot handed over")
    parser.add_argument("--overwrite", action="store_true", help="replace the database that is there")
    parser.add_argument("--check", action="store_true", help="say what would be replaced by what, and touch nothing")


def run(options: argparse.Namespace) -> int:
    """Restore the database, or only look."""
    clock, engine = Clock(), Engine()
    order = _order(options)

    def source(bot: Bot) -> Source:
        if options.handed_over:
            return HandedOver(bot, order)
        if order.repository:
            return FromRepository(bot, order, options.root, clock)
        return OwnDumps(bot, order.dump)

    if options.check:
        bot = bot_of(options)
        return output.answered(look(bot, order, journal.silent(clock), clock, engine, source(bot)))

    def act(bot: Bot, diary: journal.Journal) -> Restored:
        return restore(bot, order, diary, clock, engine, source(bot))

    return output.answered(recorded(options, "restore", act, clock))


def _order(options: argparse.Namespace) -> Order:
    """Return the restore as it is ordered.

    Raises:
        Refused: An argument was given that needs a repository, or goes with none.
    """
    if options.handed_over and (options.repository or options.from_bot):
        raise Refused("--handed-over goes with neither --repository nor --from-bot")
    given = [name for name in ("from-bot", "fenced") if getattr(options, name.replace("-", "_"))]
    if given and not options.repository and not options.handed_over:
        raise Refused(f"--{given[0]} needs --repository")
    if options.from_bot and not layout.BOT_NAME.fullmatch(options.from_bot):
        raise Refused("--from-bot is no name of a bot")
    return Order(
        mandate_of(options), options.dump, options.overwrite, options.repository, options.from_bot, options.fenced or ""
    )
