"""A kept connection may end at any moment: what was not asked for over it is asked for once more, and nothing else."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from lab.hosts.host import Host

LOST = "mux_client_request_alive: write packet: Broken pipe\n"


class Ssh:
    """What stands for ssh: it ends as it is told to, and remembers how it was called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *ends: tuple[int, str]) -> None:
        self.ends, self.kept = list(ends), list[bool]()
        monkeypatch.setattr(Host, "port", 2222)
        monkeypatch.setattr(subprocess, "run", self._run)

    def _run(self, line: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.kept.append("ControlMaster=auto" in line)
        status, said = self.ends.pop(0)
        return subprocess.CompletedProcess(line, status, "", said)


@pytest.mark.parametrize(
    ("ends", "kept"),
    [
        ([(255, LOST), (0, "")], [True, False]),
        ([(255, LOST), (255, "no route")], [True, False]),
        ([(255, "Connection closed by remote host")], [True]),
        ([(1, LOST)], [True]),
        ([(0, "")], [True]),
    ],
)
def test_only_what_was_never_asked_for_is_asked_for_once_more(
    monkeypatch: pytest.MonkeyPatch, ends: list[tuple[int, str]], kept: list[bool]
) -> None:
    ssh = Ssh(monkeypatch, *ends)
    done = Host("paper-1").run("true")
    assert (done.rc, done.err) == ends[-1]
    assert ssh.kept == kept


def test_a_connection_of_its_own_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ssh = Ssh(monkeypatch, (255, LOST))
    assert Host("paper-1").run("true", fresh=True).rc == 255
    assert ssh.kept == [False]
