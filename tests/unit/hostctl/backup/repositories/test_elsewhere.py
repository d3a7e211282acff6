"""A repository that one host adds to and another keeps: what the one notices, and what the other forgets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import successes
from freqops.core.base.errors import NotProven
from freqops.hostctl import cli
from freqops.hostctl.backup import ages
from freqops.hostctl.backup.backups import Backups
from freqops.hostctl.commands import backup
from tests.unit.hostctl.backup.repositories.conftest import Host, local, one

DAY = 86400.0
ACCOUNT = "fqr-0123456789ab"
AT = {"host": "keeper-1", "address": "192.0.2.7", "port": 22, "account": ACCOUNT}
VAULT = {"name": "vault", "at": AT}
LOCKED = b"unable to create lock in backend: repository is already locked by PID 7 on paper-1 by root"


def declare(home: Path, *rows: dict[str, Any]) -> None:
    path = home / "backup/repositories.json"
    path.write_text(json.dumps({"version": 1, "repositories": rows}))
    path.chmod(0o600)


class Keeper:
    """The host on which the repository of ``host`` lies: the same directory, seen by the account that has it."""

    def __init__(self, host: Host, tree: Path) -> None:
        self.host, self.tree = host, tree
        self.home = tree / ACCOUNT
        (self.home / "backup/keys").mkdir(parents=True)
        shutil.copy(host.root / "backup/keys/local", self.home / "backup/keys/local")
        (self.home / "called").write_text("local of paper-1\n")
        (self.home / "repository").symlink_to(host.url)
        declare(self.home, {"name": "local", "url": str(self.home / "repository"), "keep_days": 30, "keep_least": 1})

    @property
    def backups(self) -> Backups:
        return Backups(self.home, self.host.clock, self.host.engine, self.host.run, os.geteuid())

    def arrived(self, number: str, moment: datetime) -> None:
        os.utime(self.host.url / "snapshots" / number, (moment.timestamp(), moment.timestamp()))


@pytest.fixture
def keeper(host: Host, tmp_path: Path) -> Keeper:
    host.declare(local(append_only=True, keep_days=30, keep_least=1))
    return Keeper(host, tmp_path / "tree")


def snapshots(host: Host) -> set[str]:
    return {path.name for path in (host.url / "snapshots").iterdir()}


def added(host: Host, keeper: Keeper) -> str:
    number = host.backed_up().snapshot
    keeper.arrived(number, host.clock.utcnow())
    return number


def test_a_key_and_a_password_are_made_and_the_rest_waits_for_the_other_host(bare: Host) -> None:
    declare(bare.root, VAULT)
    assert one(bare.backups.prepare(look=True)).changed
    row = one(bare.backups.prepare())
    assert (row.changed, row.detail) == (
        True,
        ["NOT SET UP: keeper-1 does not let this host in yet; repositories.yml sets it up"],
    )
    keys = bare.root / "backup/keys"
    assert {path.name: path.stat().st_mode & 0o777 for path in keys.iterdir()} == {
        "vault": 0o400, "vault.ssh": 0o400, "vault.ssh.pub": 0o644,
    }  # fmt: skip
    public = (keys / "vault.ssh.pub").read_text().split()
    assert (public[0], len(public[1]), public[2]) == ("ssh-ed25519", 68, "vault.ssh")
    assert not one(bare.backups.prepare()).changed
    assert bare.asked == [["restic", "version"]] * 3, "it is not reached for"
    assert "does not let this host in yet: repositories.yml" in one(bare.backups.back_up((), None)).problems[0]


def test_a_key_that_is_gone_is_made_again(bare: Host) -> None:
    declare(bare.root, VAULT)
    bare.backups.prepare()
    key = bare.root / "backup/keys/vault.ssh"
    first = key.read_bytes()
    key.unlink()
    assert one(bare.backups.prepare()).changed
    assert key.read_bytes() != first


def test_the_way_is_taken_with_both_files_and_neither_may_be_anothers(bare: Host) -> None:
    declare(bare.root, VAULT)
    bare.backups.prepare()
    known = bare.root / "backup/keys/vault.known_hosts"
    known.write_text("keeper-1 ssh-ed25519 x\n")
    bare.before = lambda words: None if "version" in words else (_ for _ in ()).throw(NotProven("it was asked"))
    with pytest.raises(NotProven, match="it was asked"):
        bare.backups.prepare()
    [program] = [word for word in bare.asked[-1] if word.startswith("rclone.program=")]
    assert str(known) in program
    assert f"IdentityFile={bare.root}/backup/keys/vault.ssh" in program
    asked = len(bare.asked)
    known.chmod(0o666)
    [said] = one(bare.backups.prepare()).detail
    assert said.startswith("NOT SET UP: repository vault: ")
    assert "vault.known_hosts" in said
    assert bare.asked[asked:] == [["restic", "version"]]


def test_status_waits_for_the_other_host_as_for_any_first_backup(bare: Host) -> None:
    declare(bare.root, VAULT)
    bare.backups.prepare()
    password = bare.root / "backup/keys/vault"
    os.utime(password, (bare.clock.utcnow().timestamp(),) * 2)
    wrong, notes = ages.look(bare.root, bare.clock)
    assert wrong == []
    assert "repositories.yml sets it up" in notes[-1]
    bare.clock.sleep(2 * DAY + 60)
    assert "it never succeeded since it was declared" in ages.look(bare.root, bare.clock)[0][0]


def test_what_the_rule_does_not_keep_is_forgotten_where_it_lies(host: Host, keeper: Keeper) -> None:
    oldest = added(host, keeper)
    host.clock.sleep(10 * DAY)
    middle = added(host, keeper)
    host.clock.sleep(25 * DAY)
    newest = added(host, keeper)
    row = one(keeper.backups.tend())
    assert (row.problems, row.proven) == ([], True)
    assert row.detail == ["1 snapshots forgotten, as the rule has it", "every byte was read; pruned, and checked"]
    assert snapshots(host) == {middle, newest}
    assert one(host.backups.check(None, read_data=False)).proven, "its own host keeps no more than the rule"
    assert not (host.root / f"backup/manifests/local/{oldest}.json").exists()
    assert one(keeper.backups.tend()).detail == ["nothing is due"]


def test_nothing_that_a_hostile_host_adds_and_dates_pushes_out_what_came_before(host: Host, keeper: Keeper) -> None:
    honest = []
    for _ in range(3):
        honest.append(added(host, keeper))
        host.clock.sleep(3 * DAY)
    now = host.clock.utcnow()
    for days in (8.9, 5.9, 2.9):  # each the last of a day on which there is an honest one, by its own words
        host.clock.ahead = -days * DAY
        keeper.arrived(host.backed_up().snapshot, now)
    host.clock.ahead = 0.0
    assert one(keeper.backups.tend()).proven
    assert snapshots(host) >= set(honest)


def test_what_is_not_whole_is_named_before_anything_goes(host: Host, keeper: Keeper) -> None:
    (host.root / "user_data/runs").mkdir(parents=True)
    (host.root / "user_data/runs/large").write_bytes(os.urandom(200_000))  # a pack that only reading proves
    for _ in range(2):
        added(host, keeper)
        host.clock.sleep(40 * DAY)
    before = snapshots(host)
    pack = max(
        (path for path in (host.url / "data").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size
    )
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(data)
    row = one(keeper.backups.tend())
    assert "it is damaged" in row.problems[0]
    assert snapshots(host) == before
    assert not any({"forget", "prune"} & set(words) for words in host.asked)


@pytest.mark.parametrize("program", ["check", "prune"])
def test_a_host_that_backs_up_just_now_is_waited_for(host: Host, keeper: Keeper, program: str) -> None:
    added(host, keeper)
    began_s, left = host.clock.now, [6]

    def locked(words: list[str]) -> subprocess.CompletedProcess[bytes] | None:
        if program in words and left[0] > 0:
            left[0] -= 1
            return subprocess.CompletedProcess(words, 1, b"", LOCKED)
        return None

    host.before = locked
    [row] = keeper.backups.tend().rows
    assert (row.problems, row.detail) == ([], ["every byte was read; pruned, and checked"])
    assert host.clock.now > began_s


def test_a_host_that_never_ends_is_named_after_two_minutes(host: Host, keeper: Keeper) -> None:
    added(host, keeper)
    began_s = host.clock.now
    host.before = lambda words: subprocess.CompletedProcess(words, 1, b"", LOCKED) if "check" in words else None
    [row] = keeper.backups.tend().rows
    assert not row.proven
    assert "another restic that lives has it locked" in row.problems[0]
    assert 120 <= host.clock.now - began_s < 130


def test_a_repository_that_is_not_there_yet_is_not_made(host: Host, keeper: Keeper) -> None:
    (keeper.home / "repository").unlink()
    (keeper.home / "repository").mkdir()
    row = one(keeper.backups.tend())
    assert "there is none at" in row.problems[0]
    assert list((keeper.home / "repository").iterdir()) == []


def test_another_repository_in_its_place_is_named(host: Host, keeper: Keeper) -> None:
    added(host, keeper)
    assert one(keeper.backups.tend()).proven
    state = successes.place(keeper.home)
    state.write_text(state.read_text().replace(successes.load(keeper.home)["local"].id, "0" * 64))
    assert "another repository" in one(keeper.backups.tend()).problems[0]


def test_a_snapshot_that_vanishes_is_noticed_by_the_host_that_only_adds(host: Host, keeper: Keeper) -> None:
    first = added(host, keeper)
    host.clock.sleep(2 * DAY)
    added(host, keeper)
    (host.url / "snapshots" / first).unlink()
    row = one(host.backups.check(None, read_data=False))
    assert f"1 snapshots are gone that its rule keeps: {first[:8]} of 2026-01-02T03:04:05Z" in row.problems[0]


def test_status_tells_of_what_others_have_here(host: Host, keeper: Keeper) -> None:
    def look() -> tuple[list[str], list[str]]:
        return ages.look(host.root, host.clock, keeper.tree)

    host.backed_up()
    assert [line for line in look()[0] if "local of paper-1: its last success is not known" in line]
    keeper.backups.tend()
    assert look()[1][-1] == (
        "repository local of paper-1, last successes: prune 0.0 h ago, check 0.0 h ago, read-data 0.0 h ago"
    )
    host.clock.sleep(14 * DAY + 60)
    red = [line for line in look()[0] if "paper-1" in line]
    assert [line.partition(" ")[0] for line in red] == ["prune", "check", "read-data"]
    assert f"'systemctl start freqops-{ACCOUNT}.service' does it" in red[0]
    (keeper.home / "backup/repositories.json").write_text("{")
    assert any(line.startswith(f"the repository in {keeper.home}: ") for line in look()[0])


def test_only_the_account_of_a_repository_tends_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "IN_SESSION", False)
    assert cli.main(["backup", "tend"], host.root) == 1
    assert host.asked == []
