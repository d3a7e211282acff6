"""``freqops-host backup``: its arguments, its answer and its status."""

from __future__ import annotations

import json

import pytest

from freqops.hostctl import cli
from freqops.hostctl.commands import backup
from tests.unit.hostctl.backup.repositories.conftest import Host


@pytest.fixture
def command(host: Host, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr(backup, "Backups", lambda _root, _clock, _engine: host.backups)
    monkeypatch.setattr(backup, "IN_SESSION", False)
    return host


def test_it_backs_up_lists_and_checks(command: Host, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backup", "run", "--json"], command.root) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["exit"], said["repositories"][0]["proven"]) == (0, True)
    assert cli.main(["backup", "list"], command.root) == 0
    assert "yes" in capsys.readouterr().out
    assert cli.main(["backup", "check", "--read-data"], command.root) == 0
    assert "every byte was read" in capsys.readouterr().out
    assert cli.main(["backup", "prepare", "--json"], command.root) == 0
    command.before = lambda words: (_ for _ in ()).throw(OSError("boom")) if "cat" in words else None
    assert cli.main(["backup", "run"], command.root) == 2
    assert "local: NOT PROVEN: boom" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["list", "--only=trades"],
        ["run", "--to=/root"],
        ["run", "--read-data"],
        ["list", "--due"],
        ["check", "--emptied=alpha"],
        ["prepare", "--repository=local"],
        ["export", "--to=relative"],
        ["run", "--only=all"],
        ["run", "--repository=other"],
        ["restore"],
    ],
)
def test_what_means_nothing_is_refused(command: Host, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backup", *words], command.root) == 1
    assert "refused" in capsys.readouterr().out
    assert command.asked == []
