"""Of confirming and taking back exactly one happens, and only a new connection confirms."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from freqops.core.base.errors import NotProven, Refused
from freqops.core.hardening.guard import Guard

FIRST, SECOND = "192.0.2.1 40000", "192.0.2.1 40001"


class Host:
    """Runs what is really there, and remembers what is systemd's."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.refuses = ""

    def __call__(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.asked.append(list(words))
        if words[0] == "/bin/sh":
            return subprocess.run(list(words), capture_output=True, text=True, check=False)
        return subprocess.CompletedProcess(list(words), int(words[0] == self.refuses), "", "no")


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def guard(host: Host, tmp_path: Path) -> Guard:
    return Guard("firewall", host, tmp_path)


def elapse(guard: Guard) -> int:
    """Do what the timer does when nobody confirmed in time, or when it fires all the same."""
    return subprocess.run(["/bin/sh", str(guard.place / "take-back")], check=False, capture_output=True).returncode


def test_a_new_connection_confirms_and_the_change_stays(guard: Guard, host: Host, tmp_path: Path) -> None:
    guard.arm(f"touch {tmp_path}/undone", 60, FIRST)
    guard.claim(SECOND)
    assert host.asked[-1] == ["systemctl", "stop", "freqops-take-back-firewall.timer"]
    assert elapse(guard) != 0
    assert not (tmp_path / "undone").exists()
    guard.claim(SECOND)  # its answer was lost, it is asked again


def test_the_connection_that_changed_cannot_confirm(guard: Guard) -> None:
    guard.arm("true", 60, FIRST)
    with pytest.raises(Refused, match="only a new one can confirm"):
        guard.claim(FIRST)
    assert elapse(guard) == 0


def test_what_was_taken_back_cannot_be_confirmed(guard: Guard, tmp_path: Path) -> None:
    guard.arm(f"touch {tmp_path}/undone", 60, FIRST)
    assert elapse(guard) == 0
    assert (tmp_path / "undone").exists()
    with pytest.raises(NotProven, match="TAKEN BACK"):
        guard.claim(SECOND)


def test_a_take_back_that_fails_is_not_called_one(guard: Guard) -> None:
    guard.arm("false", 60, FIRST)
    assert elapse(guard) != 0
    with pytest.raises(NotProven, match="was to be taken back, and that failed"):
        guard.claim(SECOND)
    with pytest.raises(Refused, match="waits for its confirmation"):
        guard.refuse_if_waiting()


def test_the_timer_is_there_before_anything_is_changed(guard: Guard, host: Host) -> None:
    guard.arm("true", 17, FIRST)
    assert host.asked[0][:2] == ["systemd-run", "--quiet"]
    assert "--on-active=17s" in host.asked[0]
    assert host.asked[1][:2] == ["systemctl", "is-active"]


@pytest.mark.parametrize("program", ["systemd-run", "systemctl"])
def test_without_a_timer_nothing_is_armed(guard: Guard, host: Host, program: str) -> None:
    host.refuses = program
    with pytest.raises(NotProven):
        guard.arm("true", 60, FIRST)
    guard.refuse_if_waiting()


def test_a_second_change_waits_for_the_first(guard: Guard) -> None:
    guard.arm("true", 60, FIRST)
    with pytest.raises(Refused, match="another change of firewall waits"):
        guard.refuse_if_waiting()
    guard.take_back_now()
    guard.refuse_if_waiting()


def test_nothing_to_confirm_is_said(guard: Guard) -> None:
    with pytest.raises(NotProven, match="no change of firewall waits"):
        guard.claim(SECOND)
