"""The note of a restore that is not over, its end, and the acts that are refused meanwhile.

By the identity that the note has it is known which database stands: the one that was there, or the restored one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from freqops.core.backup import numbers
from freqops.core.backup.manifest import Manifest
from freqops.core.base import durable, kinds
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.kinds import Malformed
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.halt import holds

from ..bot import conversion, databases
from ..bot.database_copies import Database, believed
from ..bot.engine import Engine
from ..bot.start import LOCK_SECONDS
from . import fitness
from .restored import FORMER, RESTORED, Restored

PRIVATE = 0o600


def read_back(database: Database, then: Manifest) -> list[str]:
    """Compare the database that stands with a dump, and return what there is to say of it.

    Raises:
        NotProven: It holds something else.
    """
    try:
        database.refuse_unless_sound()
        told = believed("the database", then.contents, database.contents())
        refuse_unless_next(database, then)
    except FreqopsError as error:
        raise NotProven(f"the restored database stands, and is not proven: {error}") from error
    rows = sum(table.rows for _, table in told.tables.values())
    return [f"read back: {len(told.tables)} tables, {rows} rows, the numbers that come next"]


def refuse_unless_next(database: Database, then: Manifest) -> None:
    """Refuse a database whose next rows would not have the numbers that came next in the dumped one.

    Raises:
        NotProven: One would not.
    """
    now, told = numbers.next_numbers(database.contents()), then.next_numbers
    wrong = [f"{name} is {now.get(name)}, and was {told.get(name)}"
             for name in sorted({*now, *told}) if now.get(name) != told.get(name)]  # fmt: skip
    if wrong:
        raise NotProven(f"other numbers come next: {'; '.join(wrong)}")


@dataclass(frozen=True)
class Note:
    """The note of a restore that is not over.

    Attributes:
        dump: The stamp of the dump.
        incident: Its incident.
        began: When it began.
        identity: By what the restored database is known, wherever it stands; empty until it is whole.
        manifest: What the restored database has to hold; None until it is whole, and where an older freqops wrote the
            note.
    """

    dump: str
    incident: str
    began: str
    identity: str = ""
    manifest: Manifest | None = None

    def write(self, home: Path) -> None:
        """Write the note, durably."""
        told = self.manifest.to_json() if self.manifest else None
        durable.write_json(Home(home).restoring, {"version": 1, **vars(self), "manifest": told}, PRIVATE)

    @classmethod
    def read(cls, home: Path) -> Note:
        """Return the note of a bot.

        Raises:
            NotProven: It cannot be read.
        """
        path = Home(home).restoring
        found = durable.read_json(path)
        names = ("dump", "incident", "began", "identity")
        try:
            said = kinds.checked(found, dict.fromkeys(names, kinds.text), names)
            told = Manifest.read(found["manifest"]) if found.get("manifest") is not None else None
        except Malformed as error:
            raise NotProven(
                f"{path} cannot be read ({error}): which database stands is not known; look at it, then remove {path}"
            ) from None
        return cls(**said, manifest=told)


def incident_of(home: Path) -> str:
    """Return the incident of a restore that is not over; empty where its note cannot be read."""
    try:
        return Note.read(home).incident
    except NotProven:
        return ""


def end(home: Path) -> None:
    """Forget the note: one database stands, and is named."""
    Home(home).restoring.unlink(missing_ok=True)
    durable.sync_directory(home)


def take_up(bot: layout.Bot, engine: Engine) -> Restored:
    """End a restore that was interrupted, and say which database stands; the caller holds the bot's locks.

    Returns:
        Which one; not proven where the restored one is not what the dump holds, and its note stays then.

    Raises:
        NotProven: It is not known which one.
    """
    note = Note.read(bot.home)
    conversion.swept(bot, engine)
    database = databases.of(bot, engine)
    stands = bool(note.identity) and database.place.identity() == note.identity
    result = Restored(bot.name, RESTORED if stands else FORMER, changed=True, proven=True, dump=note.dump)
    result.level = holds.effective_level(bot.holds)
    result.detail.append(said(result))
    if stands:
        result.kept = database.place.kept
        try:
            result.detail += _proven_again(bot, database, note)
        except NotProven as error:
            result.proven = False
            result.detail.append(str(error))
            return result
        database.place.keep()
    else:
        database.place.withdraw()
    end(bot.home)
    return result


def _proven_again(bot: layout.Bot, database: Database, note: Note) -> list[str]:
    """Read back what stands after an interruption; a bot that was resumed since may have traded on it."""
    if fitness.may_trade(bot):
        return ["it was resumed since, so it is not compared again"]
    if note.manifest is None:
        return ["it is not known what it held, so it is not compared again"]
    return read_back(database, note.manifest)


def said(ended: Restored) -> str:
    """Return in words which database stands."""
    if ended.outcome == RESTORED:
        return f"the RESTORED database stands, that of dump {ended.dump}"
    return "the FORMER database stands, as it was; nothing of it was replaced"


@contextmanager
def alone(bot: layout.Bot, clock: Clock) -> Iterator[None]:
    """Hold the locks of a bot and of its dumps for the block.

    Raises:
        Refused: Another command has one of them.
    """
    with durable.locked(Home(bot.home).lock, LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused(f"another command is working on {bot.name}")
        with dumps_still(bot, clock):
            yield


@contextmanager
def dumps_still(bot: layout.Bot, clock: Clock, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Let no dump be made of a bot for the block: it would read a database that goes.

    Args:
        bot: The bot.
        clock: The source of the time.
        seconds: Seconds for which the end of a dump is waited for that is being made.

    Raises:
        Refused: One is being made, and takes its time.
    """
    with durable.locked(Home(bot.home).dump_lock, seconds, clock) as held:
        if not held:
            raise Refused(f"a dump of {bot.name} is being made; try again when it is there")
        yield
