"""``freqops-host switch``: from the release that a bot runs to another one, and back when it does not come up.

Image, configuration, strategy, secrets and database change as one. Nothing is touched before everything that can be
known beforehand is known; what was touched is taken back as one, and the way back is proven like the way there.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.bot import db_url, layout, postgres
from freqops.core.bot.layout import Home
from freqops.core.deploy import effective_values, own_container
from freqops.core.halt import halt_drill, holds
from freqops.core.halt.kill_level import KillLevel

from ..bot import databases, holds_file, limits_notes
from ..bot.engine import Engine
from ..bot.engine_command import EngineError
from ..bot.login import refuse_unless_logged_in
from ..bot.start import LOCK_SECONDS, start_locked
from ..halt.order import Order
from ..incident.journal import Journal
from . import switch_files
from .switch_files import SECRETS, SwitchFiles
from .switch_order import Switched, SwitchOrder
from .way_back import TABLES, WayBack, told

ACCEPT = "its effective values change, which needs -e accept_effective=true"


class Switch(WayBack):
    """One switch of one bot; the caller holds the bot's lock."""

    def run(self) -> Switched:
        """Switch, or find that there is nothing to switch, and prove the result.

        Raises:
            Refused: Nothing was touched; the text says why.
        """
        target = self._files.usable(self._order.release)
        recreate = self._secrets_differ() or self._begins_otherwise(target)
        if self._former is not None and self._files.as_installed(self._order.release) and not recreate:
            self._hold_on()
            return self._as_it_is(target)
        dump = self._ready(target)
        if dump is not None or self._database_changes():
            self._dump_first()
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
        if self._former is None:
            halt_drill.note_deployed(self._home, self._clock.utcnow())
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
                    self._result.detail.append(f"it is held as what waited for it says: {left.incidents}")
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
        self._result.detail += limits_notes.changes(self._former, target)
        if not changes or self._order.accept_effective or self._order.restore:
            return
        try:
            trades = databases.of(self._former, self._engine).open_trades()
        except FreqopsError as error:
            raise Refused(f"{ACCEPT}, and whether it has open trades is not known: {error}") from None
        if trades:
            raise Refused(f"{ACCEPT}, and it has {len(trades)} open trades: {'; '.join(changes)}")

    def _database_changes(self) -> bool:
        """Whether the secrets that wait lead to another database; other passwords alone are no other database."""
        waiting = self._files.pending_secrets
        if self._former is None or waiting is None:
            return False
        return db_url.place_of(postgres.url_in(waiting)) != db_url.place_of(postgres.url_in_use(self._home))

    def _dump_first(self) -> None:
        """Have all of its database in a dump.

        Raises:
            Refused: It is in none, and nothing was touched.
        """
        if self._order.first is None:
            return
        self._result.dump, said = self._order.first.made(self._home, self._clock, self._engine, self._home.name)
        self._result.detail += [said] if said else []
        self._journal.note("note", "database", said or f"all of it is in dump {self._result.dump}")

    def _secrets_differ(self) -> bool:
        """Whether the bot was started with other secrets than it would be started with now."""
        if self._files.pending_secrets is not None:
            return True
        known = [entry.get("secrets") for entry in self._files.history() if entry["release"] == self._result.former]
        return bool(known) and known[-1] != self._files.secrets_mark

    def _begins_otherwise(self, target: layout.Bot) -> bool:
        """Whether its trader is to begin in another state: one that runs takes that up only when it begins again."""
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
            database.restore(self._restored, told(self._entry(self._order.release)))
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
