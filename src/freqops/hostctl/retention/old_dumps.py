"""Dumps of databases: those of bots that were removed by the policy, those of present bots by the rule of dumps.

The newest that counts always stays, and as long as its bytes are not those that its manifest says, all others do.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from freqops.core.backup.store import PARTIAL, Dump, Store, moment_of
from freqops.core.base.errors import NotProven
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.retention import things
from freqops.core.retention.things import DUMPS, Thing

from ..backup import dumps
from .host import Host

SUFFIX = ".dumps"


def look(host: Host, problems: list[str]) -> Iterator[Thing]:
    """Yield the dumps that are old enough to go.

    Args:
        host: This host.
        problems: Where to say what could not be looked at.
    """
    for home in host.homes():
        store = Store(Home(home).dumps)
        yield from _of(host, home, store, dumps.superfluous(store, host.clock), "the rule of dumps keeps it no longer")
    for name in _removed(host, problems) if host.policy.removed_dump_days else []:
        store, days = Store(Home(host.root / "bots" / name).left_dumps), host.policy.removed_dump_days
        stamps = [dump.stamp for dump in store.dumps()]
        old = [stamp for stamp in stamps[:-1] if (moment := moment_of(stamp)) and things.older(moment, days, host.now)]
        reason = f"its bot was removed, and it is more than {days} days old"
        yield from _of(host, host.root / "bots" / name, store, old, reason)


def _removed(host: Host, problems: list[str]) -> list[str]:
    found = []
    for path in sorted((host.root / layout.REMOVED).glob(f"*{SUFFIX}")):
        name = path.name[: -len(SUFFIX)]
        if path.is_symlink():
            problems.append(f"{DUMPS}: {layout.REMOVED}/{path.name} is a link: nothing below it is looked at")
        elif layout.BOT_NAME.fullmatch(name) and (not host.bots or name in host.bots):
            found.append(name)
    return found


def _of(host: Host, home: Path, store: Store, stamps: list[str], reason: str) -> Iterator[Thing]:
    if not stamps:
        return
    needs = _needs(host, home, store)
    for dump in [dump for dump in store.dumps() if dump.stamp in stamps]:
        path = str(dump.path.relative_to(host.root))
        yield Thing(DUMPS, path, dumps.size(dump), reason, needs, home.name)


def _needs(host: Host, home: Path, store: Store) -> tuple[str, ...]:
    """Return why no dump of a bot may go now."""
    newest = store.newest()
    damaged = store.damaged(newest) if newest is not None else []
    if newest is None or damaged:
        return (f"the newest dump is damaged ({'; '.join(damaged)}), and a restore may need it",)
    if Home(home).under_way:
        return ("a command on its bot is not over",)
    return tuple(f"{incident} is not closed, and is about its bot" for incident, _ in host.open_about(home.name)[:1])


def left(host: Host) -> Iterator[Thing]:
    """Yield what a removal of dumps of a removed bot left behind when it was killed."""
    for name in _removed(host, []):
        for path in sorted(Home(host.root / "bots" / name).left_dumps.glob(f".*{PARTIAL}")):
            if path.is_dir() and not path.is_symlink():
                yield Thing(DUMPS, str(path.relative_to(host.root)), 0, "its removal was cut off", (), name)


def remove(host: Host, thing: Thing) -> None:
    """Remove a dump.

    Raises:
        NotProven: A dump is being made, it is needed by now, or it is still there.
        OSError: It cannot be removed.
    """
    path, home = host.root / thing.name, host.root / "bots" / thing.bot
    if path.parent == Home(home).dumps:
        with dumps.at_rest(home, host.clock) as store:
            if Home(home).under_way:
                raise NotProven("a command on its bot is not over")
            _take_away(store, path.name, dumps.superfluous(store, host.clock))
        return
    store = Store(path.parent)
    if path.name.endswith(PARTIAL):
        dumps.clean(store)
    else:
        _take_away(store, path.name, [dump.stamp for dump in store.dumps()][:-1])


def _take_away(store: Store, stamp: str, may: list[str]) -> None:
    if stamp not in may:
        raise NotProven("it is needed by now")
    newest: Dump | None = store.newest()
    dumps.take_away(store, [stamp])
    if store.newest() != newest or stamp in store.stamps():
        raise NotProven("it is still there, or the newest dump is not the one it was")
