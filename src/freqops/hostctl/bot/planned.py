"""``freqops-host bots``: a bot stopped by plan, started, or restarted; what holds it holds it afterwards, too.

A stop is no halt: nothing keeps its container from being started by hand. But recovery, deploy and resume leave it
stopped, by the note of `stopped`, and the engine brings no container back that it stopped itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, NoReturn

from freqops.core.base import durable, next_step
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.base.next_step import RESUME, NextStep, RefusedUntil
from freqops.core.base.outcome import Outcome
from freqops.core.bot import layout
from freqops.core.bot.client import ApiError
from freqops.core.bot.layout import Home
from freqops.core.deploy import own_container
from freqops.core.deploy.container import Container
from freqops.core.halt import holds, start_gate, way_out

from . import databases, health, processes_and_api, start, stopped, stopping
from .engine import Engine
from .stopped import Stopped

LOCK_SECONDS = 5.0
SHOWN = 5
STOP, START, RESTART = ACTIONS = (layout.PLANNED, "start", "restart")
NO_HALT = "a stop is no halt: killswitch.yml -e level=3 keeps a bot from trading, whoever starts it"
UNMANAGED = "which nobody would manage: no exit, no stoploss of the bot"
CURE = "close them (killswitch.yml -e level=2), or say unmanaged_ok=true"


@dataclass(frozen=True)
class Order:
    """The order for planned stops and starts.

    Attributes:
        action: One of `ACTIONS`.
        mandate: Why, by whom, under which incident.
        unmanaged_ok: Whether trades may stay open, unmanaged.
        look: Whether the act is only foretold.
    """

    action: str
    mandate: Mandate
    unmanaged_ok: bool = False
    look: bool = False


@dataclass
class Turned(Outcome):
    """The outcome of an order for one bot.

    ``stopped by plan``; ``running``, ``paused`` or ``stopped`` (its trader) where it was started; ``held`` where a halt
    came in between; ``would stop``, ``would start`` or ``would restart`` where it was only looked at.

    Attributes:
        open_trades: What is open, as its bot or its database says.
        next_steps: The steps that are the way out of a refusal.
    """

    open_trades: list[str] = field(default_factory=list)
    next_steps: list[dict[str, str]] = field(default_factory=list)


def turned(bot: layout.Bot, order: Order, clock: Clock, engine: Engine, said: Callable[[str], None]) -> Turned:
    """Carry out one order on one bot, and prove it.

    Args:
        bot: The bot.
        order: The order.
        clock: The source of the time.
        engine: The container engine.
        said: Takes what is done, before it is.

    Raises:
        Refused: Nothing was touched.
        NotProven: It was touched, and is not as ordered; the text says how it is.
    """
    with durable.locked(Home(bot.home).lock, LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused(f"another command is working on {bot.name}")
        one = _Turning(bot, order, clock, engine, said)
        return {STOP: one.stop, START: one.start, RESTART: one.restart}[order.action]()


class _Turning:
    """One order on one bot; the caller holds its lock."""

    def __init__(
        self, bot: layout.Bot, order: Order, clock: Clock, engine: Engine, said: Callable[[str], None]
    ) -> None:
        self._bot, self._order, self._clock, self._engine, self._said = bot, order, clock, engine, said
        self._refuse_under_way()
        self._plan = stopped.plan_of(bot.home)
        self._before = engine.container(bot.container)
        own_container.of_bot(bot).refuse_foreign(self._before)
        self._runs = self._is_up(self._before)
        self._row = Turned(bot.name, level=holds.effective_level(bot.holds))

    def _refuse_under_way(self) -> None:
        if Home(self._bot.home).under_way:
            cure = "freqops-recover ends it within 15 s, or status says why not"
            raise Refused(f"{self._bot.name} was not touched: another command on it is not over; {cure}")

    def _is_up(self, container: Container | None) -> bool:
        return bool(processes_and_api.alive(self._bot)) or (container is not None and container.runs)

    # --- stop

    def stop(self) -> Turned:
        if self._plan is not None and not self._runs:
            return self._ended(stopped.BY_PLAN, str(self._plan), "nothing was changed")
        left = self._refuse_unmanaged()
        if self._order.look:
            return self._ended("would stop", *left, NO_HALT, changed=True)
        self._row.changed = True
        self._note(left)
        self._said(f"stop {self._bot.name}")
        stopping.stop(self._bot, self._by(left), self._clock, self._engine)
        if self._is_up(self._engine.container(self._bot.container)):
            raise NotProven(f"{self._bot.name} was stopped, and runs again: something else starts it")
        left = self._after()
        return self._ended(stopped.BY_PLAN, *left, NO_HALT)

    def _by(self, left: list[str]) -> Stopped:
        mandate = self._order.mandate
        words = {"reason": mandate.reason, "actor": mandate.actor, "left": "; ".join(left)}
        return Stopped(layout.PLANNED, mandate.incident, self._bot.release, **words)

    def _note(self, left: list[str]) -> None:
        """Write down that it is stopped by plan, also where nothing runs that is to be stopped."""
        stopped.begin(self._bot.home, self._by(left), self._clock)

    def _refuse_unmanaged(self) -> list[str]:
        """Return the trades that a stop leaves open, in words.

        Raises:
            Refused: It is something, or not known, and that was not accepted.
        """
        try:
            trades = self._asked() if processes_and_api.alive(self._bot) else self._in_database()
        except FreqopsError as error:
            if self._order.unmanaged_ok:
                return [f"whether trades are open is not known: {error}"]
            why = f"whether it has open trades is not known: {error}; repair that, or say unmanaged_ok=true"
            raise Refused(f"{self._bot.name} was not stopped: {why}") from None
        self._row.open_trades = trades
        if trades and not self._order.unmanaged_ok:
            why = f"it has {_counted(trades)}, {UNMANAGED}; {CURE}"
            raise Refused(f"{self._bot.name} was not stopped: {why}")
        return _left(trades)

    def _asked(self) -> list[str]:
        api = processes_and_api.client(self._bot)
        name = api.read().bot_name
        if name != self._bot.name:
            raise NotProven(f"another bot answers on its port: {name}")
        return [f"{trade['trade_id']} {trade['pair']}" for trade in api.open_trades()]

    def _in_database(self) -> list[str]:
        return databases.of(self._bot, self._engine).open_trades()

    def _after(self) -> list[str]:
        """Return what is open now that it is stopped: it may have entered a trade while it ended.

        Raises:
            NotProven: It has, or that is not known, and it was not accepted; what ran runs again.
        """
        try:
            self._row.open_trades = self._in_database()
        except FreqopsError as error:
            if not self._order.unmanaged_ok:
                self._start_again(f"whether trades are open is not known: {error}")
            left = [f"whether trades are open is not known: {error}"]
        else:
            left = _left(self._row.open_trades)
            if left and not self._order.unmanaged_ok:
                self._start_again(f"while it ended it entered: {_counted(self._row.open_trades)}")
        self._note(left)
        return left

    def _start_again(self, why: str) -> NoReturn:
        if not self._runs:
            stopped.end(self._bot.home)
            raise NotProven(f"{self._bot.name} is not stopped by plan, and does not run, as before: {why}")
        start.end_plan(self._bot, self._order.mandate.incident, self._clock)
        start.start_locked(self._bot, self._clock, self._engine)
        raise NotProven(f"{self._bot.name} is not stopped, it was started again: {why}")

    # --- start, restart

    def start(self) -> Turned:
        self._refuse_held("started")
        if self._order.look:
            runs = bool(processes_and_api.alive(self._bot)) and self._plan is None
            now = "it runs; nothing would be changed" if runs else f"it is {self._plan or 'not running'}"
            return self._ended(f"would {START}", now, changed=not runs)
        self._said(f"start {self._bot.name}")
        said = start.end_plan(self._bot, self._order.mandate.incident, self._clock)
        self._row.changed = bool(said)
        self._up(said)
        if not self._row.changed:
            self._row.detail.append("it ran already; nothing was changed")
        return self._row

    def restart(self) -> Turned:
        if self._plan is not None:
            text = f"{self._bot.name} was not restarted: it is {self._plan}; action=start starts it"
            raise RefusedUntil(text, NextStep(next_step.START))
        self._refuse_held("restarted")
        said = self._managed_again()
        if self._order.look:
            return self._ended(f"would {RESTART}", *said, changed=True)
        self._said(f"stop and start {self._bot.name}")
        self._row.changed = True
        by = Stopped(RESTART, self._order.mandate.incident, self._bot.release)
        stopping.stop(self._bot, by, self._clock, self._engine)
        self._up(said)
        after = self._engine.container(self._bot.container)
        if self._row.outcome != "held" and _process_of(after) in (None, _process_of(self._before)):
            raise NotProven(f"{self._bot.name} was not restarted: its container is the one that ran before")
        return self._row

    def _refuse_held(self, done: str) -> None:
        if self._row.level >= holds.HARD:
            why = start_gate.verdict(self._bot.conf)
            text = f"{self._bot.name} was not {done}: {why}; resume.yml takes a hold down"
            try:
                steps = way_out.of_holds(holds.load(self._bot.holds), RESUME)
            except holds.HoldsUnreadable as error:
                steps = list(way_out.of_error(error))
            raise RefusedUntil(text, *steps)

    def _managed_again(self) -> list[str]:
        """Return the trades that are open over a restart; an unknown number is no reason to refuse one."""
        if not processes_and_api.alive(self._bot):
            return ["it does not run; it is started"]
        try:
            self._row.open_trades = self._asked()
        except ApiError as error:
            return [f"how many trades are open is not known: {error}"]
        return [f"{_counted(self._row.open_trades)}: managed by nobody until it is up again"]

    def _up(self, said: list[str]) -> None:
        """Start the bot through the one door, and prove that it is healthy."""
        try:
            started = start.start_locked(self._bot, self._clock, self._engine)
        except Refused as refusal:
            if self._row.changed:  # it was touched
                raise NotProven(str(refusal)) from None
            raise
        self._row.outcome, self._row.level = started.outcome, started.level
        self._row.changed |= started.changed
        self._row.detail += [*said, *started.detail]
        well = started.outcome != "held" and health.prove(self._bot, self._clock, start.DEADLINE)
        if not well:
            self._row.outcome, self._row.level = "held", holds.HARD
            self._row.detail.append("a halt at level 3 came in between")
        self._row.proven = well

    def _ended(self, outcome: str, *detail: str, changed: bool = False) -> Turned:
        self._row.outcome, self._row.proven = outcome, True
        self._row.changed |= changed
        self._row.detail += detail
        return self._row


def _process_of(container: Container | None) -> Any:
    return None if container is None else (container.id, container.started_at)


def _counted(trades: list[str]) -> str:
    more = ", …" if len(trades) > SHOWN else ""
    names = f" ({', '.join(trades[:SHOWN])}{more})" if trades else ""
    return f"{len(trades)} open trade{'' if len(trades) == 1 else 's'}{names}"


def _left(trades: list[str]) -> list[str]:
    return [f"{_counted(trades)}, which nobody manages"] if trades else []
