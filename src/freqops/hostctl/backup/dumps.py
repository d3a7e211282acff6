"""A dump of one bot's database: made beside the others, proven, and only then one of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from freqops.core.backup import retention
from freqops.core.backup.emptied import emptied
from freqops.core.backup.manifest import DATABASE, MANIFEST, File, Manifest
from freqops.core.backup.store import PARTIAL, Dump, Store, checksum, moment_of
from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven
from freqops.core.bot import layout
from freqops.core.bot.layout import Home

from ..bot import databases
from ..bot.database_copies import Database, DatabaseError
from ..bot.engine import Engine
from . import live_copies
from .live_copies import Copy

LOCK_SECONDS = 120.0
PRIVATE_DIRECTORY = 0o700
FILLED = "select count(distinct ft_trade_id) as filled from orders where filled > 0"
LOSS = "'freqops-host dump BOT --accept-loss' makes a dump all the same, and the older ones stay"


def take(home: Path, clock: Clock, engine: Engine, *, accept_loss: bool = False) -> Dump:
    """Make a dump of a bot's database now, whatever changed, and prove it.

    Args:
        home: The directory of the bot.
        clock: The source of the time.
        engine: The container engine.
        accept_loss: Whether a dump counts that lacks what the last one had.

    Raises:
        DatabaseError: The database could not be read, or lost what it had.
        NotProven: The dump is not what was written, or another one is being made.
        OSError: It cannot be written.
    """
    with at_rest(home, clock):
        return take_locked(home, clock, engine, accept_loss=accept_loss)


def take_locked(home: Path, clock: Clock, engine: Engine, *, accept_loss: bool = False) -> Dump:
    """Make a dump; as `take`. The caller holds the lock."""
    bot, store = layout.load_bot(home), Store(Home(home).dumps)
    _private(store.directory)
    clean(store)
    database = databases.of(bot, engine)
    stamp = store.free_stamp(clock.utcnow())
    with _partial(store.directory / f".{stamp}{PARTIAL}") as partial:
        copied = live_copies.copy(database, partial / DATABASE, clock)
        gone = [] if accept_loss else emptied(last_of(store, bot.mode, copied.kind), copied.contents)
        if gone:
            raise DatabaseError(f"{bot.name}: since its last dump its database lost {'; '.join(gone)}; {LOSS}")
        made = Dump(store.directory / stamp, stamp, _written(partial, bot, copied, _filled(database), clock))
        wrong = store.damaged(Dump(partial, stamp, made.manifest))
        if wrong:
            raise NotProven(f"{bot.name}: the dump is not what was written: {'; '.join(wrong)}")
        partial.rename(made.path)
    durable.sync_directory(store.directory)
    if stamp not in [dump.stamp for dump in store.dumps()]:
        raise NotProven(f"{bot.name}: the dump {stamp} does not count: {'; '.join(store.not_counted())}")
    return made


@contextmanager
def at_rest(home: Path, clock: Clock) -> Iterator[Store]:
    """Give the dumps of a bot while none is made, and none goes.

    Raises:
        NotProven: A dump is being made, and does not end.
    """
    with durable.locked(Home(home).dump_lock, LOCK_SECONDS, clock) as mine:
        if not mine:
            raise NotProven(f"{Home(home).dump_lock} cannot be had: a dump is being made, or the disk is full")
        yield Store(Home(home).dumps)


def last_of(store: Store, mode: str, kind: str) -> Manifest | None:
    """Return the manifest of the newest dump of the same database, None where there is none."""
    same = [dump.manifest for dump in store.dumps() if (dump.manifest.mode, dump.manifest.kind) == (mode, kind)]
    return same[-1] if same else None


def had_one(home: Path, store: Store) -> bool:
    """Return whether there is a dump of a database of this bot in its present mode."""
    mode = layout.load_bot(home).mode
    return any(dump.manifest.mode == mode for dump in store.dumps())


def prune(store: Store, clock: Clock) -> list[str]:
    """Remove the dumps that need not be kept any more, and return their names; the caller holds the lock.

    It is called only after a dump was proven, or when the newest one was read again.
    """
    gone = superfluous(store, clock)
    take_away(store, gone)
    return gone


def superfluous(store: Store, clock: Clock) -> list[str]:
    """Return the names of the dumps that need not be kept any more."""
    stamps = {moment: dump for dump in store.dumps() for moment in [moment_of(dump.stamp)] if moment is not None}
    stays = retention.kept(stamps, retention.Rule(), clock.utcnow())
    return sorted(dump.stamp for moment, dump in stamps.items() if moment not in stays)


def take_away(store: Store, stamps: Iterable[str]) -> None:
    """Remove dumps; one that goes ceases to count first."""
    for stamp in stamps:
        away = store.directory / f".{stamp}{PARTIAL}"
        (store.directory / stamp).rename(away)
        shutil.rmtree(away)


def clean(store: Store) -> list[str]:
    """Remove what a dump that was killed left behind, and return its names; the caller holds the lock."""
    left = [path for path in store.directory.glob(f".*{PARTIAL}") if path.is_dir() and not path.is_symlink()]
    for path in left:
        shutil.rmtree(path)
    return sorted(path.name for path in left)


def size(dump: Dump) -> int:
    """Return the bytes of the files of a dump."""
    return sum(file.size for file in dump.manifest.files)


def _private(directory: Path) -> None:
    for path in (directory.parent, directory):
        path.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
    durable.sync_directory(directory.parent)


@contextmanager
def _partial(path: Path) -> Iterator[Path]:
    """Make a directory that does not count, and is gone at the end unless it got its name."""
    path.mkdir(mode=PRIVATE_DIRECTORY)
    try:
        yield path
    finally:
        if path.exists():
            shutil.rmtree(path)


def _filled(database: Database) -> int | None:
    """Return how many trades have bought or sold anything by now, at least as many as in the copy; None if not known.

    Trades that are gone later although there were some are a loss; so a number that is too high is on the safe side.
    """
    try:
        return int(database.rows(FILLED)[0][0])
    except (DatabaseError, LookupError, TypeError, ValueError):
        return None


def _written(partial: Path, bot: layout.Bot, copied: Copy, filled: int | None, clock: Clock) -> Manifest:
    """Bring everything of a dump to the disk, its manifest last."""
    path = partial / DATABASE
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
    files = (File(DATABASE, path.stat().st_size, checksum(path)),)
    ended: datetime = max(clock.utcnow(), copied.began)  # the clock may be set back meanwhile
    made = Manifest(
        bot.name, bot.mode, copied.kind, bot.image, bot.release, copied.began, ended, copied.contents,
        copied.next_numbers, files, filled,
    )  # fmt: skip
    durable.write_json(partial / MANIFEST, made.to_json(), databases.PRIVATE)
    return made
