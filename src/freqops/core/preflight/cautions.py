"""Cautions: facts for the operator about a release that Freqtrade of the pinned image accepted all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..base import remarks
from .fleet import BOTS, DeclaredBot
from .refusal import Refusal, VariablePath, dotted, shown

PAGE = "see docs/runbooks/deploy.md"


def sentences(bot: DeclaredBot, output: str) -> list[Refusal]:
    """Return the cautions in ``output`` as lines about a bot of the inventory; a kind that is not known stays as it is.

    Args:
        bot: The bot.
        output: The output of ``validate_release.py``, or the mark of a validated release.
    """
    return [sentence for remark in remarks.read(output) for sentence in _sentences(bot, remark)]


def _sentences(bot: DeclaredBot, remark: Mapping[str, Any]) -> Iterator[Refusal]:
    strategy, kind = (BOTS, bot.index, "strategy"), remark.get("kind")
    if kind == remarks.UNGATED:
        wrong = f"{remark['strategy']} can increase positions and has no entry gate, so a hold needs the bot's API"
        yield bot.refused(wrong, "give it freqops.strategy.EntryGate, see docs/strategies.md", strategy)
    elif kind == remarks.NAMED:
        path = tuple(remark["path"])
        wrong = f"{dotted(path)} is a key that this Freqtrade does not know, and its strategy names it"
        yield bot.refused(wrong, "take it out if the strategy does not read it", *bot.places(*path), strategy)
    elif kind == remarks.EFFECTIVE:
        for name, value in remark["values"].items():
            yield from _overruled(bot, name, value, strategy)
    elif kind not in remarks.KEPT:
        yield bot.refused(json.dumps(remark), PAGE, strategy)


def _overruled(bot: DeclaredBot, name: str, value: Mapping[str, Any], strategy: VariablePath) -> Iterator[Refusal]:
    """Yield a line where somebody says another value than the one that the bot trades by."""
    effective, places = f"{name} is {shown(value['is'])}", (*bot.places(name), strategy)
    if "strategy" in value and any(name in config for _, config in bot.layers):
        wrong = f"{effective}, and its strategy says {shown(value['strategy'])}"
        yield bot.refused(wrong, "the inventory's value applies; take it out to use the strategy's", *places)
    elif "strategy" in value:
        wrong = f"{effective} by the default of freqops, and its strategy says {shown(value['strategy'])}"
        yield bot.refused(wrong, f"write {name} into its configuration", strategy)
    elif "configuration" in value:
        said = shown(value["configuration"])
        wrong = f"{effective} by its strategy, and its configuration says {said}, which has no effect"
        yield bot.refused(wrong, "change it in the strategy: it is a property there, or its __init__ sets it", *places)
