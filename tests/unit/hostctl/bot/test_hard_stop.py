"""A process is gone when it was not seen twice, and not when a signal was sent to it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from freqops.core.bot.processes import Process
from freqops.hostctl.bot import hard_stop
from freqops.hostctl.bot.hard_stop import SHORTEST, HardStop
from tests.unit.fakes import FakeClock

TRADER = Process(4711, ("freqtrade", "trade"), "alpha", is_init=True)


class NoEngine:
    """An engine for which there is no command."""

    def begin_stop(self, name: str, grace: int) -> subprocess.Popen[str]:
        """Say so."""
        raise FileNotFoundError(f"no docker to stop {name} within {grace} s")


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the processes to which a signal was sent."""
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _signal: sent.append(pid))
    return sent


def stopped(alive: Callable[[], list[Process]]) -> Any:
    engine: Any = NoEngine()
    return HardStop("freqops-alpha", alive, engine, FakeClock()).run(0)


def test_what_was_killed_and_lives_is_not_gone(killed: list[int]) -> None:
    """A process that waits for its disk takes no signal."""
    result = stopped(lambda: [TRADER])
    assert killed
    assert set(killed) == {TRADER.pid}
    assert result.gone is None
    assert result.left == [TRADER]
    assert "still alive: 4711" in result.notes[-1]


def test_what_comes_back_is_not_gone(killed: list[int]) -> None:
    """A restart policy brings a container back within half a second."""
    looks = iter(range(1000))
    result = stopped(lambda: [] if next(looks) % 2 else [TRADER])
    assert killed
    assert result.gone is None


def test_what_is_not_seen_twice_is_gone(killed: list[int]) -> None:
    result = stopped(lambda: [] if killed else [TRADER])
    assert result.killed == [TRADER.pid]
    assert result.gone is not None
    assert hard_stop.SETTLE <= result.gone <= SHORTEST
