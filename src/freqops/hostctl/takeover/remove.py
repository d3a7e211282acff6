"""``freqops-host remove``: a bot taken off its host, with its records kept, and proof that nothing is left.

Nothing is removed while trades are open by the word of any of them: the bot itself, its databases, its exchange.
"""

from __future__ import annotations

import shutil
import socket
from dataclasses import dataclass, field
from pathlib import Path

from freqops.core.backup import recovery_points
from freqops.core.base import durable
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.next_step import DISABLE_OWN, SELL, NextStep, RefusedUntil
from freqops.core.base.outcome import Outcome
from freqops.core.bot import layout, postgres
from freqops.core.bot.client import ApiError
from freqops.core.bot.layout import Home
from freqops.core.breaker import breaker_file
from freqops.core.halt import holds, moved
from freqops.core.takeover import removal

from ..bot import databases, holds_file, processes_and_api, stopping
from ..bot.database_copies import Database
from ..bot.engine import Engine
from ..bot.start import start_locked
from ..bot.stopped import Stopped
from ..deploy.switch_files import SwitchFiles
from ..exchange import witness
from ..incident.journal import Journal
from . import left_dumps

LOCK_SECONDS = 5.0
EXCHANGE_SECONDS = 30.0
PORT_SECONDS = 1.0
NOTHING, REMOVED, REFUSED, MAY_GO = "nothing", "removed", "refused", "may go"


@dataclass
class Removed(Outcome):
    """The outcome of a removal.

    ``removed``; ``nothing`` where there was nothing of it; ``may go`` where it was only looked at; ``refused``.

    Attributes:
        kept: The directory with what it left behind; of the last removal where there was nothing.
        next_steps: What is due before it may go, where that is known.
    """

    kept: str = ""
    next_steps: list[dict[str, str]] = field(default_factory=list)


class Removal:
    """One removal of one bot; the caller holds the bot's lock."""

    def __init__(self, home: Path, journal: Journal, clock: Clock, engine: Engine, incident: str = "") -> None:
        self._home, self._journal, self._clock, self._engine = home, journal, clock, engine
        self._incident = incident
        self._result = Removed(home.name)

    def judge(self) -> None:
        """Refuse unless nothing speaks against it; what cannot be read speaks against it, too.

        Raises:
            Refused: Something does.
        """
        try:
            self._judge()
        except Refused:
            raise
        except FreqopsError as error:
            raise Refused(f"{self._home.name} was not touched: {error}") from error

    def _judge(self) -> None:
        if SwitchFiles(self._home).unfinished:
            raise Refused(f"{self._home.name}: a switch is not over; 'freqops-host resume-switch' takes it back")
        self._refuse_while_its_breaker_stands()
        bot = self._declared()
        alive = bool(processes_and_api.alive(bot))
        if not alive and self._moved(bot):
            return
        trades = {"its API": self._asked(bot)} if alive else {}
        trades.update({name: database.open_trades() for name, database in self._databases().items()})
        objection = removal.objection(removal.Seen(bot.name, trades, self._on_exchange(bot)))
        if objection is not None:
            raise RefusedUntil(objection, *([NextStep(SELL)] if alive else []))

    def _moved(self, bot: layout.Bot) -> bool:
        """Whether it moved to another host, so that its trades and its account are not here any more.

        Raises:
            Malformed: That is not known.
        """
        note = moved.load(Home(self._home).root, bot.name)
        if note is None or holds.effective_level(bot.holds) < holds.HARD:
            return False
        self._result.detail.append(f"it moved to {note.to} at {note.at}: its trades are there")
        return True

    def _refuse_while_its_breaker_stands(self) -> None:
        """Refuse a bot whose own breaker is active: the file would go with it, and so would its hold."""
        own = breaker_file.read(Home(self._home).breaker, self._clock.utcnow(), missing_is_active=False)
        if own.active:
            cure = f"circuit_breaker.yml -e action=disable -e bots={self._home.name} ends that"
            text = f"{self._home.name} was not touched: {own.why}; {cure}"
            raise RefusedUntil(text, NextStep(DISABLE_OWN))

    def run(self) -> Removed:
        """Remove the bot.

        Raises:
            Refused: Nothing was touched.
            NotProven: It was stopped and could not go, or something is left; the text names it.
        """
        kept = self.secured()
        if kept is None:
            self.judge()
            kept = self._secure()
        self._result.changed, self._result.kept = True, str(kept)
        bot = self._declared()
        self._take_away()
        found = left(bot, self._engine)
        if found:
            raise NotProven(f"{bot.name} is not gone: {'; '.join(found)}; remove it again")
        self._result.outcome, self._result.proven = REMOVED, True
        return self._result

    def _declared(self) -> layout.Bot:
        """Return the bot, with no more than its name where a first deploy was withdrawn."""
        if (self._home / "bot.json").exists():
            return layout.load_bot(self._home)
        return Home(self._home).unread()

    def _databases(self) -> dict[str, Database]:
        """Return all of its databases, those of another mode that it once had, too."""
        found: dict[str, Database] = {}
        for path in sorted((self._home / "var").glob("*.sqlite")):
            found[path.name] = databases.Sqlite(path, "live" in path.name)
        for name in of_postgres(self._home, self._engine):
            found[name] = databases.Postgres(name, self._engine, name.endswith("_live"))
        return found

    def _asked(self, bot: layout.Bot) -> list[str]:
        api = processes_and_api.client(bot)
        api.observer = self._journal.call
        try:
            reading = api.read()
            if reading.bot_name != bot.name:
                raise Refused(f"another bot answers on the port of {bot.name}: {reading.bot_name}")
            return [f"{trade['trade_id']} {trade['pair']}" for trade in api.open_trades()]
        except ApiError as error:
            raise Refused(f"{bot.name} was not touched: it runs, and does not say what it has open: {error}") from None

    def _on_exchange(self, bot: layout.Bot) -> list[str]:
        if not bot.is_live:
            if bot.mode == "unknown" and any("live" in name for name in self._databases()):
                raise Refused(f"{bot.name} has no bot.json and traded live once: its exchange cannot be asked")
            return []
        with witness.conversation(bot, self._journal, self._clock, self._engine) as talk:
            judgement = talk.judge(witness.since_hold(bot), talk.ready() + EXCHANGE_SECONDS)
        self._result.detail += [f"on the exchange: {remark}" for remark in judgement.remarks]
        return judgement.missing + judgement.unknown

    # --- what it leaves behind

    def secured(self) -> Path | None:
        """Return the directory in which an interrupted removal secured everything, None where there is none."""
        note = durable.read_json(self._home / removal.NOTE)
        if note is None or processes_and_api.alive(Home(self._home).unread()):
            return None
        marks = {name: database.mark() for name, database in self._databases().items()}
        kept = removal.resumable(note, marks)
        if kept is not None:
            self._result.detail.append("an interrupted removal goes on")
        return kept

    def _secure(self) -> Path:
        """Stop the bot, look again at what it did until then, and keep what it leaves behind.

        Raises:
            NotProven: It could not be stopped, traded meanwhile, or not all could be kept; what ran runs again.
        """
        bot = self._declared()
        ran = bool(processes_and_api.alive(bot))
        self._result.changed = True
        self._journal.note("act", "engine", f"stop {bot.name}", durable=True)
        stopping.stop(bot, Stopped("remove", self._incident, bot.release), self._clock, self._engine)
        try:
            self.judge()
            return self._kept()
        except (FreqopsError, OSError) as error:
            if ran:
                start_locked(bot, self._clock, self._engine)
            again = "it was started again" if ran else "it is stopped, as it was"
            raise NotProven(f"{bot.name} was not removed, {again}: {error}") from error

    def _kept(self) -> Path:
        root = Home(self._home).root
        (root / removal.KEPT).mkdir(mode=removal.PRIVATE_DIRECTORY, exist_ok=True)
        kept = root / removal.KEPT / removal.kept_name(self._home.name, self._clock.utcnow())
        kept.mkdir(mode=removal.PRIVATE_DIRECTORY)
        marks = {}
        for name, database in self._databases().items():
            marks[name] = database.mark()
            database.dump(kept / f"{name}.dump")
            (kept / f"{name}.dump").chmod(removal.PRIVATE_FILE)
        removal.keep(self._home, kept)
        lost = removal.read_back(self._home, kept)
        if lost:
            raise NotProven(f"not kept as they are: {', '.join(lost)}")
        self._journal.note("act", "disk", f"kept in {kept}", answer=marks, durable=True)
        note = {"version": 1, "kept": str(kept), "marks": marks, "at": iso(self._clock.utcnow())}
        durable.write_json(self._home / removal.NOTE, note, 0o600)
        return kept

    # --- away

    def _take_away(self) -> None:
        self._result.detail += left_dumps.leave(self._home, self._clock)
        self._result.detail += take_away(self._home, self._engine)
        # The next bot of its name has no recovery point yet.
        recovery_points.write(self._home.name, None, self._clock, recovery_points.FILE)
        self._journal.note("act", "disk", "container, network, databases and directory taken away", durable=True)


def take_away(home: Path, engine: Engine, ended: str = "") -> list[str]:
    """Take the container, the network, the databases and the directory of a bot away; nothing of it runs.

    Args:
        home: Its directory.
        engine: The container engine.
        ended: An incident that ends with it.

    Returns:
        Remarks about its holds, which stay for the next bot of its name.

    Raises:
        FreqopsError: Engine or Postgres do not do it.
    """
    bot = Home(home).unread()
    if engine.container(bot.container) is not None:
        engine.remove(bot.container)
    engine.remove_network(bot.container)
    for name in of_postgres(home, engine):
        databases.Postgres(name, engine).drop()
    said = [] if SwitchFiles(home).is_new else holds_file.leave(home, ended)
    kept = Home(home).root / removal.KEPT
    kept.mkdir(mode=removal.PRIVATE_DIRECTORY, exist_ok=True)
    gone = kept / f".{home.name}.gone"
    shutil.rmtree(gone, ignore_errors=True)
    home.rename(gone)  # at once: no other command finds half of a bot
    shutil.rmtree(gone)
    durable.sync_directory(home.parent)
    return said


def remove_locked(home: Path, incident: str, journal: Journal, clock: Clock, engine: Engine) -> Removed:
    """Remove one bot, or say that there is nothing of it; the caller holds its lock where there is one.

    Raises:
        Refused: Nothing was touched.
        NotProven: It was touched, and is not gone.
    """
    return Removal(home, journal, clock, engine, incident).run() if home.exists() else absent(home, engine)


def absent(home: Path, engine: Engine) -> Removed:
    """Return that there is nothing of a bot without a directory.

    Raises:
        Refused: There is something, and its worth is not known.
    """
    found = left(Home(home).unread(), engine)
    if found:
        raise Refused(f"{home.name} has no directory here, and yet {'; '.join(found)}; deploy it again, then remove it")
    before = removal.kept_before(Home(home).root, home.name)
    detail = ["there is nothing of it on this host"]
    return Removed(home.name, NOTHING, proven=True, kept=before[-1] if before else "", detail=detail)


def left(bot: layout.Bot, engine: Engine) -> list[str]:
    """Return a line for each thing of a bot that is on this host."""
    found = [f"process {process.pid} lives" for process in processes_and_api.alive(bot)]
    if engine.container(bot.container) is not None:
        found.append(f"there is a container {bot.container}")
    if engine.has_network(bot.container):
        found.append(f"there is a network {bot.container}")
    if bot.home.exists():
        found.append(f"there is {bot.home}")
    found += [f"there is {name} in Postgres" for name in _in_postgres(bot.home, engine)]
    if bot.api_port and _listens(bot.api_port):
        found.append(f"something listens on port {bot.api_port}")
    return found


def _listens(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(PORT_SECONDS)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def of_postgres(home: Path, engine: Engine) -> list[str]:
    """Return the names of a bot's databases and users in the host's Postgres; as `_in_postgres`."""
    return sorted({text.partition(" ")[2] for text in _in_postgres(home, engine)})


def _in_postgres(home: Path, engine: Engine) -> list[str]:
    """Return the databases and users of a bot in the host's Postgres, like ``database alpha_paper``.

    Raises:
        DatabaseError: It should be there, and does not answer.
    """
    if not (Home(home).root / "postgres" / "compose.yml").exists():
        return []
    names = [postgres.database_name(home.name, mode) for mode in layout.MODES]
    wanted = {f"{kind} {name}" for kind in ("user", "database") for name in names}
    return [text for text in databases.present(engine) if text in wanted]


def look(home: Path, journal: Journal, clock: Clock, engine: Engine) -> Removed:
    """Return whether a bot may be removed; nothing is touched.

    Raises:
        Refused: It may not.
    """
    if not home.exists():
        return absent(home, engine)
    wanted = Removal(home, journal, clock, engine)
    if wanted.secured() is None:
        wanted.judge()
    return Removed(home.name, MAY_GO, proven=True)
