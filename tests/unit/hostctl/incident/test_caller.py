"""Who called a command, in the words of root's own processes: nothing that the caller could put there."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from freqops.core.base import commands
from freqops.hostctl.incident import caller, recorded

KEY = "ED25519 SHA256:lkqs1Q0wCbB6dRqCuHZKkdzV2QlEcJzhm9H2bqY3P8w"
SAID = f"Accepted publickey for ops from 203.0.113.1 port 4711 ssh2: {KEY}"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "_servers", [])


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A chain of processes: the command, sudo, a shell that calls itself sshd, and the two servers, one of root's."""
    chain = [
        (os.getpid(), "python3", 0), (50, "sudo", 0), (40, "sshd: root", 1000), (30, "sshd-session", 1000),
        (20, "sshd-session", 0), (10, "sshd) S 1 (", 0), (1, "systemd", 0),
    ]  # fmt: skip
    for (pid, name, _), (parent, _, _) in zip(chain, [*chain[1:], (0, "", 0)], strict=True):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} 1 1 0 -1 0 0 0\n")
    owners = {str(tmp_path / str(pid)): uid for pid, _, uid in chain}
    stat = Path.stat

    def owned(path: Path, **options: Any) -> Any:
        return SimpleNamespace(st_uid=owners[str(path)]) if str(path) in owners else stat(path, **options)

    monkeypatch.setattr(Path, "stat", owned)
    return tmp_path


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    asked: list[list[str]] = []

    def run(words: Sequence[str], _seconds: float) -> subprocess.CompletedProcess[str]:
        asked.append(list(words))
        return subprocess.CompletedProcess(list(words), 0, f"Connection from 203.0.113.1\n{SAID}\nStarted\n", "")

    monkeypatch.setattr(commands, "run", run)
    return asked


def test_only_servers_of_root_are_believed(proc: Path) -> None:
    assert caller.servers(os.getpid(), proc) == [20, 10]


def test_the_key_is_what_the_server_said(proc: Path, journal: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", "0")
    caller.remember(proc)
    assert caller.known() == {"account": "root", "login": "publickey", "address": "203.0.113.1", "key": KEY}
    [asked] = journal
    assert {"_UID=0", "_PID=20", "_PID=10", "--boot"} <= set(asked)


def test_what_the_journal_does_not_have_is_not_known(proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "run", lambda *_: subprocess.CompletedProcess([], 1, "Accepted by nobody\n", ""))
    caller.remember(proc)
    assert caller.known()["key"] is None


def test_at_a_console_the_journal_is_not_asked(journal: list[list[str]]) -> None:
    assert caller.known()["login"] is None
    assert journal == []


@pytest.mark.parametrize("uid", ["4000000000", "12345678"])
def test_an_account_that_is_gone_is_a_number(uid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", uid)
    assert caller.known()["account"] == f"#{uid}"


def test_every_evidence_says_who_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "known", lambda: {"account": "ops"})
    assert recorded.record(tmp_path, "one", "halt", {"actor": "somebody else", "run_by": "a liar"}) is None
    [path] = (tmp_path / "incidents" / "one").iterdir()
    assert json.loads(path.read_text()) == {"actor": "somebody else", "run_by": {"account": "ops"}}
