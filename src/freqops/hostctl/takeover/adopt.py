"""``freqops-host adopt``: a Freqtrade that somebody else set up becomes a bot of freqops, its open trades with it.

It comes up held, at level 1, and everything before is taken back by one command until the hold is resumed. Nothing of
the old one is changed but that it is stopped, and that nothing starts it again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.bot import database_contents, layout
from freqops.core.bot.client import ApiError
from freqops.core.bot.database_contents import POSTGRES, SQLITE, Contents
from freqops.core.bot.layout import Home
from freqops.core.deploy import release
from freqops.core.halt import halt_drill, holds
from freqops.core.takeover import adoption, compose_project, dropped, foreign, removal
from freqops.core.takeover.adoption import Wanted
from freqops.core.takeover.foreign import Foreign, Picture

from ..bot import databases, health, holds_file, processes_and_api, stopped
from ..bot.engine import Engine
from ..bot.start import start_locked
from ..bot.stopped import Stopped
from ..deploy.switch_files import SwitchFiles
from ..exchange import reconcile
from ..incident.journal import Journal
from . import adopt_data
from .adopt_order import Adopted, Order
from .adopt_undo import undo

GRACE = 90


class Adoption:
    """One adoption; the caller holds the bot's lock."""

    def __init__(self, home: Path, order: Order, journal: Journal, clock: Clock, engine: Engine) -> None:
        self._home, self._order, self._journal, self._clock, self._engine = home, order, journal, clock, engine
        self._mandate = order.mandate
        self._files = SwitchFiles(home)
        self._result = Adopted(home.name, incident=self._mandate.incident)

    def run(self) -> Adopted:
        """Adopt, and prove it; a failure is taken back.

        Raises:
            Refused: Nothing was touched.
            NotProven: It did not succeed; the text says whether the old one is back.
        """
        adoption.refuse_unless_new(self._home)
        bot = self._files.usable(self._order.release)
        found = foreign.look(self._order.project, self._order.service)
        wrong = adoption.objections(found, self._wanted(bot), other_strategy=self._order.other_strategy,
                                     accepted=dropped.names(self._order.accept_dropped))  # fmt: skip
        if wrong:
            raise Refused(f"{found.service} of {found.project} was not touched: " + "; ".join(wrong))
        source, reader = adopt_data.Source(found, self._engine), adopt_data.reader_for(found, self._kind())
        kept = self._kept()
        try:
            source.backup(kept / "while-it-ran", reader)
        except FreqopsError as error:
            shutil.rmtree(kept)
            raise Refused(f"{found.service} of {found.project} was not touched: {error}") from error
        try:
            self._begin(found, kept)
            return self._take_over(bot, found, source, reader, kept)
        except (FreqopsError, OSError) as error:
            raise NotProven(f"{bot.name} was not adopted: {error}; {self._back()}") from error

    def _wanted(self, bot: layout.Bot) -> Wanted:
        place = self._home / "release" / bot.release
        config = durable.read_json(place / "config.json")
        if not isinstance(config, dict):
            raise Refused(f"{bot.name}: its release has no configuration")
        version = foreign.version_of(bot.image)
        code = place / release.STRATEGIES
        paths = [path for path in code.rglob("*") if path.is_file()]
        files = {str(path.relative_to(code)): path.read_text(encoding="utf-8") for path in paths}
        return Wanted(bot.name, bot.mode, config, bot.image, version, self._kind(), bot.api_port, files)

    def _kind(self) -> str:
        """Return the kind of database that the bot will have, by the secrets that wait for it."""
        path = self._files.pending_secrets or self._home / "conf" / "secrets.json"
        document = durable.read_json(path)
        url = str(document.get("db_url", "")) if isinstance(document, dict) else ""
        return SQLITE if url.startswith(SQLITE) else POSTGRES

    def _kept(self) -> Path:
        parent = Home(self._home).root / adoption.KEPT
        parent.mkdir(mode=removal.PRIVATE_DIRECTORY, exist_ok=True)
        kept = parent / removal.kept_name(self._home.name, self._clock.utcnow())
        kept.mkdir(mode=removal.PRIVATE_DIRECTORY)
        self._result.kept = str(kept)
        return kept

    def _begin(self, found: Foreign, kept: Path) -> None:
        """Write the note, then hold the bot, then lay it out: nothing of it can start before the hold.

        Where the note of the adoption stands, its hold does: the undo looks for both.
        """
        mine = Stopped(stopped.ADOPT, self._mandate.incident, found.name)
        stopped.begin(self._home, mine, self._clock)
        note = {
            "version": 1, "state": adoption.BEGAN, "incident": self._mandate.incident, "project": str(found.project),
            "service": found.service, "container": found.container, "restart": found.restart, "kept": str(kept),
            "dry_run": found.dry_run, "at": iso(self._clock.utcnow()),
        }  # fmt: skip
        hold = holds.Hold(
            adoption.HOLDER, holds.HARD, self._mandate.reason, self._mandate.actor, self._mandate.incident, 0,
            iso(self._clock.utcnow()),
        )  # fmt: skip
        holds_file.begin(self._home, self._clock)
        holds_file.change(self._home, lambda present: present.raised(hold, self._clock.utcnow()), self._clock)
        durable.write_json(self._home / adoption.NOTE, note, 0o600)
        self._files.install(self._order.release)
        holds_file.synchronise(self._home, self._clock)

    def _take_over(
        self, bot: layout.Bot, found: Foreign, source: adopt_data.Source, reader: str, kept: Path
    ) -> Adopted:
        self._halt(found)
        before = source.at_rest(kept / "at-rest", reader)
        self._journal.note("act", "disk", "its database copied", answer=before.to_json(), durable=True)
        ours = layout.load_bot(self._home)
        adopt_data.bring(kept / "at-rest", found, ours, self._engine)
        self._compare_contents(source.contents(kept / "at-rest"), ours)
        (kept / "at-rest").chmod(removal.PRIVATE_FILE)
        adoption.add_to_note(self._home, before.to_json())
        self._up(bot)
        self._compare(before)
        self._refuse_unless_ended(found)
        adoption.add_to_note(self._home, {"state": adoption.UP})
        stopped.end(self._home)
        self._files.remember({"release": bot.release, "image": bot.image, "at": iso(self._clock.utcnow())}, None)
        self._files.end()
        halt_drill.note_deployed(self._home, self._clock.utcnow())
        self._result.outcome, self._result.changed, self._result.proven = "paused", True, True
        self._result.detail.append(f"held at level 1 under {self._mandate.incident}: resume it, or undo the adoption")
        return self._result

    def _halt(self, found: Foreign) -> None:
        """Stop the old one for good, and prove that no process of it is left."""
        self._journal.note("act", "engine", f"stop {found.name}, and let nothing restart it", durable=True)
        self._engine.restart_policy(found.container, "no")
        self._engine.stop(found.container, GRACE)
        living = [pid for pid in found.pids if Path(f"/proc/{pid}").exists()]
        if living:
            raise NotProven(f"{found.name} was stopped, and still has processes: {living}")
        self._refuse_unless_ended(found)

    def _refuse_unless_ended(self, found: Foreign) -> None:
        """Refuse an old one that something started again, and any other process that has its database open."""
        container = self._engine.container(found.container)
        if container is None or container.status not in compose_project.ENDED:
            raise NotProven(f"{found.name} was stopped, and is {container.status if container else 'gone'} again")
        if found.file is not None:
            foreign.refuse_others(found.file)

    def _compare_contents(self, before: Contents, ours: layout.Bot) -> None:
        """Hold every table that was copied against the same one in the bot's own database, before it writes there."""
        accepted = dropped.names(self._order.accept_dropped)
        wrong, seen = database_contents.compared(
            before, databases.of(ours, self._engine).contents(), dropped.left_tables(accepted)
        )
        self._journal.note("snapshot", "disk", "tables before and after", answer=seen, durable=True)
        if wrong:
            raise NotProven(f"not what was copied came into its database: {'; '.join(wrong)}")

    def _up(self, bot: layout.Bot) -> None:
        """Take the hold one step down: the process comes up, paused."""
        holds_file.change(
            self._home,
            lambda present: present.resumed(self._mandate.incident, self._clock.utcnow()),
            self._clock,
        )
        ours = layout.load_bot(self._home)
        started = start_locked(ours, self._clock, self._engine, self._order.deadline, recreate=True)
        if started.outcome != "paused" or not health.prove(ours, self._clock, self._order.deadline):
            raise NotProven(f"{bot.name} is {started.outcome}, not paused")

    def _compare(self, before: Picture) -> None:
        """Hold what the bot says against what was open before, and, with real orders, against its exchange."""
        bot = layout.load_bot(self._home)
        api = processes_and_api.client(bot)
        api.observer = self._journal.call
        try:
            present = {int(t["trade_id"]): (str(t["pair"]), float(t["amount"])) for t in api.open_trades()}
        except ApiError as error:
            raise NotProven(f"{bot.name} does not say which trades it has: {error}") from None
        after = adopt_data.picture_of(databases.of(bot, self._engine))
        wrong, remarks = adoption.compared(before, present, after)
        if wrong:
            raise NotProven("; ".join(wrong))
        self._result.detail += remarks + reconcile.refuse_unless_agreed(bot, self._journal, self._clock, self._engine)
        self._result.trades = [f"{number} {pair} {amount}" for number, (pair, amount) in sorted(present.items())]

    def _back(self) -> str:
        if adoption.note_of(self._home) is None:
            stopped.end(self._home)
            return "the old one was not touched"
        try:
            undo(self._home, self._order, self._journal, self._clock, self._engine)
        except (FreqopsError, OSError) as error:
            return f"the old one is NOT back: {error}"
        return "the old one is back"
