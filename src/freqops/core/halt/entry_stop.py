"""Level 1: no more entries, and the proof of it.

A reading of ``paused`` proves nothing by itself: the bot may be booting, or in the middle of a loop that still
enters. So the state is read until it has been ``paused`` over two rounds of the bot's loop, in a process that has
applied its initial state; until our pair lock stands in the bot's own list; and until no entry order is left. A trader
found stopped is left stopped: pausing it would start it. Its loop may still be the one in which it was stopped, and
entering: it is at rest when that loop has come round, or when its worker has said that it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Protocol

from ..base.clock import Clock
from ..bot.client import ApiError, BotRefused, Reading, Unauthorized
from .time_limits import ENTRIES_SECONDS

POLL = 0.25
ROUNDS = 2
LAST_LOOP, READ_ONCE = "LAST LOOP", "read stopped once"  # what no single reading can tell
CANCELS = 3  # Freqtrade answers when an order is cancelled; one that is there after so many, it does not cancel
STOPLOSS_SIDE = "stoploss"


class BotApi(Protocol):
    """The part of a bot's API that level 1 needs; `freqops.core.bot.client.FreqtradeClient` is the real one."""

    def read(self) -> Reading:
        """Return state and heartbeat."""

    def past_boot(self) -> bool:
        """Return whether the initial state has been applied."""

    def worker_state(self) -> str | None:
        """Return the state that the worker last said it was in, None where nothing says so."""

    def open_trades(self) -> list[dict[str, Any]]:
        """Return the open trades."""

    def pause(self) -> None:
        """Pause a running bot."""

    def has_lock(self, reason: str) -> bool:
        """Return whether our lock stands."""

    def lock(self, reason: str) -> None:
        """Set our lock."""

    def cancel_open_orders(self, trade_id: int) -> None:
        """Cancel all open orders of a trade."""


@dataclass
class EntryStopResult:
    """The result of level 1 on one bot, times in seconds since it began.

    Attributes:
        found: The trader state read first, None where the API never answered.
        state: The trader state read last.
        acknowledged: When the bot was paused (or stopped) and locked, None if never.
        proven: When the proof was complete, None if it is not.
        missing: The gaps of the proof.
        cancelled: Trades whose entry orders we asked to cancel.
        refusals: The objection of the bot, for each trade; judged by the next reading.
        trades: The open trades last read, None where they could not be read.
        found_trades: The open trades read first, likewise.
        paused: Whether it was paused, locked and past its boot window at the last reading.
        resting: Whether its trader was stopped, at two readings and past its boot window.
        gone: Whether the process ended meanwhile.
        acted: Whether anything was changed in the bot.
        stuck: Whether entry orders rest, at the last reading, that the bot itself does not cancel.
    """

    found: str | None = None
    state: str | None = None
    acknowledged: float | None = None
    proven: float | None = None
    missing: list[str] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)
    refusals: dict[int, str] = field(default_factory=dict)
    trades: list[dict[str, Any]] | None = None
    found_trades: list[dict[str, Any]] | None = None
    paused: bool = False
    resting: bool = False
    gone: bool = False
    acted: bool = False
    stuck: bool = False

    @property
    def at_rest(self) -> bool:
        """Whether the trader enters nothing more by itself, by the last reading."""
        return self.paused or self.resting


def entry_orders(trade: dict[str, Any]) -> tuple[bool, bool]:
    """Return whether a trade has open entry orders, and whether it has open exit orders, stops on exchange aside."""
    entry_side = "sell" if trade["is_short"] else "buy"
    sides = [
        order["ft_order_side"] == entry_side
        for order in trade["orders"]
        if order["is_open"] and order["ft_order_side"] != STOPLOSS_SIDE
    ]
    return any(sides), not all(sides)


def is_proven(result: EntryStopResult) -> bool:
    """Return whether nothing is missing from the proof."""
    return result.proven is not None


def is_proven_or_stuck(result: EntryStopResult) -> bool:
    """Return whether nothing is missing from the proof, or what is missing, the bot itself does not do."""
    return is_proven(result) or (result.at_rest and result.stuck)


class EntryStop:
    """Stops the entries of one bot; `run` to the end, or `step` by step."""

    def __init__(self, api: BotApi, name: str, lock_reason: str, clock: Clock, deadline: float | None = None) -> None:
        self._api, self._name, self._lock_reason, self._clock = api, name, lock_reason, clock
        self._silent = False
        self._began = clock.monotonic()
        self._given = deadline
        self._loops = _Loops()
        self._stopped: Reading | None = None
        self._cancels: dict[int, int] = {}
        self.cancelled_elsewhere = False
        self.heard = self.answered = False
        self.result = EntryStopResult()

    def run(self, alive: Callable[[], bool], enough: Callable[[EntryStopResult], bool] = is_proven) -> EntryStopResult:
        """Act and read until proven, or gone, or out of time.

        Args:
            alive: Says whether the bot has a process; asked when its API is silent.
            enough: Says whether the result will do; by default when it is proven.
        """
        while True:
            self.step()
            if enough(self.result) or self.elapsed >= self.deadline:
                return self.result
            if self._silent and not alive():
                self.result.gone = True
                return self.result
            self._clock.sleep(POLL)

    def once_more(self, *, changed: bool) -> None:
        """Take the proof back until the bot was read once more.

        Args:
            changed: Whether the bot must take in a change by another round of its loop.
        """
        self.result.proven = None
        if changed:
            self._loops.one_more()

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self._clock.monotonic() - self._began

    @property
    def deadline(self) -> float:
        """Seconds allowed: as given, else the larger of 45 and four observed loops."""
        return self._given if self._given is not None else max(ENTRIES_SECONDS, 4 * self._loops.longest)

    @property
    def as_held(self) -> bool:
        """Whether the last step found the bot as a hold of level 1 wants it, but for what one reading cannot tell."""
        told_by_more = all(each.startswith((LAST_LOOP, READ_ONCE)) for each in self.result.missing)
        return self.answered and not self.result.acted and told_by_more

    def step(self) -> None:
        """Read once, do what that reading calls for, and judge.

        ``heard`` then says whether the bot said its state, ``answered`` whether it answered whatever it was asked.
        ``cancelled_elsewhere`` says that its entry orders were cancelled on the exchange: a stopped trader goes on
        listing them.
        """
        self._silent = self.heard = self.answered = False
        self.result.paused = self.result.resting = self.result.stuck = False
        try:
            reading = self._api.read()
            if reading.bot_name != self._name:
                self._lacks(f"another bot answers on its port: {reading.bot_name}")
                self.result.acknowledged = None
                return
            self.heard = True
            self.result.state = reading.state
            self.result.found = self.result.found or reading.state
            missing = self._react(reading)
        except Unauthorized as error:
            self._lacks(str(error))
        except ApiError as error:
            self._silent = True
            self._lacks(f"the API gives no answer: {error}")
        else:
            self.answered = True
            self.result.missing = missing
            if not missing:
                self.result.proven = self.elapsed

    def _lacks(self, what: str) -> None:
        self._disturbed()
        self.result.missing = [what]

    def _disturbed(self) -> None:
        self._loops.restart()
        self._stopped = None

    def _react(self, reading: Reading) -> list[str]:
        if reading.state == "running":
            self._disturbed()
            self.result.acknowledged = None
            self._api.pause()
            self.result.acted = True
            self._lock()
            return ["paused just now"]
        if reading.state == "paused":
            self._stopped = None
            return self._paused(reading)
        if reading.state == "stopped" and self._booted(reading):
            return self._at_rest(reading)
        self._disturbed()
        self.result.acknowledged = None
        self._lock()
        return ["it is still booting: its state is not known yet"]

    def _booted(self, reading: Reading) -> bool:
        return reading.last_process is not None or self._api.past_boot()

    def _paused(self, reading: Reading) -> list[str]:
        missing = self._lock()
        self.result.paused = not missing and self._booted(reading)
        self._loops.seen(reading.last_process)  # before cancelling: only a round that is yet to come counts for that
        missing += self._cancel_entries()
        rounds = self._loops.rounds
        if not missing and self.result.acknowledged is None and self._booted(reading):
            self.result.acknowledged = self.elapsed
        if rounds < ROUNDS:
            missing.append(f"{LAST_LOOP}: its loop came round {rounds} of {ROUNDS} times")
        return missing

    def _at_rest(self, reading: Reading) -> list[str]:
        """Judge a stopped trader: it stays as it is, until the loop in which it may have been stopped has ended."""
        missing = self._lock()
        for trade in self._read_trades():
            if entry_orders(trade)[0] and not self.cancelled_elsewhere:
                self.result.stuck = True
                what = f"trade {trade['trade_id']} {trade['pair']}"
                missing.append(f"{what}: an entry order rests; a stopped trader cannot cancel it")
        if self._stopped is None:
            self._stopped = reading
            return [*missing, READ_ONCE]
        self.result.resting = True
        if not missing and self.result.acknowledged is None:
            self.result.acknowledged = self.elapsed
        if reading.last_process == self._stopped.last_process and self._api.worker_state() != "stopped":
            missing.append(f"{LAST_LOOP}: the loop in which it may have been stopped has not ended yet")
        return missing

    def _lock(self) -> list[str]:
        if self._api.has_lock(self._lock_reason):
            return []
        self._api.lock(self._lock_reason)
        self.result.acted = True
        return [] if self._api.has_lock(self._lock_reason) else ["the pair lock was set and does not stand in its list"]

    def _cancel_entries(self) -> list[str]:
        trades = self._read_trades()
        missing = []
        for trade in trades:
            entry, other = entry_orders(trade)
            what = f"trade {trade['trade_id']} {trade['pair']}"
            if entry and other:
                self.result.stuck = True
                missing.append(f"{what}: entry and exit orders rest together; cancelling would take the exit too")
            elif entry:
                missing.append(f"{what}: its entry order was cancelled just now")
                self._cancel(trade)
        return missing

    def _read_trades(self) -> list[dict[str, Any]]:
        trades = self._api.open_trades()
        self.result.trades = trades
        if self.result.found_trades is None:
            self.result.found_trades = trades
        return trades

    def _cancel(self, trade: dict[str, Any]) -> None:
        """Cancel the entry orders of ``trade``; their result is in the next reading.

        Where nothing had filled, Freqtrade deletes the trade and then answers that it does not exist.
        """
        self._loops.one_more()
        self.result.acted = True
        tries = self._cancels[trade["trade_id"]] = self._cancels.get(trade["trade_id"], 0) + 1
        self.result.stuck = self.result.stuck or tries > CANCELS
        self.result.cancelled.add(f"{trade['trade_id']} {trade['pair']}")
        try:
            self._api.cancel_open_orders(trade["trade_id"])
        except BotRefused as refusal:
            self.result.refusals[trade["trade_id"]] = str(refusal)


class _Loops:
    """Counts how often a bot's loop came round since it was last disturbed."""

    def __init__(self) -> None:
        self._last: datetime | None = None
        self.rounds = 0
        self._known = False
        self.longest = 0.0

    def restart(self) -> None:
        """Forget everything: the bot ran, reloaded or fell silent."""
        self._known, self.rounds = False, 0

    def one_more(self) -> None:
        """Require another round: the loop may replace an order that was cancelled."""
        self.rounds = min(self.rounds, ROUNDS - 1)

    def seen(self, last: datetime | None) -> None:
        """Take in a heartbeat and count the rounds since the last disturbance."""
        if last is None:
            self.restart()
            return
        if not self._known or self._last is None or last < self._last:
            self._known, self.rounds = True, 0
        elif last > self._last:
            self.rounds += 1
            self.longest = max(self.longest, (last - self._last).total_seconds())
        self._last = last
