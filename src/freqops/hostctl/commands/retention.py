"""``freqops-host retention``: what is old on this host, and needed by nothing, goes by the policy of the inventory."""

from __future__ import annotations

import argparse
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.base.strict_json import Unreadable
from freqops.core.base.visible import visible
from freqops.core.bot import layout
from freqops.core.retention import policy, things

from ..bot.engine import Engine
from ..retention import last_time, retention
from ..retention.host import Host
from . import arguments, output

HELP = "remove old logs, run artefacts, dumps, releases and evidence by the policy; --look only says what would go"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the kinds, the bots, and whether it is only looked at."""
    parser.add_argument("--only", default="", help=f"kinds separated by commas: {', '.join(things.KINDS)}")
    parser.add_argument("--bots", default="", help="names separated by commas; all of the host where it is left out")
    parser.add_argument("--look", action="store_true", help="remove nothing, and say what would go")
    parser.add_argument("--accept-clock", action="store_true", help="even where it is long since the last time")
    parser.add_argument("--json", action="store_true")
    arguments.add_mandate(parser, "retention", "by the policy of retention")


def run(options: argparse.Namespace) -> int:
    """Look or remove, and print the answer; 2 where something was not removed, or could not be looked at.

    Raises:
        Refused: A kind or a bot is unknown, there is no policy that can be read, the clock may have jumped, or another
            such command is under way.
    """
    bots = tuple(arguments.names(options.bots))
    _refuse_unknown(bots, options.root)
    kinds = things.parse(options.only, bots)
    try:
        declared = policy.load()
    except Unreadable as error:
        raise Refused(str(error)) from None
    host = Host(options.root, Clock(), Engine(), declared, arguments.mandate_of(options), bots)
    if not options.accept_clock:
        last_time.refuse_jump(host.root, host.now)
    answer = retention.look(host, kinds) if options.look else retention.remove(host, kinds)
    output.print_json(answer.to_json()) if options.json else output.print_text(*answer.lines())
    return answer.exit


def _refuse_unknown(bots: tuple[str, ...], root: Path) -> None:
    """Refuse the name of a bot that neither is on this host nor left dumps here.

    Raises:
        Refused: There is one.
    """
    left = {path.name[: -len(".dumps")] for path in (root / layout.REMOVED).glob("*.dumps")}
    known = sorted({home.name for home in layout.homes(root)} | left)
    unknown = [name for name in bots if name not in known]
    if unknown:
        raise Refused(f"unknown bot {visible(unknown[0], 60)}; this host has {', '.join(known) or 'none'}")
