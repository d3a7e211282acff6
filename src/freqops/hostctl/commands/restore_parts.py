"""``freqops-host restore-parts``: parts of a snapshot other than databases, brought back in place."""

from __future__ import annotations

import argparse

from freqops.core.backup import parts
from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.bot import layout

from ..backup.part_plan import Order
from ..backup.parts_restore import PartsRestore
from . import output
from .arguments import add_mandate, mandate_of, names

HELP = "bring parts of a snapshot other than databases back in place"
IN_SESSION = True
OF_BOTS = (parts.STATE, parts.RELEASES, parts.LOGS, parts.SECRETS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the parts, the snapshot, and why."""
    known = ", ".join(part for part in parts.PARTS if part != parts.TRADES)
    parser.add_argument("--only", required=True, help=f"parts separated by commas: {known}")
    parser.add_argument("--repository", required=True, help="one of the host's")
    parser.add_argument("--snapshot", required=True, help="latest, an id, or a time: the newest at or before it")
    parser.add_argument("--bots", default="", help="bots separated by commas; files of others are left out")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace what is there, where a part replaces anything"
    )
    parser.add_argument("--check", action="store_true", help="say what would be replaced by what, and touch nothing")
    add_mandate(parser, "restore")


def run(options: argparse.Namespace) -> int:
    """Restore the parts, or only look."""
    restore = PartsRestore(options.root, _order(options), Clock())
    answer = restore.look() if options.check else restore.run()
    output.print_json(answer.to_json())
    return answer.exit


def _order(options: argparse.Namespace) -> Order:
    """Return the restore as it is ordered.

    Raises:
        Refused: It is none.
    """
    asked = parts.parse(options.only)
    if not asked:
        raise Refused("no part is named")
    if parts.TRADES in asked:
        raise Refused(f"{parts.TRADES} are restored bot by bot, by 'freqops-host restore': restore each on its own")
    bots = tuple(names(options.bots))
    if bots and not set(asked) & set(OF_BOTS):
        raise Refused(f"--bots cannot be given with {', '.join(asked)}: nothing of that belongs to a bot")
    odd = [name for name in bots if not layout.BOT_NAME.fullmatch(name)]
    if odd:
        raise Refused(f"{odd[0]!r} is no name of a bot")
    return Order(mandate_of(options), asked, options.repository, options.snapshot, bots, options.overwrite)
