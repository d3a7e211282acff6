"""The dumps of a bot that is removed: they stay, where only root reads; retention alone removes any."""

from __future__ import annotations

from pathlib import Path

from freqops.core.backup.store import Store
from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven
from freqops.core.bot.layout import Home
from freqops.core.takeover import removal

LOCK_SECONDS = 120.0


def leave(home: Path, clock: Clock) -> list[str]:
    """Move the dumps of a bot to those that earlier bots of its name left, and say where they are.

    Raises:
        NotProven: A dump is being made, and does not end, or one did not arrive.
        OSError: They cannot be moved.
    """
    source, left = Store(Home(home).dumps), Home(home).left_dumps
    if not source.directory.exists():
        return []
    with durable.locked(Home(home).dump_lock, LOCK_SECONDS, clock) as mine:
        if not mine:
            raise NotProven(f"{Home(home).dump_lock} cannot be had: a dump of {home.name} is being made")
        left.mkdir(mode=removal.PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        moved = [_moved(dump.path, left) for dump in source.dumps()]
        durable.sync_directory(left)
    present = {dump.path for dump in Store(left).dumps()}
    missing = [path.name for path in moved if path not in present]
    if missing:
        raise NotProven(f"dumps of {home.name} did not arrive in {left}: {', '.join(missing)}")
    return [f"{len(moved)} dumps of its database stay in {left}"] if moved else []


def _moved(path: Path, left: Path) -> Path:
    """Give a dump its place, and the next free name where an earlier bot left one of the same."""
    target = left / path.name
    if target.exists():
        moment = next(dump.manifest.moment for dump in Store(path.parent).dumps() if dump.path == path)
        target = left / Store(left).free_stamp(moment)
    return path.rename(target)
