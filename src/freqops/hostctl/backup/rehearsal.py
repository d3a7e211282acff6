"""One bot of a restore drill: its database restored and compared, and the bot booted on it where it cannot trade."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from freqops.core.backup import parts, scratch_config, scratch_containers, told_trades
from freqops.core.backup.manifest import DATABASE, Manifest
from freqops.core.backup.replacing import TRADES
from freqops.core.backup.restore_drill import Rehearsed
from freqops.core.base import durable, strict_json
from freqops.core.base.clock import Clock, round_seconds
from freqops.core.base.errors import NotProven
from freqops.core.base.kinds import Malformed
from freqops.core.base.visible import visible
from freqops.core.bot import layout
from freqops.core.bot.bot_secrets import USER
from freqops.core.bot.client import ApiError, FreqtradeClient
from freqops.core.bot.database_contents import POSTGRES
from freqops.core.bot.db_url import postgres_url
from freqops.core.bot.engine_names import DRILL_BOT, DRILL_OUTSIDE, DRILL_POSTGRES
from freqops.core.bot.postgres import database_name

from ..bot.database_copies import Database, believed
from ..bot.databases import SQLITE_URL, Postgres, Sqlite
from ..bot.engine import Engine
from ..incident.journal import Journal
from . import structure
from .restoring import refuse_unless_next
from .scratch_stack import ScratchStack

RELEASE, MARK = re.compile(r"[0-9a-f]{3,64}", re.ASCII), re.compile(r"[0-9a-f]{1,64}", re.ASCII)
LARGEST_CONFIG = 16 * 1024 * 1024
BOOT_SECONDS = 600.0
CALL_SECONDS = 20.0
POLL = 0.5
FILE = "restored.sqlite"
API_PORT = 8080
STOPPED = "stopped"
SHOWN = 60

Client = Callable[[str, str], FreqtradeClient]


def client(address: str, password: str) -> FreqtradeClient:
    """Return a client of the API of the drill's bot, which is published nowhere: the host reaches its address."""
    return FreqtradeClient(API_PORT, USER, password, CALL_SECONDS, address)


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that was taken out of its repository.

    Attributes:
        repository: The repository.
        number: The id of the snapshot.
        place: The directory in which its parts lie, every byte compared.
        took_s: Seconds until they lay there.
    """

    repository: str
    number: str
    place: Path
    took_s: float


class Rehearsal:
    """The restore of one bot's database into a stack of its own."""

    def __init__(
        self, root: Path, stack: ScratchStack, engine: Engine, clock: Clock, journal: Journal, ask: Client = client
    ) -> None:
        self._root, self._stack, self._engine = root, stack, engine
        self._clock, self._journal, self._ask = clock, journal, ask

    def run(self, snapshot: Snapshot, told: Manifest, row: Rehearsed) -> None:
        """Restore, compare, boot and compare again; what was found goes into ``row``.

        Raises:
            NotProven: Something of it is not as the snapshot has it.
            FreqopsError: Something could not be done; the text names it.
        """
        began = self._clock.monotonic()
        if TRADES not in told.contents.tables:
            raise NotProven("its database has no table of trades: there is nothing to restore")
        self._stack.bring_up()
        release, packages = self._release(snapshot, told)
        database, url = self._restored(snapshot, told)
        row.checker = self._compared(database, told, row)
        held = told_trades.of_database(database.rows(told_trades.OPEN))
        [[closed]] = database.rows(told_trades.CLOSED)
        self._stack.refuse_company()
        api = self._booted(told, release, packages, url)
        self._same_trades(api, held, int(closed), row)
        self._stack.refuse_company()
        row.rto_s = round_seconds(snapshot.took_s + self._clock.monotonic() - began)
        row.proven, row.outcome = True, "restored in a drill"

    # --- the database

    def _restored(self, snapshot: Snapshot, told: Manifest) -> tuple[Database, str]:
        """Restore the database, and return it, and the address by which the bot has it."""
        dump = snapshot.place / parts.TRADES / told.bot / DATABASE
        if told.kind == POSTGRES:
            self._act("a Postgres of its own is started")
            self._stack.postgres()
            name = database_name(told.bot, told.mode)
            password = self._stack.user(name)
            on_postgres = Postgres(name, self._engine, container=DRILL_POSTGRES)
            self._act(f"the archive is restored into {DRILL_POSTGRES}")
            on_postgres.restore(dump, told.contents, foreign=True)
            return on_postgres, postgres_url(name, scratch_containers.DATABASE_HOST, password)
        self._act("the database is copied")
        var = self._stack.directory("var", owner=layout.CONTAINER_UID)
        self._stack.copy(dump, var / FILE)
        return Sqlite(var / FILE), f"{SQLITE_URL}{FILE}"

    def _compared(self, database: Database, told: Manifest, row: Rehearsed) -> str:
        """Compare every table and every next number with the manifest, look at the structure, and say what looked."""
        found = believed("the restored database", told.contents, database.contents())
        row.tables, row.rows = len(found.tables), sum(table.rows for _, table in found.tables.values())
        refuse_unless_next(database, told)
        row.numbers = len(told.next_numbers)
        if isinstance(database, Postgres):
            return structure.of_postgres(database)
        database.refuse_unless_sound()
        return structure.INTEGRITY_CHECK

    # --- the bot

    def _release(self, snapshot: Snapshot, told: Manifest) -> tuple[Path, Path | None]:
        """Return the directory of the release, and that of the packages which are added to its image.

        Raises:
            NotProven: The snapshot does not have the release, and the host neither; or the packages are not here.
        """
        if not RELEASE.fullmatch(told.release):
            raise NotProven(f"'{visible(told.release, SHOWN)}' is no release")
        path = Path("bots") / told.bot / "release" / told.release
        places = [snapshot.place / parts.RELEASES / path, self._root / path]
        place = next((each for each in places if (each / "config.json").is_file()), None)
        if place is None:
            raise NotProven(f"neither the snapshot nor this host has release {told.release}, with which it ran")
        declared = durable.read_json(place / "bot.json")
        mark = str(declared.get("packages", "")) if isinstance(declared, dict) else ""
        if not mark:
            return place, None
        packages = self._root / "packages" / mark
        if not MARK.fullmatch(mark) or not packages.is_dir():
            raise NotProven(f"its packages {visible(mark, SHOWN)} are not on this host: deploy.yml brings them")
        return place, packages

    def _booted(self, told: Manifest, release: Path, packages: Path | None, url: str) -> FreqtradeClient:
        """Boot the bot on the database, and return its API once it answers as a stopped bot on paper.

        Raises:
            NotProven: It ended by itself, is not stopped or not on paper, or does not answer in time.
        """
        opens = {name: self._stack.secret() for name in scratch_config.SECRETS}
        config = scratch_config.scratch(strict_json.load(release / "config.json", LARGEST_CONFIG), url, opens)
        given = self._stack.given(release, "release", layout.CONTAINER_UID)
        conf = self._stack.directory("conf", owner=layout.CONTAINER_UID)
        self._stack.file(conf / "config.json", durable.as_json(config), layout.CONTAINER_UID)
        on_postgres = told.kind == POSTGRES
        if on_postgres:
            self._stack.directory("var", owner=layout.CONTAINER_UID)
        self._stack.own(given.parent / "var", layout.CONTAINER_UID)
        self._act(f"it boots in {told.image}")
        compose = release / "compose.yml"
        memory = scratch_containers.memory_of(compose.read_text(errors="replace") if compose.is_file() else "")
        self._stack.start(
            scratch_containers.bot(told.image, self._stack.of_bot, packages, with_postgres=on_postgres, memory=memory)
        )
        return self._answering(opens["password"])

    def _answering(self, password: str) -> FreqtradeClient:
        give_up, why = self._clock.monotonic() + BOOT_SECONDS, "it has no address"
        while self._clock.monotonic() < give_up:
            self._stack.refuse_dead(DRILL_BOT)
            address = self._engine.address(DRILL_BOT, DRILL_OUTSIDE)
            if address:
                api = self._ask(address, password)
                try:
                    reading = api.read()
                except ApiError as error:
                    why = str(error)
                else:
                    if not reading.dry_run or reading.state != STOPPED:
                        raise NotProven(f"it is {reading.state}, {'on paper' if reading.dry_run else 'LIVE'}")
                    self._journal.note("question", "bot", "GET /show_config", answer=reading.state)
                    return api
            self._clock.sleep(POLL)
        raise NotProven(
            f"it did not boot within {BOOT_SECONDS:.0f} s: {why}; it said: {self._stack.last_words(DRILL_BOT)}"
        )

    def _same_trades(
        self, api: FreqtradeClient, held: list[tuple[int, str, float]], closed: int, row: Rehearsed
    ) -> None:
        """Compare the trades that the bot tells with those of the database.

        Raises:
            NotProven: They are others.
        """
        try:
            told = told_trades.of_api(api.open_trades())
            history = told_trades.closed(api.call("GET", "/trades?limit=1"))
        except Malformed as error:
            raise NotProven(f"what it tells of its trades is not understood: {error}") from None
        wrong = told_trades.differences(held, told)
        wrong += [f"it counts {history} closed trades, and the database has {closed}"] if history != closed else []
        self._journal.note("question", "bot", "GET /status, GET /trades", answer=f"{len(told)} open, {history} closed")
        if wrong:
            raise NotProven(f"it does not tell the trades that the database has: {'; '.join(wrong)}")
        row.open_trades, row.closed_trades = len(told), history

    def _act(self, what: str) -> None:
        self._journal.note("act", "engine", what)
