"""Dumps that follow into a repository elsewhere as soon as they are made, and what is said where they do not."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest

from freqops.core.backup import successes
from freqops.core.backup.store import Dump, Store
from freqops.core.base import durable
from freqops.core.base.errors import NotProven, Refused
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.hostctl import cli
from freqops.hostctl.backup import ages, dumps, newest_dumps
from freqops.hostctl.commands import backup
from tests.unit.hostctl.backup.repositories.conftest import Host, local, one

RED_S = 240


@pytest.fixture
def host(host: Host) -> Host:
    """Return a host whose repository takes dumps, and whose bots have one each."""
    host.declare(local(dumps=True))
    for name in ("alpha", "beta"):
        dumped(host, name)
    return host


def dumped(host: Host, name: str) -> Dump:
    host.clock.sleep(1)
    return dumps.take(host.root / "bots" / name, host.clock, host.engine)


def store(host: Host, name: str) -> Store:
    return Store(Home(host.root / "bots" / name).dumps)


def test_the_newest_dumps_are_in_a_snapshot_that_counts(host: Host) -> None:
    newest = dumped(host, "alpha")
    row = one(host.backups.follow())
    assert (row.proven, row.changed) == (True, True)
    found = host.vault().contents().counted[row.snapshot]
    assert (found.parts, sorted(found.bots), found.without) == (("trades",), ["alpha", "beta"], ())
    assert found.bots["alpha"] == newest.manifest
    assert len(store(host, "alpha").dumps()) == 2  # none was made
    assert host.known().dumps == newest_dumps.stamps(host.root)


def test_what_is_there_already_is_not_asked_for_again(host: Host) -> None:
    host.backups.follow()
    host.asked.clear()
    row = one(host.backups.follow())
    assert (row.proven, row.changed, row.detail) == (True, False, ["it has the newest dumps"])
    assert host.asked == []
    dumped(host, "beta")
    assert one(host.backups.follow()).changed


def test_what_was_known_before_dumps_followed_is_read(host: Host) -> None:
    path = successes.place(host.root)
    document = json.loads(path.read_text())
    del document["repositories"]["local"]["dumps"]
    path.write_text(json.dumps(document))
    assert host.known().dumps == {}
    assert one(host.backups.follow()).changed


def test_a_bot_without_a_dump_is_named_and_no_dump_at_all_is_none(host: Host) -> None:
    host.add_bot("gamma")
    row = one(host.backups.follow())
    assert host.vault().contents().counted[row.snapshot].without == ("gamma",)
    for name in ("alpha", "beta"):
        for dump in store(host, name).dumps():
            (dump.path / "manifest.json").unlink()
    host.asked.clear()
    row = one(host.backups.follow())
    assert (row.changed, row.detail, host.asked) == (False, ["there is no dump yet"], [])


def test_a_dump_whose_bytes_changed_does_not_get_there(host: Host) -> None:
    database = store(host, "beta").dumps()[-1].path / "database"
    data = bytearray(database.read_bytes())
    data[-1] ^= 1
    database.write_bytes(data)
    with pytest.raises(NotProven, match="beta: database of its dump is not what its manifest says"):
        host.backups.follow()
    assert host.known().dumps == {}


def test_a_status_of_0_proves_no_dump_there(host: Host) -> None:
    def lost(words: list[str]) -> subprocess.CompletedProcess[bytes] | None:
        return subprocess.CompletedProcess(words, 0, b"{}", b"") if "dump" in words else None

    host.before = lost
    row = one(host.backups.follow())
    assert not row.proven
    assert "has another manifest" in row.problems[0]
    assert host.known().dumps == {}


def test_dumps_that_are_emptier_than_what_is_there_do_not_follow(host: Host) -> None:
    host.backups.follow()
    host.sql("alpha", "delete from orders")
    host.sql("alpha", "delete from trades")
    host.clock.sleep(1)
    dumps.take(host.root / "bots" / "alpha", host.clock, host.engine, accept_loss=True)
    row = one(host.backups.follow())
    assert not row.proven
    assert "alpha: trades had 2 rows, and has none" in row.problems[0]
    assert host.backed_up(asked=("trades",), emptied=("alpha",)).proven
    assert one(host.backups.follow()).proven


def test_a_bot_that_went_live_has_another_database(host: Host) -> None:
    host.backups.follow()
    path = host.root / "bots" / "alpha" / "bot.json"
    path.write_text(path.read_text().replace('"paper"', '"live"'))
    assert layout.load_bot(host.root / "bots" / "alpha").is_live
    host.sql("alpha", "delete from orders")
    host.sql("alpha", "delete from trades")
    dumped(host, "alpha")
    assert one(host.backups.follow()).proven


def test_a_lock_whose_holder_is_gone_is_taken_away_and_one_whose_holder_lives_is_not(host: Host) -> None:
    said = b"unable to create lock in backend: repository is already locked by PID 1"
    left = [1]

    def locked(words: list[str]) -> subprocess.CompletedProcess[bytes] | None:
        if "backup" in words and left[0] > 0:
            left[0] -= 1
            return subprocess.CompletedProcess(words, 1, b"", said)
        return None

    host.before = locked
    assert one(host.backups.follow()).proven
    assert [words for words in host.asked if "unlock" in words]
    dumped(host, "alpha")
    left[0] = 2
    row = one(host.backups.follow())
    assert not row.proven
    assert "another restic that lives has it locked" in row.problems[0]


def test_it_waits_for_a_dump_that_is_made_and_never_runs_beside_a_backup(host: Host) -> None:
    with durable.locked(host.root / "backup" / ".lock", 0, host.clock), pytest.raises(Refused, match="another backup"):
        host.backups.follow()
    with (
        durable.locked(Home(host.root / "bots" / "alpha").dump_lock, 0, host.clock),
        pytest.raises(NotProven, match="a dump is being made"),
    ):
        host.backups.follow()


def test_what_takes_dumps_follows_from_its_place(host: Host) -> None:
    assert local(url="sftp:vault:/x").takes_dumps
    assert not local(url="/srv/x").takes_dumps
    assert not local(url="sftp:vault:/x", secrets=True).takes_dumps
    assert not local(url="sftp:vault:/x", dumps=False).takes_dumps
    host.declare(local())
    with pytest.raises(Refused, match="no repository of this host takes dumps"):
        host.backups.follow()


def test_status_names_what_is_missing_there_with_its_cure(host: Host) -> None:
    host.backed_up()
    host.backups.follow()
    made = dumped(host, "alpha")
    dumped(host, "alpha")
    host.clock.sleep(RED_S - 2)
    assert ages.look(host.root, host.clock)[0] == []
    host.clock.sleep(5)
    [line] = ages.look(host.root, host.clock)[0]
    assert line.startswith(f"repository local lacks the dumps of alpha from {made.stamp} on, ")
    assert line.endswith(f"(red above {RED_S} s): 'freqops-host backup dumps' says why")
    host.clock.ahead = -3600.0  # a clock that was set back hides nothing
    assert len(ages.look(host.root, host.clock)[0]) == 3
    host.clock.ahead = 0.0
    host.backups.follow()
    assert ages.look(host.root, host.clock)[0] == []
    host.declare(local())
    dumped(host, "alpha")
    host.clock.sleep(RED_S + 2)
    assert ages.look(host.root, host.clock)[0] == []


@pytest.mark.parametrize(("declared", "orders"), [(local(dumps=True), 1), (local(), 0)])
def test_a_round_that_dumped_orders_it_at_once(host: Host, declared: Any, orders: int) -> None:
    asked: list[list[str]] = []

    def run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        asked.append(list(words))
        return subprocess.CompletedProcess(list(words), 0, "", "")

    host.declare(declared)
    newest_dumps.bring_away(host.root, run, os.geteuid())
    assert asked == [["systemctl", "start", "--no-block", "freqops-backup-dumps.service"]] * orders
    (host.root / "backup" / "repositories.json").unlink()
    newest_dumps.bring_away(host.root, run, os.geteuid())
    assert len(asked) == orders


def test_the_command_of_the_timer_says_only_what_it_did(
    host: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(backup, "Backups", lambda _root, _clock, _engine: host.backups)
    monkeypatch.setattr(backup, "IN_SESSION", False)
    assert cli.main(["backup", "dumps", "--quiet"], host.root) == 0
    assert "has the newest dumps: alpha 2" in capsys.readouterr().out
    assert cli.main(["backup", "dumps", "--quiet"], host.root) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["backup", "dumps"], host.root) == 0
    assert capsys.readouterr().out == "local: it has the newest dumps\n"
    dumped(host, "alpha")
    host.before = lambda words: (_ for _ in ()).throw(OSError("boom")) if "backup" in words else None
    assert cli.main(["backup", "dumps", "--quiet"], host.root) == 2
    assert "NOT PROVEN: boom" in capsys.readouterr().out
