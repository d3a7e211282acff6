"""A repository that is lost for good: what is refused, what is made and seeded, and where a killed renewal goes on."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import renewal, snapshot_choice, successes
from freqops.core.base.errors import NotProven, Refused
from freqops.hostctl import cli
from freqops.hostctl.backup import ages
from freqops.hostctl.commands import renew_repository
from tests.unit.hostctl.backup.repositories.conftest import local
from tests.unit.hostctl.backup.repositories.losing import DAY, FAR, INCIDENT, LOST, Losing, grown


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture(scope="session")
def first(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Losing:
    return grown(tmp_path_factory.mktemp("grown") / "srv", made)


@pytest.fixture
def whole(first: Losing, tmp_path: Path) -> Losing:
    """Return a host both of whose repositories are there."""
    return first.twin(tmp_path / "srv")


@pytest.fixture
def lost(whole: Losing) -> Losing:
    """Return a host whose vault is gone."""
    whole.lose()
    return whole


def files(host: Losing) -> dict[str, bytes]:
    """Return every file of the host but for locks."""
    return {str(path.relative_to(host.root)): path.read_bytes() for path in sorted(host.root.rglob("*"))
            if path.is_file() and "lock" not in path.name and "locks" not in path.parts}  # fmt: skip


def refused(host: Losing, **words: Any) -> str:
    """Return why it is refused, by the look as by the act; nothing is touched."""
    before = files(host)
    with pytest.raises(Refused) as looked:
        host.renewing(**words).look()
    with pytest.raises(Refused) as acted:
        host.renewing(**words).run()
    assert str(looked.value) == str(acted.value)
    assert files(host) == before
    return str(acted.value)


def test_while_one_is_away_the_other_gets_its_backup_and_its_dumps_and_status_is_red_for_the_one_alone(
    lost: Losing,
) -> None:
    lost.declare(local(dumps=True), local("vault", dumps=True, append_only=True))
    well, away = lost.backups.back_up((), None).rows
    assert (well.proven, away.proven) == (True, False)
    assert "there was one: put it back; where it is gone for good, renew_repository.yml" in away.problems[0]
    rows = {row.repository: row for row in lost.backups.follow().rows}
    assert (rows["local"].proven, rows["vault"].proven) == (True, False)
    lost.clock.sleep(3 * DAY)
    assert lost.backups.back_up((), None).exit == 2
    lost.backups.follow()
    wrong, notes = ages.look(lost.root, lost.clock)
    assert wrong
    assert all("vault" in line and "local" not in line for line in wrong), wrong
    assert any("renew_repository.yml" in line for line in notes)


def test_what_is_lost_is_said_and_a_new_one_is_made_seeded_used_and_read(lost: Losing) -> None:
    had, gone = lost.known("vault"), lost.vault("vault").kept_manifests()[0]
    row = lost.renew()
    assert (row.problems, row.proven, row.changed) == ([], True, True)
    said = "\n".join(row.detail)
    assert f"lost: {LOST}" in said
    assert "gone with it: 5 snapshots, from" in said
    assert "in no other repository, and gone for good: 2 snapshots, from" in said
    assert "seeded from local: 3 snapshots, from" in said
    assert f"snapshot {row.snapshot[:8]} of" in said
    assert "every byte was read" in said
    known = lost.known("vault")
    assert (known.id != had.id, known.newest) == (True, row.snapshot)
    assert {successes.BACKUP, successes.CHECK, successes.READ_DATA} <= set(known.done)
    ours, theirs = (list(lost.vault(name).contents().counted.values()) for name in ("vault", "local"))
    assert ours[:-1] == theirs, "moments, host and manifest are those of the other repository"
    assert ours[-1].began == lost.clock.utcnow().replace(microsecond=0)
    kept = renewal.kept(lost.root, INCIDENT, "vault")
    assert {path.stem for path in kept.iterdir()} == set(gone)
    evidence = lost.evidence()
    assert evidence["gone"]["result"]["known"]["id"] == had.id
    assert {each["id"] for each in evidence["gone"]["result"]["gone"]} == set(gone)
    assert (evidence["result"]["proven"], evidence["result"]["result"]["outcome"]) == (True, "renewed")
    assert f"lost: {LOST}" in evidence["gone"]["result"]["detail"]
    assert lost.record().is_over
    assert lost.backups.check(None, read_data=False).exit == 0
    assert ages.look(lost.root, lost.clock)[0] == []


def test_moments_order_the_snapshots_of_the_new_one(lost: Losing) -> None:
    lost.renew()
    moments = lost.moments("vault")
    assert len(moments) == 4
    assert moments == sorted(moments)


@pytest.mark.parametrize("later", ["vault", "local"])
def test_what_is_copied_is_of_this_host_as_it_was_before(lost: Losing, later: str) -> None:
    known = successes.load(lost.root)
    changed = {**known, later: replace(known[later], since=known[later].since + timedelta(days=30))}
    successes.place(lost.root).write_text(json.dumps(successes.to_json(changed)))
    lost.renew()
    assert lost.known("vault").since == known["vault"].since
    vault = lost.vault("vault")
    for told in vault.contents().counted.values():
        here = replace(told, host=socket.gethostname())
        assert snapshot_choice.elsewhere(vault.repository, here, lost.known("vault").since) == ""


def test_each_copy_has_the_moment_of_its_snapshot(lost: Losing) -> None:
    lost.renew()
    asked = [words[words.index("--time") + 1] for words in lost.asked if "--time" in words]
    assert asked == [text[:-1].replace("T", " ") for text in lost.moments("local")]
    assert {seen["TZ"] for seen in lost.seen} == {"UTC"}


def test_an_older_copy_that_comes_later_is_not_the_newest(lost: Losing) -> None:
    oldest = lost.vault("local").numbers()[0]
    failed = subprocess.CompletedProcess([], 1, b"", b"Fatal: unexpected EOF")
    lost.before = lambda words: failed if "restore" in words and oldest in words else None
    newest = lost.renew().snapshot
    lost.before = lambda words: (
        failed if "/vault" in "".join(words[2:3]) and "backup" in words and "--time" not in words else None
    )
    assert not lost.renew().proven
    assert len(lost.moments("vault")) == 4
    assert lost.known("vault").newest == newest


def test_what_the_rule_would_forget_at_once_is_not_copied(lost: Losing) -> None:
    lost.declare(local(), local("vault", keep_days=1, keep_least=1, append_only=True))
    lost.clock.sleep(2 * DAY)
    row = lost.renew()
    assert row.proven
    assert any(line.startswith("seeded from local: 1 snapshot, of ") for line in row.detail), row.detail


def test_a_second_run_changes_nothing(lost: Losing) -> None:
    lost.renew()
    before = files(lost)
    row = lost.renew(incident="20260102T030405Z-another")
    assert (row.proven, row.changed) == (True, False)
    ended = lost.record().to_json()["ended"]
    assert row.detail == [f"nothing to do: it was renewed, proven on {ended}, incident {INCIDENT}"]
    assert files(lost) == before
    assert "nothing is lost" in refused(lost, lost="another story")


def test_one_that_is_lost_again_is_renewed_again(lost: Losing) -> None:
    lost.renew()
    lost.lose()
    row = lost.renew(incident="20260103T030405Z-another")
    assert (row.problems, row.changed) == ([], True)
    assert len(list(renewal.kept(lost.root, "20260103T030405Z-another", "vault").iterdir())) == 4


def test_a_check_says_the_same_and_touches_nothing(lost: Losing) -> None:
    before = files(lost)
    row = one_of(lost.renewing().look())
    assert (row.proven, row.changed) == (True, True)
    assert f"lost: {LOST}" in row.detail
    assert any(line.startswith("local seeds it: 3 snapshots") for line in row.detail)
    assert files(lost) == before
    assert not lost.vault_url.exists()


def one_of(answer: Any) -> Any:
    [row] = answer.rows
    return row


def test_history_that_is_there_is_never_thrown_away(whole: Losing) -> None:
    unlost = "it answers, and is the one that it was: nothing is lost, and nothing is thrown away"
    assert refused(whole) == f"vault: {unlost}"


def test_every_reason_is_said_at_once(whole: Losing) -> None:
    said = refused(whole, source="other")
    assert "nothing is lost" in said
    assert "other cannot seed it: allowed are repositories of this host for the same parts (local), and none" in said


@pytest.mark.parametrize("kind", ["directory", "file", "link"])
def test_what_else_lies_there_is_named_and_stays(lost: Losing, kind: str) -> None:
    if kind == "directory":
        lost.vault_url.mkdir()
        (lost.vault_url / "thesis.txt").write_text("years of work")
    elif kind == "file":
        lost.vault_url.write_text("years of work")
    else:
        lost.vault_url.symlink_to(lost.root)
    said = refused(lost)
    assert ("'thesis.txt' is there" if kind == "directory" else "is no directory") in said


def test_keys_without_a_repository_are_not_ours_before_a_renewal_began(lost: Losing) -> None:
    (lost.vault_url / "keys").mkdir(parents=True)
    (lost.vault_url / "keys" / ("a" * 64)).write_text("{}")
    assert "is not empty, and no repository" in refused(lost)


def test_another_repository_is_named_and_stays(lost: Losing) -> None:
    assert lost.vault("vault").make_anew()
    assert "another repository (" in refused(lost)
    (lost.root / "backup/keys/vault").chmod(0o600)
    (lost.root / "backup/keys/vault").write_text("another\n")
    (lost.root / "backup/keys/vault").chmod(0o400)
    assert "its password does not open it" in refused(lost)


def test_a_place_that_is_not_reached_is_no_loss(lost: Losing) -> None:
    lost.declare_far()
    said = refused(lost)
    assert "it cannot be reached at rclone:keeper-1:vault" in said
    assert "repositories.yml has keeper-1 let this host in" in said


def test_one_at_another_host_is_renewed_when_that_host_let_this_one_in_again(lost: Losing) -> None:
    lost.declare_far(let_in=False)
    assert "keeper-1 does not let this host in yet" in refused(lost)
    lost.declare_far()
    lost.keeper = lost.root.parent / "keeper" / "vault"
    lost.keeper.mkdir(parents=True)  # as repositories.yml does
    away = lost.backups.look("vault").rows[0]
    assert "where it is gone for good, renew_repository.yml" in away.problems[0]
    row = lost.renew()
    assert row.problems == []
    assert f"is at {FAR}" in "\n".join(row.detail)
    assert len(lost.moments("vault")) == 4
    assert lost.backups.look("vault").exit == 0


def test_with_its_password_lost_too_one_is_made_before_that_host_can_let_this_one_in(lost: Losing) -> None:
    lost.declare_far(let_in=False)
    password = lost.root / "backup/keys/vault"
    password.unlink()
    with pytest.raises(Refused, match=r"renew_repository\.yml makes a new one"):
        lost.backups.prepare()
    row = lost.renew()
    assert not row.proven
    assert row.problems == ["repository vault: keeper-1 does not let this host in yet; repositories.yml sets it up",
                            "the same call goes on from there"]  # fmt: skip
    made = password.read_bytes()
    lost.backups.prepare()
    lost.declare_far()
    lost.keeper = lost.root.parent / "keeper" / "vault"
    lost.keeper.mkdir(parents=True)
    assert lost.renew().problems == []
    assert password.read_bytes() == made


def test_half_of_one_at_another_host_is_named_with_its_cure(lost: Losing) -> None:
    lost.declare_far()
    lost.keeper = lost.root.parent / "keeper" / "vault"
    killed_at(lost, lambda words: "init" in words)
    spoilt = subprocess.CompletedProcess(
        [], 1, b"", b"Fatal: config or key a is damaged: ciphertext verification failed"
    )
    made: list[str] = []

    def before(words: list[str]) -> Any:  # as restic says it of a repository with the key of another one
        made.extend(["x"] if "init" in words else [])
        return spoilt if made and "init" not in words and str(lost.keeper) in words else None

    lost.before = before
    cure = "where that is what a killed renewal began, empty that directory where it lies"
    assert cure in lost.renew().problems[0]
    assert "where that is what a killed renewal began, empty that directory where it lies" in refused(lost)


def test_others_are_refused(whole: Losing) -> None:
    whole.declare(local(), local("vault"), local("theirs", of_host="paper-9"), local("new"))
    assert "never written to" in refused(whole, name="theirs")
    assert "unknown repository else; this host has local, vault" in refused(whole, name="else")
    assert "'freqops-host backup prepare' makes it" in refused(whole, name="new")


def test_a_backup_that_is_under_way_is_not_disturbed(lost: Losing) -> None:
    with lost.backups.alone():
        assert refused(lost) == "another backup is under way; nothing was done"


def test_with_nothing_to_seed_it_the_new_one_begins_empty_and_that_is_said(lost: Losing) -> None:
    lost.lose("local")
    row = lost.renew()
    assert row.problems == []
    assert "local is lost, too: there is none at" in "\n".join(row.detail)
    assert "begins empty: no other repository of this host that opens has a complete" in "\n".join(row.detail)
    assert len(lost.moments("vault")) == 1


def test_one_that_may_seed_and_does_not_open_is_not_passed_over(lost: Losing) -> None:
    password = lost.root / "backup/keys/local"
    password.chmod(0o600)
    password.write_text("wrong\n")
    password.chmod(0o400)
    assert "one may that does not (local: repository local: its password does not open it" in refused(lost)
    assert "local is to seed it, and cannot be opened" in refused(lost, source="local")
    row = lost.renew(source="none")
    assert row.problems == []
    assert any(line.startswith("local does not open, and what it has is not known") for line in row.detail)


def test_a_password_is_kept_and_made_only_where_it_is_missing(lost: Losing) -> None:
    password = lost.root / "backup/keys/vault"
    before = password.read_bytes()
    password.unlink()
    assert any("its password is missing" in line for line in one_of(lost.renewing().look()).detail)
    row = lost.renew()
    assert row.problems == []
    assert password.read_bytes() != before
    assert password.stat().st_mode & 0o777 == 0o400
    assert any(line.startswith("its password was missing, and a new one was made: copy") for line in row.detail)
    kept = password.read_bytes()
    lost.lose()
    assert lost.renew().proven
    assert password.read_bytes() == kept


def test_a_repository_whose_password_is_missing_is_not_made_over(whole: Losing) -> None:
    (whole.root / "backup/keys/vault").unlink()
    assert "a repository lies there, and its password is missing: put the copy of the password back" in refused(whole)


def test_a_snapshot_that_cannot_be_copied_is_named_and_the_others_are_there(lost: Losing) -> None:
    oldest = lost.vault("local").numbers()[0]
    failed = subprocess.CompletedProcess([], 1, b"", b"Fatal: unexpected EOF")
    lost.before = lambda words: failed if "restore" in words and oldest in words else None
    row = lost.renew()
    assert not row.proven
    assert f"snapshot {oldest[:8]} of local is not copied" in row.problems[0]
    assert row.problems[-1] == "the same call goes on from there"
    assert any(line.startswith("seeded from local: 2 snapshots") for line in row.detail)
    assert len(lost.moments("vault")) == 3
    assert "is not over" in ages.look(lost.root, lost.clock)[0][-1]
    lost.before = lambda _words: None
    lost.clock.sleep(60)
    newest = lost.known("vault").done[successes.BACKUP]
    row = lost.renew(incident="20260103T030405Z-another")
    assert row.problems == []
    assert any(f"the renewal of incident {INCIDENT} was not over, and is taken up" in line for line in row.detail)
    assert lost.known("vault").done[successes.BACKUP] > newest
    assert len(lost.moments("vault")) == 5


def test_a_snapshot_whose_bytes_differ_is_not_copied(lost: Losing, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(vault: Any, number: str, found: Any, _wanted: Any, to: Path) -> None:
        raise NotProven(f"snapshot {number[:8]} is not what its manifest says")

    monkeypatch.setattr("freqops.hostctl.backup.taken_out.take_out", spoilt)
    row = lost.renew()
    assert len([line for line in row.problems if "is not copied" in line]) == 3
    assert len(lost.moments("vault")) == 1


def test_a_copy_that_is_not_read_back_does_not_count(lost: Losing) -> None:
    def before(words: list[str]) -> Any:
        return subprocess.CompletedProcess([], 0, b"{}", b"") if "dump" in words and "vault" in words[2] else None

    lost.before = before
    row = lost.renew()
    assert not row.proven
    assert "has another manifest than the one that was written" in row.problems[0]


def test_without_room_nothing_is_taken_out(lost: Losing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": 10}))
    assert "are needed: make room" in lost.renew().problems[0]


def test_where_what_is_gone_cannot_be_written_down_nothing_is_made(lost: Losing) -> None:
    (lost.root / "incidents").mkdir(exist_ok=True)
    (lost.root / "incidents" / INCIDENT).write_text("no directory")
    with pytest.raises(NotProven, match="nothing was made"):
        lost.renew()
    assert not lost.vault_url.exists()
    assert renewal.load(lost.root, "vault") is None


def killed_at(host: Losing, when: Any) -> None:
    """Renew, and be killed before the first call of restic for which ``when`` is true."""

    def before(words: list[str]) -> None:
        if when(words):
            raise Killed

    host.before = before
    with pytest.raises(Killed):
        host.renew()
    host.before = lambda _words: None


def of_vault(words: list[str], act: str) -> bool:
    return act in words and words[words.index("--repo") + 1].endswith("/vault")


def test_killed_before_it_is_made_the_old_knowledge_stands_and_the_same_command_finishes(lost: Losing) -> None:
    had = lost.known("vault")
    killed_at(lost, lambda words: of_vault(words, "init"))
    assert lost.known("vault") == had
    (lost.vault_url / "keys").mkdir(parents=True)  # as restic is killed between its key and the rest
    (lost.vault_url / "keys" / ("a" * 64)).write_text("{}")
    (lost.vault_url / "data" / "00").mkdir(parents=True)
    assert lost.renew().problems == []
    assert [path.name for path in (lost.vault_url / "keys").iterdir()] != ["a" * 64]


def test_what_is_no_key_is_not_taken_for_its_own_beginning(lost: Losing) -> None:
    killed_at(lost, lambda words: of_vault(words, "init"))
    (lost.vault_url / "data").mkdir(parents=True)
    (lost.vault_url / "data" / ("a" * 64)).write_text("years of work")
    assert "is not empty, and no repository" in refused(lost)


@pytest.mark.parametrize("act", ["move_manifests", "replace_known"])
def test_killed_once_it_is_made_it_is_taken_up_and_not_made_again(
    lost: Losing, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    had = lost.known("vault")
    monkeypatch.setattr(f"freqops.hostctl.backup.vault.Vault.{act}", lambda *_: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        lost.renew()
    monkeypatch.undo()
    assert lost.known("vault") == had
    assert "another repository" in lost.backups.check("vault", read_data=False).rows[0].problems[0]
    made = lost.vault("vault").stands()
    assert "is not over" in "\n".join(ages.look(lost.root, lost.clock)[0])
    assert lost.renew().problems == []
    assert lost.known("vault").id == made
    assert len(list(renewal.kept(lost.root, INCIDENT, "vault").iterdir())) == 5


def test_killed_while_it_is_seeded_what_is_there_is_not_copied_again(lost: Losing) -> None:
    restores: list[str] = []

    def third(words: list[str]) -> bool:
        restores.extend(["x"] if "restore" in words else [])
        return len(restores) == 3

    killed_at(lost, third)
    assert lost.known("vault").id != ""
    assert len(lost.moments("vault")) == 2
    lost.asked.clear()
    row = lost.renew()
    assert row.problems == []
    assert len([words for words in lost.asked if "restore" in words]) == 1
    assert len(lost.moments("vault")) == 4


def test_an_old_one_that_comes_back_ends_the_renewal(whole: Losing, tmp_path: Path) -> None:
    shutil.move(whole.vault_url, tmp_path / "away")
    killed_at(whole, lambda words: of_vault(words, "init"))
    shutil.move(tmp_path / "away", whole.vault_url)
    row = whole.renew()
    assert (row.proven, row.changed) == (True, True)
    assert "the old one is back, and nothing is lost" in row.detail[0]
    assert renewal.load(whole.root, "vault") is None
    assert whole.backups.check(None, read_data=True).exit == 0
    assert "nothing is lost" in refused(whole)


def test_a_record_that_cannot_be_read_is_named(lost: Losing) -> None:
    renewal.place(lost.root, "vault").parent.mkdir()
    renewal.place(lost.root, "vault").write_text("{}")
    assert "move it away" in refused(lost)
    assert "renewals/vault.json" in ages.look(lost.root, lost.clock)[0][-1]


def test_the_command_answers_and_ends_as_it_should(
    lost: Losing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(renew_repository, "Backups", lambda *_: lost.backups)
    monkeypatch.setattr(renew_repository, "IN_SESSION", False)
    words = ["renew-repository", "vault", f"--lost={LOST}", "--json"]
    assert cli.main([*words, "--look"], lost.root) == 0
    assert json.loads(capsys.readouterr().out)["repositories"][0]["changed"]
    assert cli.main(["renew-repository", "vault"], lost.root) == 1
    assert "--lost" in capsys.readouterr().out
    assert cli.main([*words, "--from-repository=vault"], lost.root) == 1
    assert "vault cannot seed it" in capsys.readouterr().out
    assert cli.main(words, lost.root) == 0
    assert cli.main(words[:-1], lost.root) == 0
    assert "nothing to do" in capsys.readouterr().out
