"""Units of systemd are written, taken up and run, and that they run is read back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from freqops.core.errors import NotProven
from freqops.core.units import Units

FILES = {"a.service": "[Service]\n", "a.timer": "[Timer]\n"}
RUNS = {"ActiveState": "active", "NeedDaemonReload": "no", "UnitFileState": "enabled"}


class Systemd:
    """What systemd knows, and what it was told."""

    def __init__(self, directory: Path) -> None:
        self.state = {"ActiveState": "inactive", "NeedDaemonReload": "no", "UnitFileState": ""}
        self.starts, self.fails = True, ""
        self.told: list[str] = []
        self.directory = directory
        self.units = Units(self, directory, (os.getuid(), os.getgid()))

    def __call__(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        said = " ".join(words[1:])
        if words[1] != "show":
            self.told.append(said)
        if said.startswith("enable"):
            self.state["UnitFileState"] = "enabled"
        if said.startswith("restart") and self.starts:
            self.state["ActiveState"] = "active"
        if said == "daemon-reload":
            self.state["NeedDaemonReload"] = "no"
        shown = "".join(f"{key}={value}\n" for key, value in self.state.items())
        return subprocess.CompletedProcess(list(words), int(said == self.fails), shown, "no")

    def install(self) -> None:
        """Do what differs."""
        self.units.apply(self.units.compare(FILES, ["a.timer"]))


@pytest.fixture
def systemd(tmp_path: Path) -> Systemd:
    return Systemd(tmp_path)


def test_files_are_written_and_the_timer_runs(systemd: Systemd) -> None:
    systemd.install()
    assert {path.name: path.read_text() for path in systemd.directory.iterdir()} == FILES
    assert {path.stat().st_mode & 0o7777 for path in systemd.directory.iterdir()} == {0o644}
    assert systemd.told == ["daemon-reload", "enable a.timer", "restart a.timer"]


def test_again_nothing_differs(systemd: Systemd) -> None:
    systemd.install()
    again = systemd.units.compare(FILES, ["a.timer"])
    assert (again.before, again.after, again.idle) == ({}, {}, [])


def test_another_text_restarts_the_timer(systemd: Systemd) -> None:
    systemd.install()
    changed = systemd.units.compare({**FILES, "a.service": "[Service]\nType=oneshot\n"}, ["a.timer"])
    assert (changed.before, changed.idle) == ({"a.service": "[Service]\n"}, ["a.timer"])


def test_a_file_that_others_may_write_is_written_anew(systemd: Systemd) -> None:
    systemd.install()
    (systemd.directory / "a.timer").chmod(0o666)
    systemd.install()
    assert (systemd.directory / "a.timer").stat().st_mode & 0o7777 == 0o644


@pytest.mark.parametrize(
    ("key", "value"), [("ActiveState", "failed"), ("NeedDaemonReload", "yes"), ("UnitFileState", "disabled")]
)
def test_a_timer_that_does_not_run_as_it_shall_is_started(systemd: Systemd, key: str, value: str) -> None:
    systemd.install()
    systemd.state[key] = value
    assert systemd.units.compare(FILES, ["a.timer"]).idle == ["a.timer"]
    systemd.install()
    assert systemd.state == RUNS


def test_a_timer_that_does_not_come_up_is_not_proven(systemd: Systemd) -> None:
    systemd.starts = False
    with pytest.raises(NotProven, match=r"a\.timer was started and is .*inactive"):
        systemd.install()


@pytest.mark.parametrize("what", ["daemon-reload", "enable a.timer", "restart a.timer"])
def test_what_systemd_refuses_is_not_proven(systemd: Systemd, what: str) -> None:
    systemd.fails = what
    with pytest.raises(NotProven, match=f"systemctl {what} ended with 1: no"):
        systemd.install()
