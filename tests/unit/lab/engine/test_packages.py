"""Packages are installed as root on Debian; everywhere else the exact command is printed."""

import os
import platform

import pytest

from lab.base.failure import LabError
from lab.engine import packages


def ignore(_: str) -> None:
    """Show nothing."""


@pytest.fixture(autouse=True)
def never_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(command: list[str]) -> str:
        raise AssertionError(command)

    monkeypatch.setattr(packages, "run", refuse)


def on(monkeypatch: pytest.MonkeyPatch, system: str, user: int) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": system})
    monkeypatch.setattr(os, "geteuid", lambda: user)


def test_nothing_happens_when_the_program_is_there() -> None:
    packages.require(["sh"], ["dash"], ignore)


def test_a_user_is_told_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, "debian", 1000)
    with pytest.raises(LabError, match=r"sudo apt-get install -y --no-install-recommends docker\.io iptables"):
        packages.require(["no-such-dockerd"], ["docker.io", "iptables"], ignore)


def test_another_system_is_told_where_it_would_work(monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, "fedora", 0)
    with pytest.raises(LabError, match="on Debian or Ubuntu"):
        packages.require(["no-such-dockerd"], ["docker.io"], ignore)
