"""Several bots taken off a host: all of them judged before the first is touched, and each with its evidence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from freqops.core.base import durable, next_step
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.deploy import deploy_lock
from freqops.core.halt import way_out

from ..bot.engine import Engine
from ..incident import journal
from ..incident.recorded import Command
from .remove import LOCK_SECONDS, REFUSED, Removed, look, remove_locked

NOT_REACHED = "not reached"


def chosen(names: list[str], root: Path) -> list[Path]:
    """Return the directories of the bots called ``names``, whether they exist or not.

    Raises:
        Refused: None is named, or something is no name of a bot.
    """
    wrong = [name for name in names if not layout.BOT_NAME.fullmatch(name)]
    if not names or wrong:
        raise Refused(f"{', '.join(map(repr, wrong))} is no name of a bot" if wrong else "no bot is named")
    return [root / "bots" / name for name in sorted(set(names))]


@contextmanager
def alone(homes: list[Path], root: Path, mandate: Mandate, clock: Clock) -> Iterator[None]:
    """Hold the deploy lock and the locks of all bots for the block.

    Raises:
        Refused: Somebody deploys, or another command has one of the bots.
    """
    present = deploy_lock.present(root)
    if root.is_dir():
        here, name = os.uname().nodename, mandate.incident
        own = deploy_lock.DeployLock(name, mandate.actor, here, os.getpid(), name)
        deploy_lock.take(root, own, clock)
    try:
        with ExitStack() as locks:
            for home in [home for home in homes if home.exists()]:
                if not locks.enter_context(durable.locked(Home(home).lock, LOCK_SECONDS, clock)):
                    raise Refused(f"another command is working on {home.name}; nothing was touched")
            yield
    finally:
        if present is None or present.id != mandate.incident:
            deploy_lock.give_back(root, mandate.incident, clock)


def judged(homes: list[Path], clock: Clock, engine: Engine) -> list[Removed]:
    """Return for each bot whether it may go; nothing is touched."""
    rows = []
    for home in homes:
        try:
            rows.append(look(home, journal.silent(clock), clock, engine))
        except (FreqopsError, OSError) as error:
            steps = next_step.to_json(way_out.of_error(error)) if isinstance(error, FreqopsError) else []
            rows.append(Removed(home.name, REFUSED, detail=[str(error)], next_steps=steps))
    return rows


def refuse_unless_all_may_go(rows: list[Removed]) -> None:
    """Refuse them all where one may not go.

    Raises:
        Refused: The text says why each of those may not.
    """
    reasons = [text for row in rows if row.outcome == REFUSED for text in row.detail]
    if reasons:
        raise Refused("nothing was removed: " + "; ".join(reasons))


def remove(names: list[str], root: Path, mandate: Mandate, clock: Clock, engine: Engine) -> list[Removed]:
    """Remove bots and return a row for each; the first that does not go ends it.

    Raises:
        Refused: Nothing was touched.
    """
    homes = chosen(names, root)
    with alone(homes, root, mandate, clock):
        rows = judged(homes, clock, engine)
        refuse_unless_all_may_go(rows)
        return taken_off(homes, root, mandate, clock, engine)


def taken_off(homes: list[Path], root: Path, mandate: Mandate, clock: Clock, engine: Engine) -> list[Removed]:
    """Remove bots that were judged; the caller is `alone` with them."""
    rows: list[Removed] = []
    for home in homes:
        if rows and not rows[-1].proven:
            rows.append(Removed(home.name, NOT_REACHED, detail=["not touched: a bot before it is not gone"]))
            continue
        rows.append(_one(home, root, mandate, clock, engine))
    return rows


def _one(home: Path, root: Path, mandate: Mandate, clock: Clock, engine: Engine) -> Removed:
    if not home.exists():
        return remove_locked(home, mandate.incident, journal.silent(clock), clock, engine)
    try:
        return Command("remove", mandate, root, clock).on(
            Home(home).unread(), lambda diary: remove_locked(home, mandate.incident, diary, clock, engine)
        )
    except Refused as error:
        return Removed(home.name, REFUSED, detail=[str(error)])
    except FreqopsError as error:
        return Removed(home.name, "not proven", changed=True, detail=[str(error)])
