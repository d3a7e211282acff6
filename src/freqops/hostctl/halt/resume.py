"""``freqops-host release``: one hold, one step down, by the name of its incident.

From level 3 the process comes up, paused. From level 1 the hold and its own pair lock go, and the bot runs again only
if nothing else holds it.
"""

from __future__ import annotations

from dataclasses import dataclass

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.bot import layout
from freqops.core.bot.client import ApiError, FreqtradeClient
from freqops.core.halt import holds

from ..bot import holds_file
from ..bot.engine import Engine
from ..bot.reach import alive, client
from ..bot.start import DEADLINE, LOCK_SECONDS, POLL, Started, drop_orphan_locks, start_locked
from ..exchange.reconcile import refuse_unless_agreed
from ..incident.journal import Journal


@dataclass(frozen=True)
class Permission:
    """Which incident is released, why, and what the operator had seen."""

    incident: str
    reason: str
    actor: str
    seq: int | None = None


def release(bot: layout.Bot, permission: Permission, journal: Journal, clock: Clock, engine: Engine) -> Started:
    """Take the hold of one incident one step down and prove the result.

    With real orders, a bot whose exchange contradicts its records stays where it is.

    Raises:
        Refused: That incident holds nothing, the holds changed meanwhile, another command has the bot, or its records
            and its exchange disagree.
        NotProven: The step was taken and the bot did not come to the state it should have.
        HoldsUnreadable: Nobody knows what holds the bot; a halt replaces what cannot be read.
    """
    with durable.locked(bot.home / ".lock", LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused(f"another command is working on {bot.name}")
        hold = holds.load(bot.holds).under(permission.incident)
        remarks = refuse_unless_agreed(bot, journal, clock, engine)
        after = holds_file.change(bot.home, lambda present: _step_down(present, hold, permission, clock), clock)
        step = _process_up(bot, after, clock, engine) if hold.level == holds.HARD else None
        released = step or _entries_again(bot, hold, after, clock)
        released.detail += remarks
        return released


def _step_down(present: holds.HoldBook, hold: holds.Hold, permission: Permission, clock: Clock) -> holds.HoldBook:
    if present.under(permission.incident) != hold:
        raise Refused(f"the hold of {permission.incident} changed since it was read; look again, then release")
    return present.released(permission.incident, clock.utcnow(), permission.seq)


def _process_up(bot: layout.Bot, after: holds.HoldBook, clock: Clock, engine: Engine) -> Started:
    if after.level >= holds.HARD:
        return Started(bot.name, "held", True, after.level, ["another hold of level 3 is in force"])
    started = start_locked(bot, clock, engine)
    started.changed = True
    started.detail.append("release again, when its open trades are as they should be, to let it enter")
    return started


def _entries_again(bot: layout.Bot, hold: holds.Hold, after: holds.HoldBook, clock: Clock) -> Started:
    if not alive(bot):
        detail = ["not running, and not started by a release; its pair lock goes at the next start"]
        return Started(bot.name, "no process", True, after.level, detail)
    api = client(bot)
    try:
        drop_orphan_locks(api, bot, clock)
        if api.has_lock(hold.lock_reason):
            raise NotProven(f"{bot.name}: the pair lock of {hold.incident} was removed and still stands")
        if after.level > 0:
            return Started(bot.name, "paused", True, after.level, ["another hold is in force; it stays as it is"])
        if hold.rest == "stopped":
            return Started(bot.name, "stopped", True, 0, ["it was found stopped; a release does not start its trader"])
        return _run(bot, api, clock)
    except ApiError as error:
        raise NotProven(f"{bot.name}: the hold is gone from the disk, but the bot was not reached: {error}") from None


def _run(bot: layout.Bot, api: FreqtradeClient, clock: Clock) -> Started:
    """Un-pause, and prove that it runs: its loop came round after that, and no hold came in between."""
    if bot.initial_state != "running":
        detail = [f"its configuration says {bot.initial_state}; a release does not start its trader"]
        return Started(bot.name, api.read().state, True, 0, detail)
    before = api.read().last_process
    holds_file.unless_held(bot.home, api.start, clock)
    give_up = clock.monotonic() + DEADLINE
    while clock.monotonic() < give_up:
        level = holds.effective_level(bot.holds)
        if level > 0:
            if api.read().state == "running":
                api.pause()
            return Started(bot.name, "paused", True, level, ["a new hold came in between; paused again"])
        reading = api.read()
        if reading.state == "running" and reading.last_process != before:
            return Started(bot.name, reading.state, True, 0)
        clock.sleep(POLL)
    raise NotProven(f"{bot.name}: released, but its loop has not come round since")
