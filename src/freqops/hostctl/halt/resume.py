"""``freqops-host resume``: one hold, one step down, by the name of its incident.

From level 3 the process comes up, paused. From level 1 the hold and its own pair lock go, and the bot runs again only
if nothing else holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.base.next_step import LOOK, NextStep, RefusedUntil
from freqops.core.bot import layout
from freqops.core.bot.client import ApiError, FreqtradeClient, Unreachable
from freqops.core.bot.layout import Home
from freqops.core.breaker import following
from freqops.core.halt import holds, moved, way_out

from ..bot import breaker_hold, holds_file, stopped
from ..bot.engine import Engine
from ..bot.processes_and_api import alive, client
from ..bot.start import DEADLINE, LOCK_SECONDS, POLL, Started, drop_orphan_locks, start_locked
from ..bot.stopped import Stopped
from ..exchange.reconcile import refuse_unless_agreed
from ..incident.journal import Journal


@dataclass(frozen=True)
class Which:
    """The choice of a hold of an incident, in one state of the holds.

    Attributes:
        seq: The number of the last change of the holds that the operator had seen, None where that does not matter.
        holder: The procedure that set it, None where the incident alone says that.
    """

    seq: int | None = None
    holder: str | None = None


def no_checklist(_hold: holds.Hold) -> None:
    """Check nothing: what takes down a hold that it has set itself needs no restart checklist."""


def resume(  # noqa: PLR0913  what a step needs, and one check more
    bot: layout.Bot,
    mandate: Mandate,
    journal: Journal,
    clock: Clock,
    engine: Engine,
    which: Which = Which(),
    *,
    check: Callable[[holds.Hold], None] = no_checklist,
) -> Started:
    """Take the hold of one incident one step down and prove the result.

    With real orders, a bot whose exchange contradicts its records stays where it is.

    Args:
        bot: The bot.
        mandate: Its incident is the one whose hold is taken down.
        journal: The journal of each step.
        clock: The source of the time.
        engine: The container engine.
        which: What else tells the hold that is meant.
        check: The check of a person's resume, which refuses before anything is touched.

    Raises:
        Refused: That incident holds nothing, the holds changed meanwhile, another command has the bot, the bot moved to
            another host, a breaker that set the hold is active, the check refuses, or its records and its exchange
            disagree.
        NotProven: The step was taken and the bot did not come to the state it should have.
        HoldsUnreadable: It is not known what holds the bot; a halt replaces what cannot be read.
    """
    with durable.locked(Home(bot.home).lock, LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused(f"another command is working on {bot.name}")
        present = holds.load(bot.holds)
        _refuse_moved(bot)
        hold = way_out.under(present, mandate.incident, which.holder)
        _refuse_while_breaker_stands(bot, hold, clock)
        check(hold)
        remarks = present.ahead(clock.utcnow())
        remarks += refuse_unless_agreed(bot, journal, clock, engine)
        # Whatever becomes of this command, what it lets start is started; a planned stop is not.
        if hold.level == holds.HARD and stopped.plan_of(bot.home) is None:
            stopped.begin(bot.home, Stopped("resume", mandate.incident, bot.release), clock)
        after = holds_file.change(bot.home, lambda present: _step_down(bot, present, hold, clock, which.seq), clock)
        step = _process_up(bot, after, clock, engine) if hold.level == holds.HARD else None
        resumed = step or _entries_again(bot, hold, after, clock)
        resumed.detail += remarks
        return resumed


def finished(bot: layout.Bot, clock: Clock) -> Started | None:
    """Bring a resume to its end that took the last hold of a breaker and did not reach the bot.

    Returns:
        Its outcome, None where there is no such bot: it has none of these locks, or is held.

    Raises:
        ApiError: The bot does not answer.
        NotProven: It was resumed, and does not run.
    """
    if holds.effective_level(bot.holds) > 0 or not alive(bot):
        return None
    api = client(bot)
    if not any(lock["reason"].startswith(holds.lock_reason(holds.BREAKER, "")) for lock in api.our_locks()):
        return None
    state = api.read().state
    started = _run(bot, api, clock, clock.monotonic() + DEADLINE) if state == "paused" else None
    drop_orphan_locks(api, bot, clock)
    return started or _taken(bot, state, 0)


def _refuse_moved(bot: layout.Bot) -> None:
    why = moved.why_not_resumed(Home(bot.home).root, bot.name)
    if why:
        raise Refused(why)


def _refuse_while_breaker_stands(bot: layout.Bot, hold: holds.Hold, clock: Clock) -> None:
    standing = breaker_hold.standing(bot.home, clock)
    why = following.why_not_resumed(standing, hold)
    if why is not None:
        raise RefusedUntil(why, *standing.release)


def _step_down(bot: layout.Bot, present: holds.Holds, hold: holds.Hold, clock: Clock, seq: int | None) -> holds.Holds:
    if present.under(hold.incident, hold.holder) != hold:
        text = f"the hold of {hold.incident} changed since it was read; look again, then resume"
        raise RefusedUntil(text, NextStep(LOOK))
    _refuse_while_breaker_stands(bot, hold, clock)  # again: its exchange may have been asked for a while
    return present.resumed(hold.incident, clock.utcnow(), seq, hold.holder)


def _process_up(bot: layout.Bot, after: holds.Holds, clock: Clock, engine: Engine) -> Started:
    if after.level >= holds.HARD:
        stopped.over(bot.home)
        return _taken(bot, "held", after.level, "another hold of level 3 is in force")
    started = start_locked(bot, clock, engine)
    started.changed = True
    if started.outcome == stopped.BY_PLAN:
        return started
    started.detail.append("resume again, when its open trades are as they should be, to let it enter")
    return started


def _entries_again(bot: layout.Bot, hold: holds.Hold, after: holds.Holds, clock: Clock) -> Started:
    if not alive(bot):
        why = "not running, and not started by a resume; its pair lock goes at the next start"
        return _taken(bot, "no process", after.level, why)
    give_up = clock.monotonic() + DEADLINE
    while True:
        try:
            return _unlocked(bot, hold, after, clock, give_up)
        except ApiError as error:  # one answer that comes too late proves nothing, and every step may be done again
            if not isinstance(error, Unreachable) or clock.monotonic() + POLL >= give_up:
                text = f"{bot.name}: the hold is gone from the disk, but the bot was not reached: {error}"
                raise NotProven(text) from None
            clock.sleep(POLL)


def _unlocked(bot: layout.Bot, hold: holds.Hold, after: holds.Holds, clock: Clock, give_up: float) -> Started:
    api = client(bot)
    drop_orphan_locks(api, bot, clock)
    if api.has_lock(hold.lock_reason):
        raise NotProven(f"{bot.name}: the pair lock of {hold.incident} was removed and still stands")
    if after.level > 0:
        return _taken(bot, "paused", after.level, "another hold is in force; it stays as it is")
    if hold.rest == "stopped":
        return _taken(bot, "stopped", 0, "it was found stopped; a resume does not start its trader")
    return _run(bot, api, clock, give_up)


def _taken(bot: layout.Bot, state: str, level: int, *detail: str) -> Started:
    """Return the outcome of a hold that was taken down."""
    return Started(bot.name, state, changed=True, level=level, detail=list(detail))


def _run(bot: layout.Bot, api: FreqtradeClient, clock: Clock, give_up: float) -> Started:
    """Un-pause, and prove that it runs: its loop came round after that, and no hold came in between."""
    if bot.initial_state != "running":
        why = f"its configuration says {bot.initial_state}; a resume does not start its trader"
        return _taken(bot, api.read().state, 0, why)
    before = api.read().last_process
    breaker_hold.latched(bot.home, clock)
    holds_file.unless_held(bot.home, api.start, clock)
    while clock.monotonic() < give_up:
        breaker_hold.latched(bot.home, clock)  # the guard has this bot in hand, and reads the file only afterwards
        level = holds.effective_level(bot.holds)
        if level > 0:
            if api.read().state == "running":
                api.pause()
            return _taken(bot, "paused", level, "a new hold came in between; paused again")
        reading = api.read()
        if reading.state == "running" and reading.last_process != before:
            return _taken(bot, reading.state, 0)
        clock.sleep(POLL)
    raise NotProven(f"{bot.name}: resumed, but its loop has not come round since")
