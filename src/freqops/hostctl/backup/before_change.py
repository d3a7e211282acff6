"""A bot's database in a dump before somebody changes what it runs on: asked of the database, never guessed."""

from __future__ import annotations

from pathlib import Path

from freqops.core.backup import changes, recovery_points
from freqops.core.backup.store import Store
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven
from freqops.core.bot.layout import Home

from ..bot.engine import Engine
from . import dumps, dumps_by_hand, marks


def in_a_dump(home: Path, clock: Clock, engine: Engine) -> str:
    """Return the dump that has all of a bot's database, which is made where there is none; empty without a database.

    Nothing is made where the newest dump is proven to have all of it. That is known of SQLite alone: Postgres tells
    of a change up to `changes.POSTGRES_LAG_S` late, so there a dump is always made.

    Raises:
        NotProven: No dump has all of it; the text says why, which dump is the newest one, and what to do.
    """
    store = Store(Home(home).dumps)
    try:
        mark, lag_s = marks.mark_of(home, lambda: marks.of_postgres(engine))
        if mark == changes.ABSENT and not dumps.had_one(home, store):
            return ""
        point, newest = recovery_points.read(recovery_points.FILE).get(home.name), store.newest()
        if point is not None and newest is not None and point.dump == newest.stamp and mark == point.mark and not lag_s:
            return newest.stamp
    except (FreqopsError, OSError) as error:
        raise NotProven(_undumped(home, store, str(error))) from None
    made = dumps_by_hand.dumped(home, clock, engine)
    if not made.proven:
        raise NotProven(_undumped(home, store, "; ".join(made.detail)))
    return Path(made.dump).name


def _undumped(home: Path, store: Store, why: str) -> str:
    newest = store.newest()
    left = f"its newest dump is {newest.stamp}" if newest is not None else "there is no dump of it at all"
    return (
        f"the database of {home.name} could not be dumped before the change: {why}; {left}. "
        f"'freqops-host dump {home.name}' tries again; 'deploy.yml -e accept_stale_dump=true' goes on without"
    )
