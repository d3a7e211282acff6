"""Commands share a connection to a host, through a socket that nobody else can reach."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from lab.base.failure import LabError
from lab.hosts import ssh


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary directory as short as the system's."""
    monkeypatch.setattr(tempfile, "tempdir", tempfile.mkdtemp(dir="/var/tmp", prefix=""))
    return Path(tempfile.gettempdir())


def sockets(command: list[str]) -> list[Path]:
    """Return where a command line keeps its connection."""
    return [Path(word.removeprefix("ControlPath=")) for word in command if word.startswith("ControlPath=")]


def test_a_new_connection_is_one(temporary: Path) -> None:
    assert sockets(ssh.command(20001, "true")) == []
    assert list(temporary.iterdir()) == []


def test_commands_to_a_host_share_one(temporary: Path) -> None:
    [first], [again], [other] = (sockets(ssh.command(port, "true", kept=True)) for port in (20001, 20001, 20002))
    assert first == again != other
    assert len(str(first)) <= 100
    assert first.parent.parent == temporary
    assert first.parent.stat().st_mode & 0o777 == 0o700


def test_a_directory_that_others_may_write_to_is_refused() -> None:
    [socket] = sockets(ssh.command(20001, kept=True))
    socket.parent.chmod(0o770)
    with pytest.raises(LabError, match="no directory of yours alone"):
        ssh.command(20001, kept=True)


def test_where_no_socket_fits_every_command_has_its_own(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    far = temporary / ("x" * 80)
    far.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(far))
    assert sockets(ssh.command(20001, kept=True)) == []


def test_hanging_up_where_nothing_is_kept_does_nothing(temporary: Path) -> None:
    ssh.hang_up(20001)
    assert [path.name for path in temporary.rglob("*")] == [f"freqops-lab-ssh-{temporary.stat().st_uid}"]
