"""Level 3: no Freqtrade process of the bot, and the proof of it from /proc.

The engine is asked first, because a container that it stopped itself stays down over a restart of engine and host.
Where it does not do it in time, the processes are killed directly; should its restart policy bring the container
back, the start gate meets the hold.
"""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass, field
from typing import Callable

from freqops.core.base.clock import Clock
from freqops.core.bot.processes import Process

from .engine import Engine
from .engine_command import end

GRACE = 10
KILL_AFTER = GRACE + 2.0
POLL = 0.1
SETTLE = 0.5
SHORTEST = 3.0


@dataclass
class HardStopResult:
    """The result for the processes; times in seconds since the beginning."""

    gone: float | None = None
    killed: list[int] = field(default_factory=list)
    left: list[Process] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class HardStop:
    """Stops one container and ends every process of its bot."""

    def __init__(self, container: str, alive: Callable[[], list[Process]], engine: Engine, clock: Clock) -> None:
        self._container, self._alive, self._engine, self._clock = container, alive, engine, clock
        self._began = clock.monotonic()

    def run(self, deadline: float) -> HardStopResult:
        """Stop, kill what stays, and read back until nothing is left, or until ``deadline`` seconds have gone.

        However short the deadline, what stays is killed before it ends.
        """
        deadline = max(deadline, SHORTEST)
        kill_after = min(KILL_AFTER, deadline / 2)
        result = HardStopResult()
        asked = self._ask(result)
        try:
            while True:
                result.left = self._alive()
                if self._gone(result):
                    return result
                if self._elapsed >= deadline:
                    result.notes.append("still alive: " + "; ".join(f"{p.pid} {p.command}" for p in result.left))
                    return result
                if self._elapsed >= kill_after or asked is None or asked.poll() is not None:
                    self._kill(result)
                self._clock.sleep(POLL)
        finally:
            if asked is not None:
                self._await_engine(asked, result)

    def _ask(self, result: HardStopResult) -> subprocess.Popen[str] | None:
        try:
            return self._engine.begin_stop(self._container, GRACE)
        except OSError as error:  # no docker command, or no room for one more process: killing needs neither
            result.notes.append(f"the engine could not be asked: {error}")
            return None

    @property
    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._began

    def _gone(self, result: HardStopResult) -> bool:
        """Whether nothing was alive twice, half a second apart: a restart policy acts faster than that."""
        if result.left:
            return False
        self._clock.sleep(SETTLE)
        result.left = self._alive()
        if result.left:
            return False
        result.gone = self._elapsed
        return True

    def _kill(self, result: HardStopResult) -> None:
        for process in sorted(result.left, key=lambda process: not process.is_init):
            try:
                os.kill(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            if process.pid not in result.killed:
                result.killed.append(process.pid)

    def _await_engine(self, asked: subprocess.Popen[str], result: HardStopResult) -> None:
        """Give the engine a moment to write down that it was stopped on purpose, and say when it did not."""
        try:
            output, _ = asked.communicate(timeout=3)
        except subprocess.TimeoutExpired:
            end(asked)
            result.notes.append("the engine does not answer; the start gate keeps Freqtrade from coming back")
            return
        if asked.returncode != 0 and "no such container" not in output.lower():
            result.notes.append(f"the engine says: {output.strip()[-200:]}")
