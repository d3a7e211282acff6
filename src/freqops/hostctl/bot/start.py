"""The one door to start a bot: ``freqops-host start``, and the steps that a resume shares with it.

The holds are read inside the bot's lock, and again after the container was started: a halt that came in between wins.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.outcome import Outcome
from freqops.core.bot import crash_loop, layout, postgres, processes
from freqops.core.bot.client import ApiError, FreqtradeClient, Reading
from freqops.core.bot.layout import Home
from freqops.core.bot.redaction import redact
from freqops.core.deploy import own_container
from freqops.core.deploy.container import Container
from freqops.core.halt import holds
from freqops.core.halt.entry_stop import EntryStop

from . import breaker_hold, hard_stop, holds_file, stopped
from .engine import Engine
from .processes_and_api import alive, client

LOCK_SECONDS = 30.0
DEADLINE = 120.0
POLL = 0.5
LOG_LINES = 25
CRASHES = 3
STOP_SECONDS = 30.0
BETWEEN = "freqops-recover brings the former one back within 15 s, or says why not"


@dataclass
class Started(Outcome):
    """The outcome of a start: proven, for what is not proven is raised.

    ``running`` (or ``paused`` or ``stopped``, as it is declared), ``paused`` under a hold, ``held``: not started,
    because a hold of level 3 is in force, or ``stopped by plan``: not started, because somebody stopped it on purpose.
    """

    proven: bool = True


def start(bot: layout.Bot, clock: Clock, engine: Engine, deadline: float = DEADLINE) -> Started:
    """Start ``bot`` unless a hold forbids it, and prove that it is what it should be; it ends a planned stop.

    Raises:
        Refused: Another command has the bot.
        NotProven: It did not come up as declared within ``deadline`` seconds; the text ends with its last log lines.
    """
    with durable.locked(Home(bot.home).lock, LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused(f"another command is working on {bot.name}")
        said = end_plan(bot, "", clock) if current_level(bot, clock) < holds.HARD else []
        started = start_locked(bot, clock, engine, deadline)
        started.detail += said
        return started


def end_plan(bot: layout.Bot, incident: str, clock: Clock) -> list[str]:
    """Turn the note of a planned stop into that of a start, and say so; the caller starts the bot.

    Args:
        bot: The bot.
        incident: That of the start; empty where it has none.
        clock: The source of the time.

    Raises:
        OSError: The disk does not take the note; the bot stays stopped by plan.
    """
    plan = stopped.plan_of(bot.home)
    if plan is None:
        return []
    stopped.begin(bot.home, stopped.Stopped("start", incident, bot.release), clock)
    return [f"it was {plan}; this start ends that"]


def start_locked(
    bot: layout.Bot, clock: Clock, engine: Engine, deadline: float = DEADLINE, *, recreate: bool = False
) -> Started:
    """Do what `start` does, and forget that the bot was stopped; the caller holds the bot's lock.

    A bot that is stopped by plan is left so.

    Args:
        bot: The bot.
        clock: The source of the time.
        engine: The container engine.
        deadline: Seconds until it must be what it should be.
        recreate: Whether to make a new container even where the present one is as declared.
    """
    plan = stopped.plan_of(bot.home)
    if plan is not None and not alive(bot):
        return _left_stopped(bot, plan)
    result = _started(bot, clock, engine, deadline, recreate=recreate)
    stopped.over(bot.home)
    return result


def _started(bot: layout.Bot, clock: Clock, engine: Engine, deadline: float, *, recreate: bool) -> Started:
    breaker_hold.latched(bot.home, clock)
    level = current_level(bot, clock)
    if level >= holds.HARD:  # what set it may have been killed before it ended what runs
        return _ended(bot, level, clock, engine) if alive(bot) else _not_started(bot, level)
    if postgres.is_between(bot.home):
        raise Refused(f"{bot.name} was not started: its Postgres is between two versions; {BETWEEN}")
    (bot.home / "var" / crash_loop.STARTS_FILE).unlink(missing_ok=True)
    own, before = own_container.of_bot(bot), engine.container(bot.container)
    own.refuse_foreign(before)
    _refuse_orphans(bot, before)
    _note_stop(bot, before, clock)
    differing = own.differences(before)
    engine.compose_up(bot.compose, recreate=recreate or bool(differing) or _gate_waits(bot))
    after = engine.container(bot.container)
    own.take_in(before, after, differing)
    changed = after is None or before is None or (before.id, before.started_at) != (after.id, after.started_at)
    if current_level(bot, clock) >= holds.HARD:
        return _ended(bot, holds.HARD, clock, engine)
    started = _Proof(bot, clock, engine, changed, after.restarts if after else 0).run(deadline)
    started.detail += [f"its container was made again: {text}" for text in differing]
    return started


def _note_stop(bot: layout.Bot, container: Container | None, clock: Clock) -> None:
    """Write down, where a container runs, that it may be stopped for another one to be made."""
    if container is not None and container.runs and stopped.note_of(bot.home) is None:
        with contextlib.suppress(OSError):  # a full disk must not keep a bot from looking after its positions
            stopped.begin(bot.home, stopped.Stopped("start", starts=bot.release), clock)


def _refuse_orphans(bot: layout.Bot, container: Container | None) -> None:
    """Refuse to start a bot whose processes live on while the engine does not know of them: it would run twice.

    An engine that was restarted together with containerd can lose its containers like this.
    """
    if container is not None and container.runs:
        return
    orphans = alive(bot)
    if orphans:
        pids = ", ".join(str(process.pid) for process in orphans)
        raise NotProven(
            f"{bot.name} was not started: its processes {pids} are alive, but the engine says that its container is "
            f"{container.status if container else 'gone'}. A halt at level 3 ends them; resume it after that"
        )


def _gate_waits(bot: layout.Bot) -> bool:
    """Whether the container runs and its gate has refused: it never changes its mind, so it takes a new one."""
    return any(process.bot == bot.name and process.waits for process in processes.scan())


def current_level(bot: layout.Bot, clock: Clock) -> int:
    """Return the level in force, ``initial_state`` made to follow from it; unreadable counts as 3."""
    try:
        return holds_file.synchronise(bot.home, clock).level
    except holds.HoldsUnreadable:
        return holds.HARD


def drop_orphan_locks(api: FreqtradeClient, bot: layout.Bot, clock: Clock) -> list[str]:
    """Remove our pair locks, each by its number, that belong to no hold in force, and say which.

    A hold leaves one behind when it is raised (the new incident has its own), or resumed while the bot was down. The
    locks are read before the holds: a halt latches first and locks after, so the hold of a lock seen here is seen too.
    """
    locks = api.our_locks()
    in_force = {hold.lock_reason for hold in holds_file.synchronise(bot.home, clock).holds}
    orphans = [lock for lock in locks if lock["reason"] not in in_force]
    for lock in orphans:
        api.unlock(lock["id"])
    return [f"lock of a resumed hold removed: {lock['reason']}" for lock in orphans]


def _left_stopped(bot: layout.Bot, plan: stopped.Stopped) -> Started:
    detail = [f"it is {plan}", "it was not started: bots.yml -e action=start does that"]
    return Started(bot.name, stopped.BY_PLAN, level=holds.effective_level(bot.holds), detail=detail)


def _not_started(bot: layout.Bot, level: int) -> Started:
    return Started(bot.name, "held", level=level, detail=["held at level 3: Freqtrade was not started"])


def _ended(bot: layout.Bot, level: int, clock: Clock, engine: Engine) -> Started:
    """End what lives, or is about to, of a bot that is held at level 3.

    Raises:
        NotProven: It lives on.
    """
    result = hard_stop.HardStop(bot.container, lambda: alive(bot), engine, clock).run(STOP_SECONDS)
    if result.left:
        raise NotProven(f"{bot.name} is held at level 3 and lives: {'; '.join(result.notes)}")
    return Started(bot.name, "held", changed=True, level=level, detail=["held at level 3: Freqtrade was ended"])


class _Proof:
    """Reads a started bot until it is what it should be."""

    def __init__(self, bot: layout.Bot, clock: Clock, engine: Engine, changed: bool, restarts: int) -> None:
        self._bot, self._clock, self._engine, self._changed = bot, clock, engine, changed
        self._restarts = restarts
        self._api = client(bot)
        self._missing = "nothing was read yet"

    def run(self, deadline: float) -> Started:
        give_up = self._clock.monotonic() + deadline
        while self._clock.monotonic() < give_up:
            level = current_level(self._bot, self._clock)
            if level >= holds.HARD:
                return _ended(self._bot, level, self._clock, self._engine)
            if level >= holds.ENTRIES:
                return self._paused(level, give_up - self._clock.monotonic())
            if self._as_declared():
                remarks = self._settled()
                if remarks is not None and current_level(self._bot, self._clock) == 0:
                    return Started(self._bot.name, self._bot.initial_state, self._changed, detail=remarks)
            self._clock.sleep(POLL)
        raise NotProven(self._failure())

    def _as_declared(self) -> bool:
        try:
            self._missing = self._wrong(self._api.read()) or ""
        except ApiError as error:
            self._missing = str(error)
            self._refuse_crash_loop()
            return False
        return not self._missing

    def _settled(self) -> list[str] | None:
        """Remove the pair locks of resumed holds, and return what there is to say; None where it did not answer."""
        try:
            removed = drop_orphan_locks(self._api, self._bot, self._clock)
            left = len(self._api.open_trades()) if self._bot.initial_state == "stopped" else 0
            return removed + ([f"a stopped trader manages no exits, and {left} trades are open"] if left else [])
        except ApiError as error:
            self._missing = str(error)
            return None

    def _refuse_crash_loop(self) -> None:
        """End a start early that would only crash until the deadline."""
        container = self._engine.container(self._bot.container)
        crashes = container.restarts - self._restarts if container is not None else 0
        if crashes >= CRASHES:
            self._missing = f"it ended {crashes} times since it was started"
            raise NotProven(self._failure())

    def _wrong(self, reading: Reading) -> str | None:
        """Return why a reading is not that of the declared bot, at work."""
        if reading.bot_name != self._bot.name:
            return f"another bot answers on its port: {reading.bot_name}"
        if reading.dry_run != (self._bot.mode == "paper"):
            raise NotProven(f"{self._bot.name} is declared {self._bot.mode} but runs with dry_run={reading.dry_run}")
        if reading.state != self._bot.initial_state:
            return f"its trader is {reading.state}, not {self._bot.initial_state}"
        if reading.state == "stopped":  # so it reads while it boots, too, and no loop comes round that could tell
            return None if self._api.worker_state() == "stopped" else "its worker has not said that it is stopped"
        return "its loop has not come round yet" if reading.last_process is None else None

    def _paused(self, level: int, seconds: float) -> Started:
        for hold in holds_file.synchronise(self._bot.home, self._clock).holds:
            stop = EntryStop(self._api, self._bot.name, hold.lock_reason, self._clock, seconds)
            result = stop.run(lambda: True)
            if result.proven is None:
                self._missing = "; ".join(result.missing)
                raise NotProven(self._failure())
        detail = [f"held at level {level}: it stays paused"]
        return Started(self._bot.name, "paused", self._changed, level=level, detail=detail)

    def _failure(self) -> str:
        log = redact("\n".join(self._engine.logs(self._bot.container, LOG_LINES)), self._bot)
        return f"{self._bot.name} did not come up as declared: {self._missing}\nits last log lines:\n{log}"
