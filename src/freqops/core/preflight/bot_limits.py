"""The limits of bots as the inventory declares them: fractions and whole numbers, and an entry gate that keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..base.errors import Refused
from ..bot import limits
from .fleet import BOTS, Fleet
from .refusal import Refusal

GATE = "give it freqops.strategy.EntryGate, see docs/strategies.md, or take the limit out"


def values(fleet: Fleet) -> Iterator[Refusal]:
    """Yield the limits that are none; a percentage is shown as the fraction that it means."""
    for bot in fleet.bots:
        for key in limits.KEYS:
            try:
                limits.declared({key: bot.entry.get(key)})
            except Refused as refusal:
                wrong, _, cure = str(refusal).partition("; ")
                yield bot.refused(wrong, cure or "write a number above 0 and up to 1", (BOTS, bot.index, key))


def without_gate(fleet: Fleet, gated: Mapping[tuple[str, str], bool | None]) -> Iterator[Refusal]:
    """Yield the bots with a limit whose strategy certainly has no entry gate, so that nothing would keep to it.

    Args:
        fleet: The inventory.
        gated: For a host and the name of a bot, whether its strategy has the gate; None where its sources do not tell,
            and the pinned image does.
    """
    for bot in fleet.bots:
        for key in limits.KEYS:
            if bot.entry.get(key) is not None and gated.get((bot.host, bot.name)) is False:
                wrong = f"{key} acts through the entry gate, and {bot.entry['strategy']} has none"
                yield bot.refused(wrong, GATE, (BOTS, bot.index, key), (BOTS, bot.index, "strategy"))
