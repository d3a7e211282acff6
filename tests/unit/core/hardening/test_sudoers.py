"""Lines of sudo: who may run what, judged by sudo itself, and taken back unless a new connection confirms them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from freqops.core.base import commands
from freqops.core.base.errors import NotProven
from freqops.core.hardening.guard import Guard
from freqops.core.hardening.sudoers import HOST, OPERATOR, Sudoers, render

END = "203.0.113.1 4711"
ANN = render(1000, "ann")


class Host:
    """A host on which every command succeeds, but for those that are told to fail."""

    def __init__(self, root: Path) -> None:
        self.asked: list[list[str]] = []
        self.fails: set[str] = set()
        self.path = root / "freqops"
        self.lines = Sudoers(self.run, Guard("sudoers", self.run, root / "run"), self.path)

    def run(self, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.asked.append(list(argv))
        if argv[0] == "/bin/sh":
            return commands.run(argv)
        return subprocess.CompletedProcess(list(argv), int(argv[0] in self.fails), "ann\n", "it says no")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_the_account_that_deploys_and_the_operators_have_a_line_each() -> None:
    lines = [line for line in ANN.splitlines() if "NOPASSWD" in line]
    assert lines == [f"ann ALL=(root) NOPASSWD: {HOST}", f"%freqops-operators ALL=(root) NOPASSWD: {OPERATOR}"]
    assert not any(mark in ANN for mark in ("*", "sudo ", "SETENV"))


def test_root_needs_no_line_of_its_own() -> None:
    assert [line.split()[0] for line in render(0, "root").splitlines() if "NOPASSWD" in line] == ["%freqops-operators"]


@pytest.mark.parametrize("name", ["ALL", "%sudo", "ann,bob", "ann ALL=(ALL) ALL #", "a\nb", "DOM\\\\ann", "#0", ""])
def test_a_name_that_means_something_to_sudo_is_written_as_a_number(name: str) -> None:
    text = render(1000, name)
    assert "\n#1000 ALL=(root) NOPASSWD: " in text
    assert len(text.splitlines()) == 4


def test_the_interpreter_is_the_systems_own() -> None:
    [settings] = [line for line in ANN.splitlines() if line.startswith("Defaults")]
    assert settings.startswith(f"Defaults!{HOST},{OPERATOR} ")
    assert {"env_reset", "!setenv"} <= set(settings.replace(",", " ").split())
    assert 'secure_path="/usr/sbin:/usr/bin:/sbin:/bin"' in settings


def test_new_lines_wait_for_their_confirmation(host: Host) -> None:
    host.path.write_text("old\n")
    host.lines.change(ANN, 60, END)
    assert (host.lines.current(), oct(host.path.stat().st_mode & 0o777)) == (ANN, "0o440")
    assert any(argv[0] == "systemd-run" for argv in host.asked)
    commands.run(["/bin/sh", str(host.lines.guard.place / "take-back")])
    assert (host.lines.current(), oct(host.path.stat().st_mode & 0o777)) == ("old\n", "0o440")
    with pytest.raises(NotProven, match="TAKEN BACK"):
        host.lines.confirm("203.0.113.1 4712")


def test_lines_that_were_not_there_are_gone_again(host: Host) -> None:
    host.lines.change(ANN, 60, END)
    commands.run(["/bin/sh", str(host.lines.guard.place / "take-back")])
    assert not host.path.exists()


def test_a_confirmation_makes_them_stay(host: Host) -> None:
    host.lines.change(ANN, 60, END)
    host.lines.confirm("203.0.113.1 4712")
    assert commands.run(["/bin/sh", str(host.lines.guard.place / "take-back")]).returncode != 0
    assert host.lines.current() == ANN


def test_what_sudo_does_not_accept_is_never_in_place(host: Host) -> None:
    host.path.write_text("old\n")
    host.fails = {"/usr/sbin/visudo"}
    with pytest.raises(NotProven, match="it says no"):
        host.lines.change("nonsense", 60, END)
    assert host.lines.current() == "old\n"
    assert not list(host.path.parent.glob(".freqops*"))


def test_without_a_timer_nothing_is_changed(host: Host) -> None:
    host.path.write_text("old\n")
    host.fails = {"systemd-run"}
    with pytest.raises(NotProven):
        host.lines.change(ANN, 60, END)
    assert host.lines.current() == "old\n"


def test_a_host_that_is_not_reached_by_ssh_gets_them_at_once(host: Host) -> None:
    host.lines.change(ANN, 0, "")
    assert host.lines.current() == ANN
    assert not any(argv[0] == "systemd-run" for argv in host.asked)
