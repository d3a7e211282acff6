"""Files that others could read or change are red, each by itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from freqops.core.security import file_modes
from freqops.core.security.row import OK, RED

HERE = dict.fromkeys(file_modes.OWNERS, os.getuid())
FILES = {
    "conf/secrets.json": 0o400, "conf/freqops-host": 0o555, "bot.json": 0o644, "compose.yml": 0o644,
    "container.json": 0o600, "staged/secrets.json": 0o400, "lockout/leaked.json": 0o400, "sold.json": 0o600,
}  # fmt: skip
DIRECTORIES = {".": 0o755, "conf": 0o750, "staged": 0o700, "lockout": 0o700, "release": 0o755, "dumps": 0o700}
OF_HOST = {
    "srv/incidents": 0o700, "srv/user_data/logs": 0o700, "srv/user_data/state": 0o700, "srv/user_data/registry": 0o755,
    "srv/backup": 0o700, "srv/backup/keys": 0o700, "srv/postgres/secrets": 0o500, "etc/sudoers.d": 0o755,
    "etc/freqops": 0o755, "usr/local/lib/freqops": 0o755,
}  # fmt: skip
FILES_OF_HOST = {
    "usr/local/bin/freqops-host": 0o755, "usr/local/bin/freqops-operator": 0o755, "etc/sudoers.d/freqops": 0o440,
    "etc/freqops/risk.json": 0o644, "etc/systemd/system/freqops-guard.service": 0o644,
    "srv/backup/keys/vault": 0o400, "srv/postgres/secrets/superuser": 0o400, "srv/moved/alpha.json": 0o600,
    "srv/user_data/registry/strategies_registry.sqlite": 0o644, "srv/security_check.json": 0o600,
    "run/docker.sock": 0o660,
}  # fmt: skip


@pytest.fixture(autouse=True)
def owned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the files of a test belong to whom it runs as."""
    monkeypatch.setattr(file_modes, "OWNERS", HERE)


def lay(place: Path, files: dict[str, int], directories: dict[str, int]) -> None:
    for name in directories:
        (place / name).mkdir(parents=True, exist_ok=True)
    for name, mode in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("x")
        (place / name).chmod(mode)
    for name, mode in directories.items():
        (place / name).chmod(mode)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    lay(tmp_path / "alpha", FILES, DIRECTORIES)
    return tmp_path / "alpha"


@pytest.fixture
def system(tmp_path: Path) -> Path:
    (tmp_path / "srv" / "bots").mkdir(parents=True)
    lay(tmp_path, FILES_OF_HOST, OF_HOST)
    return tmp_path


def test_a_bot_as_deploy_lays_it_is_ok(home: Path) -> None:
    assert file_modes.of_bot(home).verdict == OK


def test_a_host_as_deploy_lays_it_is_ok(system: Path) -> None:
    row = file_modes.of_host(system / "srv", system)
    assert row.verdict == OK, row


@pytest.mark.parametrize(("name", "mode"), [*FILES.items(), *DIRECTORIES.items()])
def test_what_others_may_write_of_a_bot_is_red(home: Path, name: str, mode: int) -> None:
    (home / name).chmod(mode | 0o002)
    row = file_modes.of_bot(home)
    assert row.verdict == RED
    assert str(home / name) in row.evidence
    assert "chmod" in row.evidence


@pytest.mark.parametrize("name", ["conf/secrets.json", "staged/secrets.json"])
@pytest.mark.parametrize("mode", [0o440, 0o404, 0o600, 0o500])
def test_secrets_that_somebody_else_may_read_are_red(home: Path, name: str, mode: int) -> None:
    (home / name).chmod(mode)
    assert file_modes.of_bot(home).verdict == RED


@pytest.mark.parametrize(("name", "mode"), [*FILES_OF_HOST.items(), *OF_HOST.items()])
def test_what_others_may_write_of_a_host_is_red(system: Path, name: str, mode: int) -> None:
    (system / name).chmod(mode | 0o002)
    row = file_modes.of_host(system / "srv", system)
    assert (row.verdict, str(system / name) in row.evidence) == (RED, True)


@pytest.mark.parametrize("name", ["srv/backup/keys/vault", "srv/postgres/secrets/superuser", "srv/incidents"])
def test_what_others_may_read_of_a_host_is_red(system: Path, name: str) -> None:
    (system / name).chmod(0o744)
    assert file_modes.of_host(system / "srv", system).verdict == RED


def test_another_owner_is_red(home: Path, system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_modes, "OWNERS", {**HERE, file_modes.BOT: os.getuid() + 1})
    assert file_modes.of_bot(home).verdict == RED
    monkeypatch.setattr(file_modes, "OWNERS", {**HERE, file_modes.ROOT: os.getuid() + 1})
    assert file_modes.of_host(system / "srv", system).verdict == RED


@pytest.mark.parametrize("name", ["conf/secrets.json", "bot.json", "compose.yml"])
def test_what_is_missing_or_a_link_is_red(home: Path, name: str) -> None:
    (home / name).rename(home / "elsewhere")
    assert file_modes.of_bot(home).verdict == RED
    (home / name).symlink_to(home / "elsewhere")
    row = file_modes.of_bot(home)
    assert (row.verdict, "is a link" in row.evidence) == (RED, True)


def test_many_are_counted(home: Path) -> None:
    for number in range(30):
        (home / "lockout" / f"{number}").write_text("x")
        (home / "lockout" / f"{number}").chmod(0o666)
    assert "; and 20 more" in file_modes.of_bot(home).evidence
