"""``freqops-host witness-contract``: whether the exchange of a bot answers its witness as freqops believes."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation

from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.bot.layout import Bot
from freqops.core.exchange import contract_answer

from ..bot.engine import Engine
from ..exchange.witness_contract import Allowance, Contracted, witness_contract
from ..incident.journal import Journal
from . import output
from .arguments import add_mandate
from .one_bot import recorded

HELP = "show that the answers of a bot's exchange are what freqops believes"
IN_SESSION = True
NAME, REASON = "witness-contract", "contract of the exchange witness"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bot, and what a person allows for the order part."""
    parser.add_argument("bot")
    parser.add_argument("--order", action="store_true", help="place the smallest orders, too, and take them away")
    parser.add_argument("--pair", default=None, help="with --order: the pair in which they are placed")
    parser.add_argument("--most", default=None, help="with --order: the most that one of them may cost, in stake")
    parser.add_argument("--json", action="store_true")
    add_mandate(parser, NAME, REASON)


def run(options: argparse.Namespace) -> int:
    """Show it under the incident; 0 only where every claim is proven and nothing is left.

    Raises:
        Refused: An argument makes no sense.
    """
    allowance, clock = _allowance(options), Clock()

    def act(bot: Bot, journal: Journal) -> Contracted:
        return witness_contract(bot, options.incident, allowance, journal, clock, Engine())

    row = recorded(options, NAME, act, clock)
    answer = {"version": 1, "command": NAME, "incident": options.incident, **row.to_json()}
    if options.json:
        output.print_json(answer)
    else:
        output.print_text(*contract_answer.lines(answer))
    return row.exit


def _allowance(options: argparse.Namespace) -> Allowance | None:
    given = [name for name in ("pair", "most") if getattr(options, name) is not None]
    if not options.order:
        if given:
            raise Refused(f"--{given[0]} needs --order")
        return None
    if len(given) < 2:
        raise Refused("--order needs --pair, and --most: the most that one order may cost, in stake")
    try:
        most = Decimal(options.most)
    except InvalidOperation:
        raise Refused(f"--most is {options.most!r}; allowed is an amount above zero") from None
    if not most.is_finite() or most <= 0:
        raise Refused(f"--most is {options.most!r}; allowed is an amount above zero")
    return Allowance(options.pair, most)
