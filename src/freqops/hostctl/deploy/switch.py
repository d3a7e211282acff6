"""``freqops-host switch``: from the release that a bot runs to another one, and back when it does not come up.

Image, configuration, strategy, secrets and database change as one. Nothing is touched before everything that can be
known beforehand is known; what was touched is taken back as one, and the way back is proven like the way there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.base.outcome import Outcome
from freqops.core.bot import layout
from freqops.core.bot.database_contents import Recorded
from freqops.core.bot.layout import Home
from freqops.core.deploy import effective_values
from freqops.core.halt import holds
from freqops.core.halt.kill_level import KillLevel

from ..bot import databases, health, holds_file, own_container, stopped, stopping
from ..bot.engine import Engine, EngineError
from ..bot.login import refuse_unless_logged_in
from ..bot.processes_and_api import alive, redact
from ..bot.start import DEADLINE, LOCK_SECONDS, LOG_LINES, Started, start_locked
from ..bot.stopped import Stopped
from ..halt.halt import halt
from ..halt.order import Order
from ..incident.journal import Journal
from . import switch_files
from .switch_files import SECRETS, SwitchFiles

INTERRUPTED = "it was interrupted"
ACCEPT = "its effective values change, which needs -e accept_effective=true"
TABLES = "tables"  # in notes of a dump: what every table held
BACK = "back"  # in the note: database and files are what they were before


@dataclass(frozen=True)
class SwitchOrder:
    """The release that must run, under which mandate, and how many seconds a start may take.

    Attributes:
        restore: Whether it goes back, by hand, to a release that was well before, with the database of then.
        accept_effective: Whether open trades may go on by other effective values.
    """

    release: str
    mandate: Mandate
    deadline: float = DEADLINE
    restore: bool = False
    accept_effective: bool = False


@dataclass
class Switched(Outcome):
    """The outcome of a switch.

    ``running``, ``paused``, ``stopped`` or ``held`` where all is as ordered; ``rolled back``, ``withdrawn`` (there was
    nothing before it) or ``halted`` (trades were written since, so nothing went back) where it is not.

    Attributes:
        release: The release that the bot has now.
        former: The release that it had before; empty where there was none.
        log: The last lines of the release that failed.
    """

    release: str = ""
    former: str = ""
    log: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether the bot runs what was ordered."""
        return self.proven and self.outcome in ("running", "paused", "stopped", "held")

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as it stands in the answer."""
        return {**super().to_json(), "well": self.well}


class Switch:
    """One switch of one bot; the caller holds the bot's lock."""

    def __init__(self, home: Path, order: SwitchOrder, journal: Journal, clock: Clock, engine: Engine) -> None:
        self._order, self._journal, self._clock, self._engine = order, journal, clock, engine
        self._files = SwitchFiles(home)
        self._home = home
        self._former = _present(home)
        self._result = Switched(home.name, release=order.release, former=self._former.release if self._former else "")

    def run(self) -> Switched:
        """Switch, or find that there is nothing to switch, and prove what came of it.

        Raises:
            Refused: Nothing was touched; the text says why.
        """
        target = self._files.usable(self._order.release)
        recreate = self._secrets_differ() or self._begins_otherwise(target)
        if self._former is not None and self._files.as_installed(self._order.release) and not recreate:
            self._hold_on()
            return self._as_it_is(target)
        dump = self._ready(target)
        if self._restored is not None and self._trades_since(target):
            self._result.release = self._result.former
            self._hold()
            return self._result
        self._hold_on()
        note = {"version": 1, "from": self._result.former, "to": self._order.release, "image_changes": dump is not None}
        self._files.begin({**note, "began": iso(self._clock.utcnow()), "incident": self._order.mandate.incident})
        self._journal.note("act", "disk", f"switch from {self._result.former or 'nothing'} to {self._order.release}")
        try:
            left = self._leave(dump)
            self._files.install(self._order.release)
            self._up(target, recreate=recreate)
        except (FreqopsError, OSError) as error:
            return self._taken_back(str(error))
        self._remember(target, left)
        return self._result

    def _as_it_is(self, target: layout.Bot) -> Switched:
        """Start it if it does not run; there is nothing to switch, and so nothing to take back."""
        started = start_locked(target, self._clock, self._engine, self._order.deadline)
        self._well(target, started, changed=started.changed)
        if not self._files.history():
            self._remember(target, None)
        return self._result

    # --- before anything is touched

    def _hold_on(self) -> None:
        """Have holds that can be read: none for a new bot, unless a removed one left some; level 3 where they are lost.

        Raises:
            Refused: Another command is writing them, or that hold could not be written.
        """
        try:
            if self._files.is_new and self._engine.container(layout.container_of(self._home.name)) is None:
                left = holds_file.begin(self._home, self._clock)
                if left.level:
                    self._result.detail.append(f"it was removed while it was held, and is held again: {left.incidents}")
            else:
                holds.load(Home(self._home).holds)
        except holds.HoldsUnreadable as error:
            self._hold_for_lost(error)

    def _hold_for_lost(self, error: holds.HoldsUnreadable) -> None:
        mandate = replace(self._order.mandate, reason="found so by a deploy or a rollback")
        hold = Order(KillLevel.HARD, mandate).as_hold(iso(self._clock.utcnow()))
        latched = holds_file.latch(self._home, hold, self._clock)
        try:
            holds.load(Home(self._home).holds)
        except holds.HoldsUnreadable:
            text = f"{self._home.name}: its holds cannot be read ({error}), nor replaced: {latched.error}"
            raise Refused(text) from None
        self._result.changed = True
        self._result.detail.append(
            f"its holds cannot be read ({error}): held at level {holds.HARD} under {mandate.incident} from now on. "
            f"What is left of them is conf/{holds_file.UNREADABLE}*; learn why it was held, then resume it"
        )

    def _ready(self, target: layout.Bot) -> Path | None:
        """Refuse what is known to fail, and return where the database is dumped to, if the image changes."""
        own_container.of_bot(target).refuse_foreign(self._engine.container(target.container))
        try:
            self._engine.bring_image(target.image)
        except EngineError as error:
            why = f"the image of {target.release} is not on this host and cannot be had"
            raise Refused(f"{target.name} was not touched: {why}: {error}; see to its registry") from None
        pending = self._files.pending_secrets or self._home / "conf" / SECRETS
        refuse_unless_logged_in(target, pending, self._engine)
        self._name_changes(target)
        self._restored: Path | None = None
        if self._former is None or self._former.image == target.image:
            return None
        if self._order.restore:
            self._restored = self._dump_of(target)
        self._files.dumps.mkdir(mode=0o700, exist_ok=True)
        return self._files.dumps / f"{self._clock.utcnow():%Y%m%dT%H%M%SZ}-{self._former.release}"

    def _name_changes(self, target: layout.Bot) -> None:
        """Name what the bot will trade by otherwise, and refuse it for open trades, unless that was accepted."""
        if self._former is None:
            return
        changes = effective_values.changes(self._former.release_home, target.release_home)
        self._result.detail += changes
        if not changes or self._order.accept_effective or self._order.restore:
            return
        try:
            trades = databases.of(self._former, self._engine).open_trades()
        except FreqopsError as error:
            raise Refused(f"{ACCEPT}, and whether it has open trades is not known: {error}") from None
        if trades:
            raise Refused(f"{ACCEPT}, and it has {len(trades)} open trades: {'; '.join(changes)}")

    def _secrets_differ(self) -> bool:
        """Whether the bot was started with other secrets than it would be started with now."""
        if self._files.pending_secrets is not None:
            return True
        known = [entry.get("secrets") for entry in self._files.history() if entry["release"] == self._result.former]
        return bool(known) and known[-1] != self._files.secrets_mark

    def _begins_otherwise(self, target: layout.Bot) -> bool:
        """Whether its trader is to begin in another state: one that runs takes that up only when it begins anew."""
        return self._former is not None and self._former.initial_state != target.initial_state

    # --- there

    def _leave(self, dump: Path | None) -> dict[str, Any] | None:
        """Stop the former release where its image goes, and dump its database; nothing else needs a bot to stop.

        Returns:
            What is to be remembered of the former release, None where there was none.
        """
        if dump is None or self._former is None:
            return self._left({})
        database = databases.of(self._former, self._engine)
        self._stop()
        mark = database.mark()
        if self._restored is not None and mark != self._known_mark(self._order.release):
            raise NotProven("a trade was written while it ended, which the former database does not know")
        dumped = {"dump": dump.name, "mark": mark, TABLES: database.dump(dump).to_json()}
        self._journal.note("act", "disk", f"database dumped to {dump.name}", answer=dumped, durable=True)
        self._files.write_note({**(self._files.note or {}), **dumped})
        if self._restored is not None:
            database.restore(self._restored, _told(self._entry(self._order.release)))
            self._journal.note("act", "disk", f"database restored from {self._restored.name}", durable=True)
        return self._left(dumped)

    def _left(self, dumped: dict[str, Any]) -> dict[str, Any] | None:
        if self._former is None:
            return None
        return {"release": self._former.release, "image": self._former.image, **dumped}

    def _entry(self, fingerprint: str) -> dict[str, Any]:
        return next((entry for entry in self._files.history() if entry["release"] == fingerprint), {})

    def _known_mark(self, fingerprint: str) -> str:
        """Return the mark of the database when a release went; empty where nothing is known of it."""
        return str(self._entry(fingerprint).get("mark", ""))

    def _trades_since(self, target: layout.Bot) -> bool:
        """Whether trades were written since the release that is ordered back went."""
        return databases.of(target, self._engine).mark() != self._known_mark(target.release)

    def _dump_of(self, target: layout.Bot) -> Path:
        """Return the database that a release left behind, as it was when its image went."""
        entry = self._entry(target.release)
        path = self._files.dumps / str(entry.get("dump"))
        if not entry.get("dump") or not path.is_file():
            raise Refused(f"{target.name}: there is no dump of the database from the time of {target.release}")
        return path

    def _up(self, target: layout.Bot, *, recreate: bool) -> None:
        bot = layout.load_bot(self._home)
        started = start_locked(bot, self._clock, self._engine, self._order.deadline, recreate=recreate)
        self._well(bot, started, changed=True)
        self._result.release = target.release

    def _well(self, bot: layout.Bot, started: Started, *, changed: bool) -> None:
        """Take in the result of a start, and prove that the bot is well where it was started again."""
        asked = changed and started.outcome != "held"
        if asked and not health.prove(bot, self._clock, self._order.deadline):
            why = "held at level 3 meanwhile: whether it is well is not known"
            started = Started(bot.name, "held", changed=True, level=holds.HARD, detail=[why])
        self._result.outcome, self._result.level = started.outcome, started.level
        self._result.changed |= changed
        self._result.detail += started.detail
        self._result.proven = True

    def _remember(self, target: layout.Bot, left: dict[str, Any] | None) -> None:
        entry = {"release": target.release, "image": target.image, "at": iso(self._clock.utcnow())}
        self._files.remember({**entry, "secrets": self._files.secrets_mark, "outcome": self._result.outcome}, left)
        self._files.end()
        self._prune()

    def _prune(self) -> None:
        """Remove the releases that are too old to go back to, and the images that no release on this host has then."""
        root = Home(self._home).root
        before = switch_files.images(root)
        self._files.prune()
        for image in sorted(before - switch_files.images(root)):
            try:
                self._engine.remove_image(image)
            except EngineError as error:  # it takes room, and nothing else
                self._journal.note("note", "engine", f"an image that no release has any more stays: {error}")

    # --- and back

    def take_back(self) -> Switched:
        """Take back a switch that began and did not end.

        Raises:
            Refused: There is none.
        """
        note = self._files.note
        if note is None and not self._files.unfinished:
            raise Refused(f"{self._home.name}: its switch is over")
        if note is None or (note.get("from") and not self._files.has_former):
            what = "its switch.json cannot be read" if note is None else "there is nothing to go back to in former"
            cure = f"compare {self._home}/former with what is there, put right what differs, then remove switch.json"
            raise Refused(f"{self._home.name}: {what}; {cure}")
        self._result.release, self._result.former = str(note.get("to", "")), str(note.get("from", ""))
        return self._taken_back(INTERRUPTED)

    def _taken_back(self, why: str) -> Switched:
        bot = _present(self._home)
        said = self._engine.logs(layout.container_of(self._home.name), LOG_LINES)
        self._result.log = redact("\n".join(said), bot).splitlines() if bot is not None else said
        self._result.detail.append(f"{self._order.release} failed: {redact(why, bot) if bot else why}")
        self._journal.note("note", "bot", f"the switch failed: {self._result.detail[-1]}")
        try:
            self._back(bot)
        except (FreqopsError, OSError) as error:
            self._result.proven = False
            self._result.outcome = self._result.outcome or "rolled back"
            self._result.detail.append(f"the way back is not proven: {error}")
        return self._result

    def _back(self, bot: layout.Bot | None) -> None:
        note = self._files.note or {}
        self._result.changed = True
        if not note.get(BACK) and not self._put_back(bot, note):
            return
        if not self._files.has_former:
            self._result.outcome, self._result.proven = "withdrawn", not alive(Home(self._home).unread())
            self._result.release = ""
            if self._result.proven:
                stopped.over(self._home)  # nothing of it is to run
                self._files.end()
            return
        former = layout.load_bot(self._home)
        self._result.release = former.release
        started = start_locked(former, self._clock, self._engine, self._order.deadline, recreate=not note.get(BACK))
        self._well(former, started, changed=True)
        self._result.detail.append(f"{former.release} is back: {self._result.outcome}")
        self._result.outcome = "rolled back"
        self._files.end()

    def _put_back(self, bot: layout.Bot | None, note: dict[str, Any]) -> bool:
        """Put database and files back, once, and return whether they are; not where trades were written since.

        What was put back may trade from then on, so nothing of this is done again.
        """
        if bot is not None and self._trades_written(bot, note):
            self._hold()
            return False
        self._stop(stopping.SICK_GRACE)
        if bot is not None and self._wrote_while_it_ended(bot, note):
            return False
        dump = note.get("dump")
        if bot is not None and dump:
            databases.of(bot, self._engine).restore(self._files.dumps / str(dump), _told(note))
        self._files.put_back()
        self._files.write_note({**note, BACK: True})
        return True

    def _wrote_while_it_ended(self, bot: layout.Bot, note: dict[str, Any]) -> bool:
        """Hold it, and start it again for its positions, where its last round wrote a trade after all."""
        if not self._trades_written(bot, note):
            return False
        self._hold()
        start_locked(bot, self._clock, self._engine, self._order.deadline)
        return True

    def _trades_written(self, bot: layout.Bot, note: dict[str, Any]) -> bool:
        """Whether going back would forget trades: those of a first deploy, or those written since the dump."""
        if not note.get("from"):
            return not self._files.without_secrets and databases.of(bot, self._engine).trades() > 0
        return bool(note.get("dump")) and databases.of(bot, self._engine).mark() != note.get("mark")

    def _hold(self) -> None:
        """Stop entries instead of going back: the former database does not know the trades that were written since."""
        mandate = replace(self._order.mandate, reason="trades were written since the release changed")
        order = Order(KillLevel.ENTRIES, mandate)
        row = halt([self._home], order, self._clock, self._engine)[0]
        self._result.outcome, self._result.proven, self._result.level = (
            "halted",
            bool(row.proven_s is not None),
            row.level,
        )
        self._result.detail += [
            "NOT rolled back: trades were written since, and the former database does not know them",
            f"halted at level {row.level} instead: {row.verdict}",
            *row.detail,
        ]
        if self._result.proven:
            self._files.end()

    def _stop(self, grace: int = stopping.GRACE) -> None:
        by = Stopped("switch", self._order.mandate.incident, self._result.former or self._order.release)
        stopping.stop(Home(self._home).unread(), by, self._clock, self._engine, grace)


def _told(note: dict[str, Any]) -> Recorded | None:
    """Return what a dump holds by the note that names it; None for one of an older version, which did not say.

    Raises:
        Malformed: The note is spoilt.
    """
    return Recorded.read(note[TABLES]) if TABLES in note else None


def _present(home: Path) -> layout.Bot | None:
    """Return the bot as it is declared now, None where it was never deployed."""
    return layout.load_bot(home) if (home / "bot.json").exists() else None


def switch(home: Path, order: SwitchOrder, journal: Journal, clock: Clock, engine: Engine) -> Switched:
    """Bring one bot to a release, and prove it.

    Raises:
        Refused: Nothing was touched.
    """
    with durable.locked(Home(home).lock, LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused(f"another command is working on {home.name}")
        if SwitchFiles(home).unfinished:
            _refuse_unless_back(Switch(home, order, journal, clock, engine).take_back())
        return Switch(home, order, journal, clock, engine).run()


def _refuse_unless_back(former: Switched) -> None:
    """Refuse to begin a switch over one that is not proven to be taken back: it would replace what the way back needs.

    Raises:
        Refused: It is not.
    """
    if not former.proven:
        raise Refused(
            f"{former.bot}: a switch before this one is not over, and it was not taken back: "
            f"{'; '.join(former.detail)}. All that the way back needs is kept: put right what this names, then "
            "'freqops-host resume-switch', which runs by itself every 15 s, takes it back"
        )
