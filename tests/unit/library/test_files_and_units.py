"""The modules that bring many files, and units of systemd, in one call each."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from library import freqops_files, freqops_units
from tests.unit.library.conftest import Run

SERVICE = "[Service]\nExecStart=/bin/true\n"
TIMER = "[Timer]\nOnBootSec=5\n\n[Install]\nWantedBy=timers.target\n"


# --- files


@pytest.fixture
def files(tmp_path: Path, owner: int) -> dict[str, Any]:
    """Two files in a directory that is there."""
    (tmp_path / "conf").mkdir()
    mine = {"owner": owner, "group": owner}
    wanted = [{"path": "conf/a", "content": "one\n", **mine}, {"path": "b", "content": "ü", "mode": "0400", **mine}]
    return {"below": str(tmp_path), "files": wanted}


def test_files_are_written_once(run: Run, tmp_path: Path, files: dict[str, Any]) -> None:
    foretold = run(freqops_files, check=True, **files)
    assert (foretold["written"], (tmp_path / "b").exists()) == (["conf/a", "b"], False)
    assert run(freqops_files, **files)["written"] == ["conf/a", "b"]
    assert ((tmp_path / "conf/a").read_text(), (tmp_path / "b").read_text()) == ("one\n", "ü")
    assert (tmp_path / "b").stat().st_mode & 0o7777 == 0o400
    assert run(freqops_files, **files)["changed"] is False
    assert run(freqops_files, check=True, **files)["changed"] is False


def test_only_what_differs_is_written_again(run: Run, tmp_path: Path, files: dict[str, Any]) -> None:
    run(freqops_files, **files)
    (tmp_path / "conf/a").write_text("other\n")
    mended = run(freqops_files, **files)
    assert mended["written"] == ["conf/a"]
    assert [(each["before"], each["after"]) for each in mended["diff"]] == [("other\n", "one\n")]
    (tmp_path / "b").chmod(0o444)
    assert run(freqops_files, **files)["written"] == ["b"]
    assert (tmp_path / "b").stat().st_mode & 0o7777 == 0o400


def test_a_file_that_is_kept_says_what_it_said_and_is_closed_again(
    run: Run, tmp_path: Path, files: dict[str, Any]
) -> None:
    run(freqops_files, **files)
    kept = {**files, "files": [{**item, "content": "new", "keep": True} for item in files["files"]]}
    assert run(freqops_files, **kept)["changed"] is False
    (tmp_path / "b").chmod(0o444)
    assert run(freqops_files, **kept)["written"] == ["b"]
    assert ((tmp_path / "b").read_text(), (tmp_path / "b").stat().st_mode & 0o7777) == ("ü", 0o400)
    (tmp_path / "b").unlink()
    run(freqops_files, **kept)
    assert (tmp_path / "b").read_text() == "new"


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("a")], ids=["directory", "link"])
def test_what_is_no_plain_file_is_refused(
    run: Run, tmp_path: Path, files: dict[str, Any], make: Callable[[Path], None]
) -> None:
    make(tmp_path / "b")
    answer = run(freqops_files, **files)
    assert answer["failed"] is True
    assert "is no plain file" in answer["msg"]


def test_what_its_program_refuses_takes_no_place(run: Run, tmp_path: Path, files: dict[str, Any]) -> None:
    program = tmp_path / "judge"
    program.write_text("#!/bin/sh\ngrep -q one $2 || { echo 'it has no one'; exit 1; }\n")
    program.chmod(0o755)
    files["files"] = [{**files["files"][0], "validate": f"{program} --check %s"}]
    assert run(freqops_files, **files)["written"] == ["conf/a"]
    files["files"][0]["content"] = "two\n"
    answer = run(freqops_files, **files)
    assert answer["failed"] is True
    assert "it has no one" in answer["msg"]
    assert (tmp_path / "conf/a").read_text() == "one\n"
    assert [path.name for path in (tmp_path / "conf").iterdir()] == ["a"]


# --- units


class Systemd:
    """A systemd that does what it is told, unless it is ``broken``; it notes every command that changes something."""

    def __init__(self) -> None:
        self.enabled: set[str] = set()
        self.active: set[str] = set()
        self.told: list[str] = []
        self.broken = False
        self.drop_ins = ""

    def run(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        _, verb, *rest = words
        unit = rest[-1] if rest else ""
        if verb == "show":
            shown = [f"Id={name}\nDropInPaths={self.drop_ins}" for name in rest[rest.index("--") + 1 :]]
            return subprocess.CompletedProcess(list(words), 0, "\n\n".join(shown), "")
        if verb.startswith("is-"):
            known = self.enabled if verb == "is-enabled" else self.active
            return subprocess.CompletedProcess(list(words), int(unit not in known), "", "")
        self.told.append(" ".join(word for word in words[1:] if word != "--quiet"))
        if verb == "enable":
            self.enabled.add(unit)
        elif verb in ("start", "restart") and not self.broken:
            self.active.add(unit)
        elif verb == "disable":
            self.enabled.discard(unit)
            self.active.discard(unit)
        return subprocess.CompletedProcess(list(words), 0, "", "")


def patch_commands(monkeypatch: pytest.MonkeyPatch, module: ModuleType, systemd: Systemd) -> None:
    """Let ``module`` meet this systemd."""
    monkeypatch.setattr(module.commands, "run", systemd.run)


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch, owner: int) -> Systemd:
    """Have the module meet a made-up systemd, and write files as this user."""
    found = Systemd()
    patch_commands(monkeypatch, freqops_units, found)
    monkeypatch.setattr(freqops_units, "Units", partial(freqops_units.Units, owner=owner))
    return found


@pytest.fixture
def units(tmp_path: Path) -> dict[str, Any]:
    """A timer with its service, and another that is to be gone."""
    return {
        "directory": str(tmp_path), "units": {"one.service": SERVICE, "one.timer": TIMER}, "running": ["one.timer"],
        "absent": ["two.timer", "two.service"],
    }  # fmt: skip


def test_units_are_installed_and_run_once(run: Run, systemd: Systemd, tmp_path: Path, units: dict[str, Any]) -> None:
    foretold = run(freqops_units, check=True, **units)
    assert (foretold["touched"], systemd.told, list(tmp_path.iterdir())) == (["one.service", "one.timer"], [], [])
    done = run(freqops_units, **units)
    assert done["touched"] == foretold["touched"]
    assert systemd.told == ["daemon-reload", "enable one.timer", "restart one.timer"]
    assert (tmp_path / "one.timer").read_text() == TIMER
    assert (tmp_path / "one.timer").stat().st_mode & 0o7777 == 0o644
    systemd.told.clear()
    assert run(freqops_units, **units)["changed"] is False
    assert run(freqops_units, check=True, **units)["changed"] is False
    assert systemd.told == []


def test_a_timer_whose_service_changed_is_started_again(run: Run, systemd: Systemd, units: dict[str, Any]) -> None:
    run(freqops_units, **units)
    systemd.told.clear()
    units["units"]["one.service"] += "TimeoutStartSec=9\n"
    changed = run(freqops_units, **units)
    assert changed["touched"] == ["one.service", "one.timer"]
    assert systemd.told == ["daemon-reload", "enable one.timer", "restart one.timer"]
    assert "TimeoutStartSec=9" in changed["diff"][0]["after"]


@pytest.mark.parametrize("what", ["enabled", "active"])
def test_a_timer_that_somebody_stopped_runs_again(run: Run, systemd: Systemd, units: dict[str, Any], what: str) -> None:
    run(freqops_units, **units)
    systemd.told.clear()
    getattr(systemd, what).clear()
    assert run(freqops_units, check=True, **units)["touched"] == ["one.timer"]
    assert run(freqops_units, **units)["touched"] == ["one.timer"]
    assert systemd.told == ["enable one.timer", "start one.timer"]


def test_one_that_was_told_to_run_and_does_not_is_no_success(run: Run, systemd: Systemd, units: dict[str, Any]) -> None:
    systemd.broken = True
    answer = run(freqops_units, **units)
    assert answer["failed"] is True
    assert "one.timer: systemd was asked to run it" in answer["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_a_unit_that_a_drop_in_overrides_is_no_success(
    run: Run, systemd: Systemd, units: dict[str, Any], check: bool
) -> None:
    run(freqops_units, **units)
    systemd.drop_ins = "/etc/systemd/system/one.service.d/x.conf"
    answer = run(freqops_units, check=check, **units)
    assert answer["failed"] is True
    assert "one.service is overridden by /etc/systemd/system/one.service.d/x.conf" in answer["msg"]


def test_what_is_to_be_gone_is_stopped_first_but_not_what_it_started(
    run: Run, systemd: Systemd, tmp_path: Path, units: dict[str, Any]
) -> None:
    (tmp_path / "two.timer").write_text(TIMER)
    (tmp_path / "two.service").write_text(SERVICE)
    run(freqops_units, **units)
    assert systemd.told[:2] == ["disable --now two.timer", "daemon-reload"]
    assert not any("two.service" in told for told in systemd.told)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.service", "one.timer"]


def test_a_unit_that_others_may_change_is_closed_again(
    run: Run, systemd: Systemd, tmp_path: Path, units: dict[str, Any]
) -> None:
    run(freqops_units, **units)
    (tmp_path / "one.service").chmod(0o666)
    assert run(freqops_units, **units)["touched"] == ["one.service", "one.timer"]
    assert (tmp_path / "one.service").stat().st_mode & 0o7777 == 0o644
    assert "restart one.timer" in systemd.told
