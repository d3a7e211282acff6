"""A scripted model of Freqtrade's worker, as read in worker.py and freqtradebot.py of 2026.9.

It boots with an API that answers before ``initial_state`` is applied; a loop takes its time, looks at the state once
before it enters, and at the pair lock before each entry; position increases know no lock and stop for ``paused`` alone;
a rising price replaces entry orders even while paused.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from freqops.core.bot.client import BotRefused, Failed, Reading, Unauthorized, Unreachable
from tests.unit.fakes import FakeClock, order, trade

LATENCY = 0.02
NEVER = float("inf")


@dataclass
class Habits:
    """How long things take, in seconds, what the strategy does, and what becomes of its orders."""

    boot: float = 3.0
    prepare: float = 1.0
    per_pair: float = 0.5
    ordering: float = 0.0
    pairs: int = 4
    throttle: float = 5.0
    initial: str = "running"
    restart: str = "paused"
    increases: bool = True
    replaces: bool = True
    fills: bool = False
    sells: bool = False
    slots: int | None = None
    outlives_database: bool = True


@dataclass
class Model:
    """One bot and its exchange; every call first lets the bot live until now."""

    clock: FakeClock
    habits: Habits = field(default_factory=Habits)
    name: str = "alpha"
    events: list[tuple[float, str]] = field(default_factory=list)
    entered: list[float] = field(default_factory=list)
    trades: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    locks: dict[int, str] = field(default_factory=dict)
    state: str = "stopped"
    last: datetime | None = None
    whitelist: bool = False
    up: bool = True
    database: bool = True
    password: bool = True
    calls: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    said: str = ""
    read_at: float = 0.0
    configured: Callable[[], str] | None = None
    ended: Callable[[], None] | None = None
    sick: bool = False
    worker: str | None = None

    def __post_init__(self) -> None:
        self._time = 0.0
        self._ids = 0
        self._boot_state = self.habits.initial
        self._worker = self._life()
        self._wake = 0.0

    # --- the worker

    def _life(self) -> Generator[float, None, None]:
        while True:
            self.state, self.last, self.whitelist, self.worker = "stopped", None, False, None
            wanted = self._boot_state if self.configured is None else self.configured()
            yield self.habits.boot
            if self.sick or not (self.database or self.habits.outlives_database):
                self.die()
                yield NEVER
            self.whitelist, self.state = True, wanted
            while self.state != "reload_config":
                self.worker = self.state
                if self.state == "stopped":
                    yield self.habits.throttle
                else:
                    yield from self._loop()

    def _loop(self) -> Generator[float, None, None]:
        yield self.habits.prepare
        if not self.database:
            yield self._without_database()
            return
        self._tend()
        if self.habits.increases and self.state != "paused":
            for trade_id, orders in self.trades.items():
                if not any(each["is_open"] for each in orders):
                    self._enter(trade_id)
        if self.state == "running":
            for _ in range(self.habits.pairs):
                yield self.habits.per_pair
                if self._may_enter():
                    yield self.habits.ordering  # it has decided: a lock comes too late for this one
                    self._ids += 1
                    self._enter(self._ids)
        self.last = self.clock.at(self._time)
        yield self.habits.throttle

    def _without_database(self) -> float:
        if not self.habits.outlives_database:
            self.die()
        return self.habits.throttle

    def _tend(self) -> None:
        """Look after what is there: what was bought, what is to be sold, and entry orders that rest."""
        if self.habits.fills:
            self.fill()
        if self.habits.sells and self.trades:
            oldest = min(self.trades)
            if not any(each["is_open"] for each in self.trades[oldest]):
                del self.trades[oldest]
        if self.habits.replaces:
            self._replace()

    def _may_enter(self) -> bool:
        return not self.locks and (self.habits.slots is None or len(self.trades) < self.habits.slots)

    def _enter(self, trade_id: int) -> None:
        self.entered.append(self._time)
        self.trades.setdefault(trade_id, []).append(order("buy"))

    def _replace(self) -> None:
        for orders in self.trades.values():
            for each in [each for each in orders if each["is_open"] and each["ft_order_side"] == "buy"]:
                each["is_open"] = False
                orders.append(order("buy"))

    # --- time and the outside

    def live(self, until: float) -> None:
        """Let the bot live until ``until``, and the outside do what is scheduled."""
        while True:
            due = self.events[0][0] if self.events else until + 1
            if min(due, self._wake) > until:
                break
            if due <= self._wake:
                self._time = due
                self._outside(self.events.pop(0)[1])
            else:
                self._time = self._wake
                self._wake += next(self._worker)
        self._time = until

    def _outside(self, what: str) -> None:
        if what in ("start", "stop", "pause") and self.up:
            self.state = {"start": "running", "stop": "stopped", "pause": "paused"}[what]
        elif what == "reload" and self.up:
            self.state, self._boot_state = "reload_config", self.habits.restart
        elif what == "die":
            self.die()
        elif what == "return" and not self.up:
            self._boot_state = self.habits.restart
            self.begin(self._time)
        elif what in ("database down", "database up"):
            self.database = what == "database up"
        elif what == "fill":
            self.fill()
        elif what == "unlock":
            self.locks.clear()

    def fill(self) -> None:
        """Let everything that rests be bought and sold."""
        for orders in self.trades.values():
            for each in orders:
                each["is_open"] = False

    def begin(self, now: float) -> None:
        """Begin a new process, with what the database has."""
        self.up, self._worker, self._wake = True, self._life(), now

    def hang(self) -> None:
        """Let the loop come round no more; the API goes on."""
        self._wake = NEVER

    def die(self) -> None:
        """End the process."""
        self.up, self.state = False, "stopped"
        self.hang()
        if self.ended is not None:
            self.ended()

    @property
    def time(self) -> float:
        """Until when it has lived."""
        return self._time

    def _call(self, what: str, database: bool = True) -> None:
        self.clock.sleep(LATENCY)
        self.live(self.clock.now)
        self.calls.append(what)
        if not self.up:
            raise Unreachable("connection refused")
        if not self.password:
            raise Unauthorized("the bot refuses our user or password")
        if database and not self.database:
            raise Failed("status 500")

    # --- the API

    def read(self) -> Reading:
        self._call("read", database=False)
        self.said, self.read_at = self.state, self.clock.now
        return Reading(self.state, self.last, self.name, True)

    def past_boot(self) -> bool:
        self._call("past_boot", database=False)
        return self.whitelist

    def worker_state(self) -> str | None:
        self._call("worker_state", database=False)
        return self.worker

    def open_trades(self) -> list[dict[str, Any]]:
        self._call("open_trades")
        return [trade(number, *[dict(each) for each in orders]) for number, orders in self.trades.items()]

    def pause(self) -> None:
        if self.said != "running":
            self.wrong.append(f"paused although it had said {self.said}")
        self._call("pause", database=False)
        self.state = "paused"

    def start(self) -> None:
        self._call("start", database=False)
        self.state = "running"

    def stop(self) -> None:
        self._call("stop", database=False)
        self.state = "stopped"

    def reload(self) -> None:
        self._call("reload", database=False)
        self.state = "reload_config"

    def our_locks(self) -> list[dict[str, Any]]:
        self._call("our_locks")
        return [{"id": number, "reason": reason} for number, reason in self.locks.items()]

    def has_lock(self, reason: str) -> bool:
        self._call("has_lock")
        return reason in self.locks.values()

    def lock(self, reason: str) -> None:
        self._call("lock")
        self.locks[max(self.locks, default=0) + 1] = reason

    def unlock(self, lock_id: int) -> None:
        self._call("unlock")
        self.locks.pop(lock_id, None)

    def force_exit(self, trade_id: int) -> None:
        self._call("exit")
        if self.state == "stopped":
            raise BotRefused("trader is not running")
        orders = self.trades.pop(trade_id, [])
        if all(each["is_open"] for each in orders):  # nothing had filled: its entry is cancelled, and that is all
            raise BotRefused("no active trade")

    def cancel_open_orders(self, trade_id: int) -> None:
        self._call("cancel")
        if self.state == "stopped":
            raise BotRefused("trader is not running")
        orders = self.trades.get(trade_id, [])
        if any(each["is_open"] and each["ft_order_side"] == "sell" for each in orders):
            self.wrong.append("an exit order was cancelled")
        if not any(each["is_open"] for each in orders):
            raise BotRefused("No open order for trade_id.")
        for each in orders:
            each["is_open"] = False
        if len(orders) == 1:  # nothing had filled: Freqtrade deletes the trade, and says that it does not exist
            del self.trades[trade_id]
            raise BotRefused("no active trade")

    @property
    def entry_orders(self) -> int:
        return sum(e["is_open"] and e["ft_order_side"] == "buy" for orders in self.trades.values() for e in orders)
