"""The conditions under which a bot with real orders may start."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..base.errors import Refused
from ..bot import inputs
from ..exchange import lab_only
from .fleet import BOTS, DeclaredBot, Fleet
from .refusal import Refusal, shown

AMOUNT = re.compile(r"^[0-9]+([.][0-9]+)?$")
STOP, WAIVER = "stoploss_on_exchange", "stoploss_waiver"


def modes(fleet: Fleet) -> Iterator[Refusal]:
    """Yield the objections to live bots, and waivers and holdings that say nothing."""
    for bot in fleet.bots:
        if bot.is_live:
            yield from _market(bot)
            yield from _exchange(bot)
            yield from _stop(bot)
        yield from _waiver(bot)
        yield from _holdings(bot)


def _market(bot: DeclaredBot) -> Iterator[Refusal]:
    mode = bot.config.get("trading_mode", "spot")
    if mode != "spot":
        cure = "live bots trade spot only: set it to spot, or mode to paper"
        yield bot.refused(f"trading_mode is {shown(mode)} in mode live", cure, *bot.places("trading_mode"))


def _exchange(bot: DeclaredBot) -> Iterator[Refusal]:
    """Ask as if the market were spot: the other answer is given beside this one."""
    try:
        lab_only.lab_exchange({**bot.config, "trading_mode": "spot"})
    except Refused as refusal:
        yield bot.refused(str(refusal), "set its mode to paper", *bot.places("exchange"), (BOTS, bot.index, "mode"))


def _stop(bot: DeclaredBot) -> Iterator[Refusal]:
    types = bot.config.get("order_types")
    stop = types.get(STOP) if isinstance(types, Mapping) else None
    if stop is not True and WAIVER not in bot.entry:
        said = "is not set" if stop is None else f"is {shown(stop)}"
        yield bot.refused(
            f"order_types.{STOP} {said} in mode live",
            f"set it to true, so that a stop outlives the bot, or say why not in its key {WAIVER}",
            *bot.places("order_types", STOP),
            *bot.places("order_types"),
            (BOTS, bot.index, "mode"),
        )


def _waiver(bot: DeclaredBot) -> Iterator[Refusal]:
    if WAIVER in bot.entry:
        try:
            inputs.line(bot.entry[WAIVER], WAIVER)
        except Refused as refusal:
            said = f"{WAIVER} is {shown(bot.entry[WAIVER])}"
            yield bot.refused(said, str(refusal), (BOTS, bot.index, WAIVER))


def _holdings(bot: DeclaredBot) -> Iterator[Refusal]:
    for coin, amount in bot.entry.get("foreign_holdings", {}).items():
        if not AMOUNT.match(str(amount)) or isinstance(amount, bool):
            said = f"foreign_holdings.{coin} is {shown(amount)}"
            cure = 'amounts are decimal numbers, quoted, like "0.5"'
            yield bot.refused(said, cure, (BOTS, bot.index, "foreign_holdings", coin))
