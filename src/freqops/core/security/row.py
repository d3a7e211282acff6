"""One measured item: what was seen, and what it is worth. What is not known is red."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed
from ..base.statements import Statement, in_force
from ..base.visible import visible
from . import items

OK, RED, UNKNOWN, ATTESTED, WAIVED = "ok", "red", "unknown", "attested", "waived"
VERDICTS = (OK, RED, UNKNOWN, ATTESTED, WAIVED)
MEASURED = (OK, RED, UNKNOWN)
PASSES = (OK, ATTESTED, WAIVED)
NOBODY = "nobody measured it"
UNTOLD = "an exchange like its tells nobody whose account it is"
EVIDENCE = 2000
ROW: dict[str, kinds.Kind] = {
    **dict.fromkeys(("item", "bot", "verdict", "evidence"), kinds.text), "unseen": kinds.truth,
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """The verdict on one item.

    Attributes:
        item: The item.
        bot: The bot that it is about; empty where it is about the host or the fleet.
        verdict: One of `VERDICTS`.
        evidence: What was seen, in words.
        unseen: Whether no machine can see it: then, and only then, a person may attest it.
    """

    item: str
    bot: str
    verdict: str
    evidence: str
    unseen: bool = False

    @property
    def passes(self) -> bool:
        """Whether it is as it must be, was attested, or was let pass."""
        return self.verdict in PASSES

    @property
    def line(self) -> str:
        """The row on one line, with its threshold and its cure."""
        known, whose = items.BY_NAME[self.item], f" of {self.bot}" if self.bot else ""
        return f"{self.item}{whose} is {self.verdict}: {self.evidence} (wanted: {known.threshold}). {known.cure}"

    def to_json(self) -> dict[str, Any]:
        """Return the row as `of` reads it."""
        return dict(vars(self))


def of(document: Any, verdicts: Sequence[str]) -> Row:
    """Return a row that somebody else wrote.

    Args:
        document: The row.
        verdicts: The verdicts that it may have.

    Raises:
        Malformed: It is none, or one that contradicts itself.
    """
    row = Row(**kinds.checked(document, ROW, tuple(ROW)))
    known = items.BY_NAME.get(row.item)
    if known is None:
        raise Malformed(f"an item is '{visible(row.item, 60)}'")
    if row.verdict not in verdicts:
        raise Malformed(f"{row.item} is '{visible(row.verdict, 60)}'")
    if bool(row.bot) != (known.of in (items.BOT, items.LIVE_BOT)):
        raise Malformed(f"{row.item} is of {'a bot' if row.bot else 'no bot'}")
    if (row.unseen or row.verdict == ATTESTED) and not known.attested:
        raise Malformed(f"{row.item} cannot be attested")
    if row.verdict == WAIVED and not known.waived:
        raise Malformed(f"{row.item} cannot be waived")
    return replace(row, evidence=visible(row.evidence, EVIDENCE))


def filled(rows: Iterable[Row], wanted: Iterable[tuple[str, str]], why: str = NOBODY) -> list[Row]:
    """Return the rows in the order of the list; what is wanted and has no row is not known.

    Args:
        rows: The rows that there are.
        wanted: Each item that must have a row, with its bot.
        why: The evidence of a row that is missing.
    """
    found = {(row.item, row.bot): row for row in rows}
    keys = [*wanted, *found]
    order = {name: number for number, name in enumerate(items.BY_NAME)}
    return [
        found.get(key, Row(*key, UNKNOWN, why)) for key in sorted(set(keys), key=lambda key: (key[1], order[key[0]]))
    ]


def stated(row: Row, attestations: Sequence[Statement], waivers: Sequence[Statement], today: date) -> Row:
    """Return a row as it is where somebody stands for it: attested, waived, or as it was measured.

    What is measured is never attested: an attestation counts only where no machine can see the item.
    """
    if row.passes:
        return row
    item = items.BY_NAME[row.item]
    said = in_force(attestations, row.item, row.bot, today) if item.attested and row.unseen else None
    verdict = ATTESTED
    if said is None and row.verdict in MEASURED and item.waived and row.item != items.HISTORY:
        said, verdict = in_force(waivers, row.item, row.bot, today), WAIVED
    if said is None or (row.verdict == RED and verdict == ATTESTED):
        return row
    told = f"{visible(said.says, EVIDENCE)} ({visible(said.by, 100)}, until {said.until.isoformat()})"
    return replace(row, verdict=verdict, evidence=told if verdict == ATTESTED else f"{row.evidence}; waived: {told}")


def accounts_judged(told: Mapping[tuple[str, str], str | None], *, whole: bool) -> dict[tuple[str, str], Row]:
    """Return for each live bot whether no other bot of the fleet has its account.

    Args:
        told: The mark of the account of each bot, by host and bot; empty where the exchange tells none, None where it
            was not asked, or did not answer.
        whole: Whether these are the bots of the whole fleet.
    """
    found: dict[tuple[str, str], Row] = {}
    hidden = [f"{bot} on {host}" for (host, bot), mark in told.items() if mark is None]
    for place, mark in told.items():
        others = sorted(f"{bot} on {host}" for (host, bot), other in told.items()
                        if mark and other == mark and (host, bot) != place)  # fmt: skip
        bot = place[1]
        if others:
            found[place] = Row(items.ACCOUNT_UNIQUE, bot, RED, f"its account is that of {', '.join(others)}, too")
        elif mark is None:
            found[place] = Row(items.ACCOUNT_UNIQUE, bot, UNKNOWN, "the exchange did not say whose account it is")
        elif not mark:
            found[place] = Row(items.ACCOUNT_UNIQUE, bot, UNKNOWN, UNTOLD, unseen=True)
        elif hidden or not whole:
            why = f"not known is the account of {', '.join(hidden)}" if hidden else "only a part of the fleet was asked"
            found[place] = Row(items.ACCOUNT_UNIQUE, bot, UNKNOWN, why)
        else:
            found[place] = Row(items.ACCOUNT_UNIQUE, bot, OK, "no other bot of the fleet has its account")
    return found
