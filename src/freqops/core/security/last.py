"""The last security check of a host, as it lies there: when it was, and what it said of the host and of each bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..base import durable, iso_time, kinds, root_file, strict_json
from ..base.clock import iso
from ..base.errors import FreqopsError, Refused
from ..base.kinds import Malformed
from . import answer as answers
from . import items, row
from .answer import Answer
from .row import Row

FILE = "security_check.json"
MODE = 0o600
MOST = 8 * 1024 * 1024
FLEET = "fleet"


class NoCheck(FreqopsError):
    """There is no check that can be believed; the text says why."""


@dataclass(frozen=True)
class Last:
    """The last check of a host.

    Attributes:
        moment: When it was written down, by the clock of the host.
        answer: What it said of the host and its bots.
        fleet: What it said of the whole fleet.
    """

    moment: datetime
    answer: Answer
    fleet: tuple[Row, ...]

    def wrong(self, bot: str) -> list[str]:
        """Return why a bot did not pass: a line for each row of its own, of its host and of the fleet."""
        if bot not in self.answer.bots:
            return [f"it says nothing of {bot}"]
        rows = [each for each in self.answer.rows if each.bot in ("", bot)]
        return [each.line for each in (*self.fleet, *rows) if not each.passes]

    def passed(self, bot: str) -> bool:
        """Return whether the bot, its host and the fleet passed."""
        return not self.wrong(bot)


def last(root: Path, owner: int = root_file.ROOT_UID) -> Last:
    """Return the last check of a host.

    Args:
        root: The tree of freqops.
        owner: Who must own its file; root, but in tests.

    Raises:
        NoCheck: There is none that can be believed.
    """
    try:
        document = strict_json.parse(root_file.read(root / FILE, owner, MOST))
        answer, fleet = parsed(document)
        return Last(iso_time.parse(kinds.value(document, "moment", kinds.text)), answer, fleet)
    except root_file.Missing:
        raise NoCheck("this host was never checked: security_check.yml") from None
    except (root_file.Untrusted, Malformed, ValueError) as error:
        raise NoCheck(f"the last check cannot be read: {error}: security_check.yml writes it anew") from None


def parsed(document: Any) -> tuple[Answer, tuple[Row, ...]]:
    """Return a judged answer, and what it says of the fleet.

    Raises:
        Malformed: It is none.
    """
    if not isinstance(document, Mapping):
        raise Malformed("it is no object")
    told = kinds.value(document, FLEET, kinds.list_of(kinds.object_))
    found = [row.of(each, row.VERDICTS) for each in told]
    if any(items.BY_NAME[each.item].of != items.FLEET for each in found):
        raise Malformed("what it says of the fleet is not about it")
    kinds.refuse_twice([each.item for each in found])
    fleet = row.filled(found, items.of_fleet())
    return answers.of(document, judged=True), tuple(fleet)


def store(root: Path, document: Any, bots: Mapping[str, str], now: datetime) -> Last:
    """Write a judged answer down, read it back, and return it.

    Args:
        root: The tree of freqops.
        document: The answer, as the control node judged it.
        bots: The mode of each bot that the host has now.
        now: The present.

    Raises:
        Refused: It is none, or is not about the bots of this host.
    """
    try:
        answer, fleet = parsed(document)
    except Malformed as error:
        raise Refused(f"what came is no judged answer: {error}") from None
    if dict(answer.bots) != dict(bots):
        raise Refused("what came is not about the bots that this host has")
    made = {**answer.to_json(), FLEET: [each.to_json() for each in fleet], "moment": iso(now)}
    durable.write_json(root / FILE, made, MODE)
    return last(root, (root / FILE).stat().st_uid)
