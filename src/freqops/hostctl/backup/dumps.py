"""A dump of a bot's database, made now and proven."""

from __future__ import annotations

from pathlib import Path

from freqops.core.backup.manifest import DATABASE, MANIFEST, File, Manifest
from freqops.core.backup.store import PARTIAL, Dump, Store, checksum
from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.bot import layout

from ..bot import databases
from ..bot.engine import Engine


def take(home: Path, clock: Clock, engine: Engine, *, accept_loss: bool = False) -> Dump:
    """Make one dump of a bot's database now, and prove it.

    Raises:
        DatabaseError: It could not be made, or does not hold what the database holds.
    """
    bot = layout.load_bot(home)
    rolling = home / "dumps" / "rolling"
    rolling.mkdir(mode=0o700, parents=True, exist_ok=True)
    began = clock.utcnow()
    stamp = Store(rolling).free_stamp(began)
    partial = rolling / f".{stamp}{PARTIAL}"
    partial.mkdir(mode=0o700)
    database = databases.of(bot, engine)
    told = database.dump(partial / DATABASE)
    size = (partial / DATABASE).stat().st_size
    files = (File(DATABASE, size, checksum(partial / DATABASE)),)
    manifest = Manifest(bot.name, bot.mode, told.kind, bot.image, bot.release, began, clock.utcnow(), told, {}, files)
    durable.write_json(partial / MANIFEST, manifest.to_json(), 0o600)
    path = rolling / stamp
    partial.rename(path)
    durable.sync_directory(rolling)
    return Dump(path, stamp, manifest)
