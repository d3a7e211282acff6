"""Bots of a host brought to their releases, one after the other, healthy before the next; and rolled back by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.deploy import release

from ..bot.engine import Engine
from ..bot.start import DEADLINE
from ..incident import journal
from ..incident.recorded import Command
from .dump_first import DumpFirst
from .switch import Switch, switch
from .switch_files import SwitchFiles
from .switch_order import Switched, SwitchOrder

NOT_REACHED = "not reached"
REFUSED = "refused"


@dataclass(frozen=True)
class Errand:
    """One command that brings bots to releases: the tree, the mandate, and the seconds that a start may take.

    Attributes:
        accept_effective: Whether open trades may go on by other effective values.
        first: The dump that a change of image or database wants first; None where none is made.
    """

    root: Path
    mandate: Mandate
    deadline: float
    accept_effective: bool = False
    first: DumpFirst | None = None

    def order(self, fingerprint: str, *, restore: bool = False) -> SwitchOrder:
        """Return the order for one bot."""
        return SwitchOrder(fingerprint, self.mandate, self.deadline, restore, self.accept_effective, self.first)


def deploy(wanted: list[tuple[str, str]], errand: Errand, clock: Clock, engine: Engine) -> list[Switched]:
    """Bring each bot to its release, and return a row for each, in the order given.

    A bot that was refused was not touched, and keeps no other from its release. Stops at the first bot that was changed
    and did not come up, for the next would probably fail, too.

    Args:
        wanted: Names of bots, each with the fingerprint of its release.
        errand: The command.
        clock: The source of the time.
        engine: The container engine.
    """
    rows: list[Switched] = []
    for name, fingerprint in wanted:
        if any(row.outcome not in (REFUSED, NOT_REACHED) and not row.well for row in rows):
            why = "not touched: a bot before it did not come up"
            rows.append(Switched(name, NOT_REACHED, detail=[why], release=fingerprint))
            continue
        rows.append(_one(errand.root / "bots" / name, errand.order(fingerprint), errand, clock, engine))
    return rows


def _one(home: Path, order: SwitchOrder, errand: Errand, clock: Clock, engine: Engine) -> Switched:
    def act(diary: journal.Journal) -> Switched:
        return switch(home, order, diary, clock, engine)

    try:
        return _recorded("switch", home.name, act, errand, clock)
    except (Refused, layout.BotUnreadable) as error:
        return Switched(home.name, REFUSED, detail=[str(error)], release=order.release)
    except (FreqopsError, OSError) as error:
        return Switched(home.name, "not proven", detail=[str(error)], release=order.release)


def _recorded(
    command: str, name: str, act: Callable[[journal.Journal], Switched], errand: Errand, clock: Clock
) -> Switched:
    """Do ``act`` with a journal; leave evidence behind where something was done."""
    named = Home(errand.root / "bots" / name).unread()
    recorded = Command(command, errand.mandate, errand.root, clock)
    return recorded.on(named, act, touched=lambda row: row.changed or not row.well)


def rollback(home: Path, wanted: str | None, errand: Errand, clock: Clock, engine: Engine) -> Switched:
    """Bring one bot back to a release that worked before, its database too where the image is another one.

    Args:
        home: Directory of the bot.
        wanted: The fingerprint, or None for the release before the present one.
        errand: The command.
        clock: The source of the time.
        engine: The container engine.

    Raises:
        Refused: Nothing was touched; there is no such release, or another command has the bot.
        NotProven: A file on the way could not be written, and the result is not known.
    """
    bot = layout.load_bot(home)
    order = errand.order(wanted or _before(home, bot.release), restore=True)
    if order.release == bot.release:
        raise Refused(f"{bot.name} has release {bot.release} already")
    try:
        return _recorded("rollback", home.name, lambda diary: switch(home, order, diary, clock, engine), errand, clock)
    except OSError as error:
        raise NotProven(f"{home.name}: {error}") from error


def _before(home: Path, present: str) -> str:
    known = [str(entry["release"]) for entry in SwitchFiles(home).history()]
    former = [fingerprint for fingerprint in known if fingerprint != present]
    if not former:
        raise Refused(f"{home.name} has no former release; known are {', '.join(known) or 'none'}")
    return former[-1]


def take_back(home: Path, actor: str, clock: Clock, engine: Engine) -> Switched:
    """Take back a switch that was interrupted; the caller holds the bot's lock."""
    note: dict[str, Any] = SwitchFiles(home).note or {}
    mandate = Mandate(str(note.get("incident", "recover")), "a switch was interrupted", actor)
    errand = Errand(Home(home).root, mandate, DEADLINE)
    order = errand.order(str(note.get("to", "")))
    try:
        return _recorded(
            "recover", home.name, lambda diary: Switch(home, order, diary, clock, engine).take_back(), errand, clock
        )
    except (FreqopsError, OSError) as error:
        return Switched(home.name, "not proven", detail=[str(error)], release=order.release)


def parsed(text: str) -> list[tuple[str, str]]:
    """Return the bots and releases of ``alpha=0123…,beta=4567…``.

    Raises:
        Refused: It does not parse, or names a bot twice.
    """
    pairs = [tuple(part.split("=", 1)) for part in text.split(",") if part]
    for pair in pairs:
        if len(pair) != 2 or not layout.BOT_NAME.fullmatch(pair[0]) or not release.FINGERPRINT.fullmatch(pair[1]):
            raise Refused(
                f"{'='.join(pair)!r} is not the name of a bot and the fingerprint of a release, name=fingerprint"
            )
    if not pairs or len({pair[0] for pair in pairs}) != len(pairs):
        raise Refused(f"{text!r} names no bot, or one of them twice")
    return [(pair[0], pair[1]) for pair in pairs]
