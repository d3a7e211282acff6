"""Cautions: what an operator should know of a release that Freqtrade of the pinned image accepted all the same.

``validate_release.py`` finds it in the image; the mark of the validated release keeps it, so that every deploy says it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .fleet import BOTS, DeclaredBot
from .refusal import Refusal

MARK = "freqops-remark: "  # in the marks of releases that hosts keep
UNGATED = "ungated"


def lines(output: str) -> list[str]:
    """Return the lines of ``output`` that are cautions, as they are."""
    return [line for line in output.splitlines() if line.startswith(MARK)]


def sentences(bot: DeclaredBot, output: str) -> list[Refusal]:
    """Return the cautions in ``output`` as lines about a bot of the inventory; a kind that is not known stays as it is.

    Args:
        bot: The bot.
        output: The output of ``validate_release.py``, or the mark of a validated release.
    """
    return list(_sentences(bot, [json.loads(line[len(MARK) :]) for line in lines(output)]))


def _sentences(bot: DeclaredBot, found: list[dict[str, Any]]) -> Iterator[Refusal]:
    for caution in found:
        wrong, cure = json.dumps(caution), "see docs/runbooks/deploy.md"
        if caution.get("kind") == UNGATED:
            wrong = f"{caution['strategy']} can increase positions and has no entry gate, so a hold needs the bot's API"
            cure = "give it freqops.strategy.EntryGate, see docs/strategies.md"
        yield bot.refused(wrong, cure, (BOTS, bot.index, "strategy"))
