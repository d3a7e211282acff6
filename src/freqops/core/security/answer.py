"""The answer of a host to the security check: made there, judged on the control node, kept there, and shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed
from ..base.text_table import table
from ..base.visible import visible
from ..bot import layout
from . import items, row, sockets
from .row import Row
from .sockets import Socket

FORMAT = 1
HEADINGS = ("host", "bot", "item", "verdict", "evidence", "wanted")
MARK = re.compile("[0-9a-f]{16}")
MOST_ROWS, MOST_BOTS = 5000, 500
EVIDENCE = 120


@dataclass(frozen=True)
class Answer:
    """What a host measured.

    Attributes:
        rows: The rows of the host and of its bots.
        bots: The mode of each bot.
        accounts: A mark of the account of each live bot; empty where its exchange tells none, None where it gave no
            answer.
        listening: What listens there beyond loopback; None where that is not known.
    """

    rows: Sequence[Row]
    bots: Mapping[str, str]
    accounts: Mapping[str, str | None] = field(default_factory=dict)
    listening: Sequence[Socket] | None = ()

    @property
    def passed(self) -> bool:
        """Whether every item is there, and is as it must be."""
        return bool(self.rows) and all(each.passes for each in self.rows)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as `of` reads it."""
        listening = None if self.listening is None else [each.to_json() for each in self.listening]
        return {
            "version": FORMAT, "rows": [each.to_json() for each in self.rows], "bots": dict(self.bots),
            "accounts": dict(self.accounts), "listening": listening, "passed": self.passed,
        }  # fmt: skip


def whole(answer: Answer, *, afar: bool) -> Answer:
    """Return an answer that has a row for each item of the fixed list: what nobody measured is not known.

    Args:
        answer: The answer.
        afar: Whether what only the control node sees belongs to it.
    """
    rows = row.filled(answer.rows, items.of_host(answer.bots, afar=afar))
    return Answer(rows, answer.bots, answer.accounts, answer.listening)


def of(document: Mapping[str, Any], *, judged: bool = False) -> Answer:
    """Return the answer of a host.

    Args:
        document: What it said.
        judged: Whether it is the judged one, which has what only the control node sees, and what somebody stands for.

    Raises:
        Malformed: It is none, contradicts itself, or says what a host cannot know.
    """
    if kinds.value(document, "version", kinds.count) != FORMAT:
        raise Malformed("it is of another version")
    told = kinds.value(document, "rows", kinds.list_of(kinds.object_))
    bots = _bots(kinds.value(document, "bots", kinds.object_))
    if len(told) > MOST_ROWS:
        raise Malformed("it has too many rows")
    rows = [row.of(each, row.VERDICTS if judged else row.MEASURED) for each in told]
    kinds.refuse_twice([f"{each.item} {each.bot}" for each in rows])
    for each in rows:
        _refuse_row(each, bots, judged=judged)
    accounts = _accounts(kinds.value(document, "accounts", kinds.object_), bots)
    answer = whole(Answer(rows, bots, accounts, _listening(document)), afar=judged)
    if kinds.value(document, "passed", kinds.truth) and not answer.passed:
        raise Malformed("it says that it passed, and its rows do not")
    return answer


def check(document: Mapping[str, Any]) -> None:
    """Refuse what is no answer of a host that measured.

    Raises:
        Malformed: It is none.
    """
    of(document)


def _refuse_row(each: Row, bots: Mapping[str, str], *, judged: bool) -> None:
    item = items.BY_NAME[each.item]
    if item.of == items.FLEET or (item.afar and not judged):
        raise Malformed(f"{each.item} is not for a host to say")
    if each.bot and each.bot not in bots:
        raise Malformed(f"it has a row for {visible(each.bot, 60)}, and no such bot")


def _listening(document: Mapping[str, Any]) -> list[Socket] | None:
    told = kinds.value(document, "listening", kinds.or_none(kinds.list_of(kinds.object_)))
    if told is not None and len(told) > sockets.MOST:
        raise Malformed("too much listens there")
    return None if told is None else [sockets.of(each) for each in told]


def _bots(document: Mapping[str, Any]) -> dict[str, str]:
    if len(document) > MOST_BOTS:
        raise Malformed("it has too many bots")
    for name, mode in document.items():
        if not isinstance(name, str) or not layout.BOT_NAME.fullmatch(name) or mode not in layout.MODES:
            raise Malformed(f"a bot is '{visible(str(name), 60)}'")
    return dict(document)


def _accounts(document: Mapping[str, Any], bots: Mapping[str, str]) -> dict[str, str | None]:
    live = {name for name, mode in bots.items() if mode == items.LIVE}
    for name, mark in document.items():
        if name not in live:
            raise Malformed("it tells the account of what is no live bot")
        if mark not in (None, "") and not (isinstance(mark, str) and MARK.fullmatch(mark)):
            raise Malformed("an account is no mark")
    return {name: document.get(name) for name in sorted(live)}


def cells(host: str, each: Row) -> list[Any]:
    """Return a row as the cells under `HEADINGS`."""
    shown = visible(each.evidence, EVIDENCE)
    return [host, each.bot or None, each.item, each.verdict, shown, items.BY_NAME[each.item].threshold]


def lines(rows: Mapping[str, Iterable[Row]]) -> Iterator[str]:
    """Yield the rows of hosts as the lines of a table."""
    made = [cells(host, each) for host, found in rows.items() for each in found]
    if made:
        yield from table(HEADINGS, made).splitlines()


def failures(rows: Mapping[str, Iterable[Row]]) -> list[str]:
    """Return a line for each row that does not pass, with its cure."""
    return [f"{host}: {each.line}" for host, found in rows.items() for each in found if not each.passes]


def explained(host: str, each: Row) -> dict[str, Any]:
    """Return a row as the file of JSON has it: with what it means, its threshold and its cure."""
    item = items.BY_NAME[each.item]
    told = {"means": item.means, "threshold": item.threshold, "cure": item.cure, "passes": each.passes}
    return {"host": host, **each.to_json(), **told}
