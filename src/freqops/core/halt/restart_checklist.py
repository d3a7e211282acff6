"""The restart checklist: four items that stand before a bot with real orders may enter trades again.

They are those of the runbook of a manual breaker. An item that freqops can measure is measured. The others are ticked
by name, by the person who resumes. A tick is no measurement: it changes nothing about an item that was measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base import kinds
from ..base.errors import Refused
from ..base.kinds import Malformed
from ..base.next_step import CLOSE, VOUCH, NextStep, RefusedUntil
from ..base.visible import visible

VERSION = 1
NAME = "restart"  # under which it stands in an answer
INCIDENT, RUNS, RISK, MESSAGES = NAMES = ("incident", "runs", "risk", "messages")
TITLES = {
    INCIDENT: "the incident is documented and its root cause fixed",
    RUNS: "backtests or paper runs are as expected",
    RISK: "risk parameters and protections are in force",
    MESSAGES: "messages arrive",
}
TICKABLE = (INCIDENT, RUNS, MESSAGES)  # risk is always measured
MET, NOT_MET, TICKED, NOT_TICKED = STATES = ("met", "not met", "ticked", "not ticked")
ON_PAPER = "it is on paper"
STAYS_PAUSED = "it comes up paused"
SHORT = 80


@dataclass(frozen=True)
class Measured:
    """The result of measuring an item.

    Attributes:
        met: Whether the item is met; None where that cannot be measured, so that a person ticks it.
        said: What was found, a line each.
    """

    met: bool | None
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Given:
    """The words of the person who resumes.

    Attributes:
        actor: The person.
        at: When, as ISO 8601 in UTC.
        ticked: The items that are ticked.
        anyway: Why the bot is resumed although items are missing; empty where it is not.
    """

    actor: str
    at: str
    ticked: tuple[str, ...] = ()
    anyway: str = ""


@dataclass(frozen=True)
class Item:
    """One item of a checklist.

    Attributes:
        name: One of `NAMES`.
        state: One of `STATES`.
        said: What was found.
        by: Who ticked it; empty where nobody did.
        at: When it was ticked, as ISO 8601 in UTC.
    """

    name: str
    state: str
    said: tuple[str, ...] = ()
    by: str = ""
    at: str = ""

    @property
    def missing(self) -> bool:
        """Whether it is neither met nor ticked."""
        return self.state not in (MET, TICKED)

    def __str__(self) -> str:
        """The item in words."""
        state = self.state.upper() if self.missing else self.state
        by = f" by {self.by} at {self.at}" if self.by else ""
        return f"{self.name}: {TITLES[self.name]}: {state}{by}{': ' if self.said else ''}{'; '.join(self.said)}"


@dataclass(frozen=True)
class Checklist:
    """The checklist of one resume.

    Attributes:
        items: The items, one for each of `NAMES`.
        only_shown: Why it refuses nothing; empty where a missing item refuses.
        anyway: Why the bot is resumed although items are missing; empty where none is, or nobody said that.
    """

    items: tuple[Item, ...]
    only_shown: str = ""
    anyway: str = ""

    @property
    def missing(self) -> list[Item]:
        """The items that are neither met nor ticked."""
        return [item for item in self.items if item.missing]

    def lines(self, bot: str) -> list[str]:
        """Return a line for each item, and one for the missing items where they refused nothing."""
        missing = ", ".join(item.name for item in self.missing)
        end = ""
        if self.anyway:
            end = f"resumed anyway, without {missing}: {self.anyway}"
        elif self.only_shown and missing:
            end = f"refused nothing, for {self.only_shown}"
        items = [f"{number}/{len(self.items)} {item}" for number, item in enumerate(self.items, start=1)]
        return [f"{bot}: restart checklist: {text}" for text in [*items, end] if text]

    def to_json(self) -> dict[str, Any]:
        """Return the checklist as it stands in answers and evidence."""
        items = [{**vars(item), "said": list(item.said)} for item in self.items]
        return {"version": VERSION, "items": items, "only_shown": self.only_shown, "anyway": self.anyway}


ITEM: dict[str, kinds.Kind] = {
    **dict.fromkeys(("name", "state", "by", "at"), kinds.text),
    "said": kinds.list_of(kinds.text),
}


def from_json(document: object) -> Checklist:
    """Return a checklist that a host said.

    Raises:
        Malformed: It is not exactly what `Checklist.to_json` gives.
    """
    kind = {
        "version": kinds.whole,
        "items": kinds.list_of(kinds.object_),
        "only_shown": kinds.text,
        "anyway": kinds.text,
    }
    found = kinds.checked(document, kind, tuple(kind))
    if found["version"] != VERSION:
        raise Malformed(f"its version is {found['version']}, not {VERSION}")
    items = [kinds.checked(each, ITEM, tuple(ITEM)) for each in found["items"]]
    if tuple(each["name"] for each in items) != NAMES:
        raise Malformed(f"its items are not {', '.join(NAMES)}")
    if any(each["state"] not in STATES for each in items):
        raise Malformed(f"the state of an item is none of {', '.join(STATES)}")
    return Checklist(
        tuple(Item(**{**each, "said": tuple(each["said"])}) for each in items), found["only_shown"], found["anyway"]
    )


def shown(bot: str, result: Mapping[str, Any]) -> list[str]:
    """Return the checklist in the result of a resume as lines; nothing where the host said none."""
    if not result.get(NAME):
        return []
    try:
        return from_json(result[NAME]).lines(bot)
    except Malformed as error:
        return [f"{bot}: restart checklist: it cannot be read: {error}"]


def ticked(text: str) -> tuple[str, ...]:
    """Return the items that ``text`` ticks, separated by commas; none where it is empty.

    Raises:
        Refused: It names another one; the text has those that may be ticked.
    """
    if not text.strip():
        return ()
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in TICKABLE:
            why = " is measured, and" if name == RISK else ""
            raise Refused(
                f"ticked: '{visible(name, SHORT)}'{why} is no item that may be ticked; allowed: {', '.join(TICKABLE)}"
            )
    return tuple(dict.fromkeys(names))


def of_incident(incident: str, row: Mapping[str, Any] | None, *, is_pending: bool) -> Measured:
    """Return whether the incident of a hold is documented: closed, with its root cause and the action.

    Args:
        incident: The incident of the hold.
        row: The row of the registry to which it belongs, None where there is none.
        is_pending: Whether evidence that opens it, or opens it again, is not in the registry yet.
    """
    if is_pending:
        return Measured(
            False, (f"evidence of {incident} is not in the registry; 'freqops-host incidents check' enters it",)
        )
    if row is None:
        return Measured(None, (f"the registry has no incident {incident}: what set the hold opened none",))
    name, missing = row["id"], [word for word, key in (("root cause", "root_cause"), ("action", "action"))
                                if not str(row[key] or "").strip()]  # fmt: skip
    if missing:
        return Measured(False, (f"{name} is {row['state']} and has no {' and no '.join(missing)}",))
    return Measured(True, (f"{name} was closed by {row['closed_by']}: {row['root_cause']}; {row['action']}",))


def of_runs() -> Measured:
    """Return that nothing measures whether runs are as expected: no run of a bot is recorded on its host."""
    return Measured(None, ("freqops measures no backtest and no paper run; look at them yourself",))


def of_risk(faults: Sequence[str], limits: Sequence[str]) -> Measured:
    """Return whether risk parameters and protections are in force.

    Args:
        faults: Their faults.
        limits: The limits that are in force, in words; none where the bot has none.
    """
    return Measured(False, tuple(faults)) if faults else Measured(True, tuple(limits) or ("it has no limits",))


def of_messages(enabled: Sequence[str], faults: Sequence[str], unread: str = "") -> Measured:
    """Return whether messages arrive, as far as Freqtrade's log tells: it tells of failures alone.

    Args:
        enabled: The messengers that are on.
        faults: What the log, and the bot's secrets, say against them.
        unread: Why the log was not read; empty where it was.
    """
    if not enabled:
        return Measured(False, ("no messenger of it is on: see docs/notifications.md",))
    if faults:
        return Measured(False, tuple(faults))
    known = f"its log was not read ({unread})" if unread else "its log has no failure, which proves no delivery"
    return Measured(None, (f"{' and '.join(enabled)} {'is' if len(enabled) == 1 else 'are'} on; {known}",))


def judged(measured: Mapping[str, Measured], given: Given, only_shown: str = "") -> Checklist:
    """Return the checklist.

    Args:
        measured: The result of measuring each item, by its name.
        given: The words of the person who resumes.
        only_shown: Why it refuses nothing; empty where a missing item refuses.
    """
    items = tuple(_item(name, measured[name], given) for name in NAMES)
    anyway = given.anyway if not only_shown and any(item.missing for item in items) else ""
    return Checklist(items, only_shown, anyway)


def _item(name: str, found: Measured, given: Given) -> Item:
    if found.met is not None:
        return Item(name, MET if found.met else NOT_MET, found.said)
    if name in given.ticked:
        return Item(name, TICKED, found.said, given.actor, given.at)
    return Item(name, NOT_TICKED, found.said)


def refuse_unless_complete(bot: str, checklist: Checklist, given: Given, incident: str, opened: str = "") -> None:
    """Refuse a resume with missing items that nobody resumes anyway, and one that ticks what was measured as not met.

    Args:
        bot: The name of the bot.
        checklist: Its checklist.
        given: The words of the person who resumes.
        incident: The incident that is resumed.
        opened: The incident that has to be closed first; empty where there is none.

    Raises:
        RefusedUntil: It is refused; the answer has the checklist besides.
    """
    if checklist.only_shown:
        return
    more = {NAME: checklist.to_json()}
    steps = [*([NextStep(CLOSE, opened)] if opened else []), NextStep(VOUCH, incident)]
    false = [item for item in checklist.items if item.state == NOT_MET and item.name in given.ticked]
    if false:
        said = "; ".join(f"{item.name}: {', '.join(item.said)}" for item in false)
        raise RefusedUntil(
            f"a tick is no measurement, and what is ticked was measured as not met: {said}", *steps, more=more
        )
    if checklist.missing and not checklist.anyway:
        raise RefusedUntil(
            f"the restart checklist of {bot} is not complete, and it would trade with real money: "
            f"{'; '.join(map(str, checklist.missing))}. Put that right, tick what you have looked at "
            f"(ticked={','.join(TICKABLE)}), or say why it is resumed all the same (anyway)",
            *steps,
            more=more,
        )
