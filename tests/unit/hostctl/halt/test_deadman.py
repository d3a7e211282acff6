"""Bots whose control node is gone are halted at level 1, once, and nothing is done to them before that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from freqops.core.halt import deadman
from freqops.core.halt.deadman import Boot
from freqops.hostctl import cli
from tests.unit.hostctl.host import Host


class SilentHost(Host):
    """A host that is a while into its boot."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(root, monkeypatch)
        self.uptime = 1000.0
        monkeypatch.setattr(deadman, "this_boot", lambda: Boot("one", self.uptime))
        for name in ("deadman", "keepalive"):
            monkeypatch.setattr(f"freqops.hostctl.commands.{name}.Clock", lambda: self.clock)
        monkeypatch.setattr("freqops.hostctl.commands.deadman.Engine", lambda: self.engine)

    def run(self, *words: str) -> int:
        return cli.main(list(words), self.root)

    def timer(self) -> int:
        return self.run("deadman", "--after", "30")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SilentHost:
    return SilentHost(tmp_path, monkeypatch)


def test_as_long_as_the_control_node_is_heard_nothing_happens(host: SilentHost, stamps: Path) -> None:
    assert host.run("keepalive") == 0
    host.uptime += 30 * 60
    assert host.timer() == 0
    assert (host.level, host.api.calls) == (0, [])
    assert (stamps / "deadman.stamp").exists()


def test_a_word_that_is_not_on_the_disk_was_not_heard(host: SilentHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadman, "load", lambda _root: None)
    assert host.run("keepalive") == 2


def test_after_that_the_bots_are_halted_and_the_incident_says_why(host: SilentHost, capsys: Any) -> None:
    host.run("keepalive")
    host.uptime += 30 * 60 + 1
    assert host.timer() == 0
    assert (host.level, host.api.state) == (1, "paused")
    answer = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert answer["reason"] == "the control node was not heard for 30 minutes"
    assert list((host.root / "incidents" / answer["incident"]).glob("*-halt-by-deadman.json"))


def test_where_it_was_never_heard_it_halts(host: SilentHost) -> None:
    assert host.timer() == 0
    assert host.level == 1


def test_what_is_held_is_left_alone(host: SilentHost) -> None:
    host.hold(3, "mine")
    before = (host.home / "conf/holds.json").read_bytes()
    assert host.timer() == 0
    assert (host.home / "conf/holds.json").read_bytes() == before
    assert host.api.calls == []


def test_a_control_node_that_is_back_resumes_nothing(host: SilentHost) -> None:
    host.timer()
    host.run("keepalive")
    host.timer()
    assert host.level == 1


def test_what_is_not_proven_is_an_error(host: SilentHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host.api, "lock", lambda _reason: None)
    assert host.timer() == 2


@pytest.mark.parametrize("after", ["0", "-5", "soon", "1.5", "1000000"])
def test_minutes_that_mean_nothing_are_refused(host: SilentHost, after: str) -> None:
    assert host.run("deadman", "--after", after) == 1
    assert host.level == 0
