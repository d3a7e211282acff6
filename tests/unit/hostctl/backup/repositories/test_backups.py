"""Backups of a host, with the real restic: what is in them is read back, and what is not proven does not count."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from contextlib import closing, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import repository, snapshot, successes
from freqops.core.backup.parts import ORDINARY
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.kinds import Malformed
from freqops.core.incident import life
from freqops.core.incident.life import Event
from freqops.core.runs import registry, run_records
from freqops.hostctl.backup import ages, restic
from tests.unit.hostctl.backup.repositories.conftest import Host, local, one

DAY = 86400.0


@pytest.fixture
def to(tmp_path: Path) -> Path:
    place = tmp_path / "to"
    place.mkdir(mode=0o700)
    return place


def packs(host: Host) -> list[Path]:
    return sorted(path for path in (host.url / "data").rglob("*") if path.is_file())


def test_a_backup_is_listed_checked_and_exported_as_it_was(host: Host, to: Path) -> None:
    row = host.backed_up()
    assert (row.problems, row.proven, row.changed) == ([], True, True)
    [listed] = one(host.backups.look(None)).snapshots
    assert (listed["id"], listed["bots"], listed["counts"]) == (row.snapshot, "alpha,beta", "yes")
    assert listed["parts"] == ",".join(ORDINARY)
    assert one(host.backups.check(None, read_data=True)).proven
    assert one(host.backups.export((), None, to)).problems == []
    [place] = to.iterdir()
    assert place.name == "backup_20260102_030405"
    with closing(sqlite3.connect(place / "trades" / "beta" / "database")) as copied:
        assert copied.execute("select count(*) from trades").fetchone() == (2,)
    with registry.opened(place / "registry" / "strategies_registry.sqlite", owner=os.geteuid()) as copied_registry:
        assert set(copied_registry.rows().values()) == {0}
    holds = "bots/alpha/conf/holds.json"
    assert (place / "state" / holds).read_text() == (host.root / holds).read_text()
    assert (place / "state/user_data/state/run_slots.json").read_text() == "{}"
    assert (place / "releases/bots/beta/release/f00/config.json").read_text() == "{}"
    assert (place / "logs" / "alpha.log").read_text() == "last words\n"
    assert not (host.root / "backup" / "staging").exists()


def test_secrets_are_in_no_ordinary_repository_and_no_argument(
    host: Host, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (host.root / "bots/alpha/conf/secrets.json").write_text(
        json.dumps({"db_url": "sqlite:////freqops/var/trades.sqlite", "key": "verysecretverysecret"})
    )
    monkeypatch.setattr(host.engine, "logs", lambda _name, _lines: ["key verysecretverysecret"])
    host.backed_up()
    host.backups.export((), None, to)
    [place] = to.iterdir()
    (place / "logs/beta.log").unlink()  # which is another bot, and has another secret
    for path in place.rglob("*"):
        assert not path.is_file() or b"verysecretverysecret" not in path.read_bytes(), path
    assert (place / "logs/alpha.log").read_text() == "key [secret]\n"
    password = (host.root / "backup/keys/local").read_text().strip()
    assert not any(password in word for words in host.asked for word in words)
    assert not any(password in value for seen in host.seen for value in seen.values())


def test_secrets_have_a_repository_of_their_own(host: Host, to: Path) -> None:
    host.declare(local(), local("vault", secrets=True))
    assert [row.changed for row in host.backups.prepare().rows] == [False, True]
    ordinary, vault = host.backups.back_up((), None).rows
    assert (ordinary.problems, vault.problems) == ([], [])
    assert host.known("vault").done.keys() >= {successes.BACKUP}
    exported = one(host.backups.export(("secrets",), None, to))
    assert exported.repository == "vault"
    [place] = to.iterdir()
    assert {path.name for path in place.iterdir()} == {"secrets", snapshot.NAME}
    assert (place / "secrets/bots/alpha/conf/secrets.json").exists()
    keys = [(host.root / "backup/keys" / name).read_text() for name in ("local", "vault")]
    assert len(set(keys)) == 2
    assert all(re.fullmatch("[0-9a-f]{64}\n", key) for key in keys)


def test_secrets_without_a_repository_of_theirs_are_refused_by_name(host: Host) -> None:
    with pytest.raises(Refused, match="secrets belongs to no repository"):
        host.backups.back_up(("secrets",), None)
    assert host.asked == []


def test_what_a_bot_can_put_there_is_not_followed_and_named(host: Host, to: Path) -> None:
    logs = host.root / "bots/alpha/var/logs"
    (logs / "sub").mkdir(parents=True)
    (logs / "sub" / "plain.log").write_text("said")
    (logs / "link").symlink_to("/etc/passwd")
    (logs / "directory").symlink_to("/etc")
    os.mkfifo(logs / "pipe")
    (logs / "odd\nname").write_text("x")
    (host.root / "bots/beta/var/logs").symlink_to("/etc")
    row = host.backed_up()
    assert row.problems == []
    left = [text for text in row.detail if text.startswith("left out: ")]
    assert [text.split(": ")[1] for text in left] == [
        "bots/alpha/var/logs/link",
        "bots/alpha/var/logs/odd\\nname",
        "bots/alpha/var/logs/pipe",
        "bots/beta/var/logs",
    ]
    host.backups.export((), None, to)
    found = {str(path.relative_to(next(to.iterdir()) / "logs")) for path in to.rglob("logs/**/*") if path.is_file()}
    assert found == {"alpha.log", "beta.log", "bots/alpha/var/logs/sub/plain.log"}


def test_a_database_that_fails_ends_the_run_and_what_was_there_stays(host: Host) -> None:
    first = host.backed_up().snapshot
    (host.root / "bots/alpha/var/trades.sqlite").write_bytes(b"no database at all" * 100)
    row = host.backed_up()
    assert not row.proven
    assert "trades.sqlite" in row.problems[0]
    assert [each["id"] for each in one(host.backups.look(None)).snapshots] == [first]
    assert "trades.sqlite" in host.known().failed
    assert not (host.root / "backup" / "staging").exists()


@pytest.mark.parametrize(
    ("sql", "said"), [("delete from trades", "trades had 2 rows, and has none"), (None, "there is no database")]
)
def test_what_is_empty_where_rows_were_is_not_backed_up(host: Host, sql: str | None, said: str) -> None:
    host.backed_up()
    if sql:
        host.sql("beta", sql)
    else:
        for path in (host.root / "bots/beta/var").glob("trades*"):
            path.unlink()
    shutil.rmtree(host.root / "bots/beta/dumps")  # which refuses by itself to go on with less than it had
    row = host.backed_up()
    assert not row.proven
    assert "beta: trades had 2 rows" in row.problems[0]
    assert said in row.problems[0]
    assert len(one(host.backups.look(None)).snapshots) == 1
    assert host.backed_up(emptied=("alpha",)).proven is False
    assert host.backed_up(emptied=("beta",)).problems == []


def test_a_bot_that_is_gone_or_new_is_no_loss(host: Host) -> None:
    host.backed_up()
    for path in sorted((host.root / "bots/beta").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (host.root / "bots/beta").rmdir()
    host.add_bot("gamma", rows=0)
    assert host.backed_up().problems == []


def test_a_registry_that_is_empty_or_gone_is_not_backed_up(host: Host) -> None:
    place = registry.place(host.root)
    begun = run_records.Begun("run1", "download", host.clock.utcnow())
    with registry.opened(place, write=True, owner=os.geteuid()) as opened:
        opened.begin_run(begun)
    host.backed_up()
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("delete from runs")
        connection.commit()
    assert "registry: runs had 1 rows, and has none" in host.backed_up().problems[0]
    place.unlink()
    assert "is missing" in host.backed_up().problems[0]


def test_the_head_of_the_incidents_leaves_the_host_and_a_chain_that_was_cut_off_is_not_backed_up(host: Host) -> None:
    place = registry.place(host.root)
    opened = Event(life.OPENED, "2026-01-02T03:04:05Z", "ann", "wrong", life.HALT, "warning", "halt 1: a", ("a",))
    with registry.opened(place, write=True, owner=os.geteuid()) as present, present.incidents_changed() as rows:
        rows.enter("first", "opened.json", opened)
        head = rows.head()
    assert head.startswith("1-")
    assert f"the head of its chain of incidents: {head}" in host.backed_up().detail
    assert [each["head"] for each in one(host.backups.look(None)).snapshots] == [head]
    with closing(sqlite3.connect(place)) as connection:
        for trigger in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f"drop trigger {trigger[0]}")
        for table in ("incident_events", "incidents"):
            connection.execute(f"delete from {table}")  # noqa: S608  names of ours
        connection.commit()
    assert "registry: the chain of incidents had 1 events, and has 0" in host.backed_up().problems[0]
    host.clock.sleep(60)
    assert host.backed_up(emptied=("registry",)).problems == []
    assert host.backed_up().problems == []


def test_a_backup_that_was_killed_does_not_count_and_the_next_is_well(host: Host) -> None:
    first = host.backed_up().snapshot

    class Killed(BaseException):
        pass

    def kill(words: list[str]) -> None:
        if "backup" in words:
            raise Killed

    host.before = kill
    host.clock.sleep(60)
    with pytest.raises(Killed):
        host.backed_up()
    assert [each["id"] for each in one(host.backups.look(None)).snapshots] == [first]
    host.before = lambda _words: None
    left = host.root / "backup" / "staging" / "7"
    left.mkdir(parents=True)
    (left / "half").write_text("x")
    row = host.backed_up()
    assert row.problems == []
    assert not left.exists()


def test_restic_killed_in_the_middle_leaves_a_lock_that_the_next_run_takes_away(host: Host) -> None:
    assert "pruned, and checked" in host.backed_up().detail, "which else takes locks away, too, and is not due now"
    (host.root / "bots/alpha/release/f00/large").write_bytes(os.urandom(30_000_000))
    running: list[subprocess.Popen[bytes]] = []
    done, there = host.known().done, len(packs(host))

    def kill(words: list[str]) -> Any:
        if "backup" not in words:
            return None
        names = sorted(path.name for path in (host.root / "backup/staging/0").iterdir())
        slowly = [
            words[0],
            "--limit-upload",
            "4000",
            *words[1 : words.index("--") + 1],
        ]  # KiB a second: seconds are left
        child = subprocess.Popen([*slowly, *names], cwd=host.root / "backup/staging/0", env=restic.ENVIRONMENT)
        while child.poll() is None and len(packs(host)) == there:
            pass
        child.kill()
        child.wait()
        running.append(child)
        return subprocess.CompletedProcess(words, 0, b"", b"")

    host.before = kill
    row = host.backed_up()
    assert running[0].returncode == -9
    assert "none is there" in row.problems[0]
    assert host.known().done == done
    assert list((host.url / "locks").iterdir())
    host.before = lambda _words: None
    assert host.backed_up().problems == []
    assert not list((host.url / "locks").iterdir())
    assert one(host.backups.check(None, read_data=True)).problems == []
    assert not any("--remove-all" in words for words in host.asked)


def test_a_lock_whose_holder_lives_is_respected_and_named(host: Host) -> None:
    host.backed_up()
    words = [restic.PROGRAM, "--repo", str(host.url), "--no-cache", "--password-file",
             str(host.root / "backup/keys/local")]  # fmt: skip
    fifo = host.root / "fifo"
    os.mkfifo(fifo)
    holder = subprocess.Popen([*words, "backup", "--stdin"], stdin=subprocess.PIPE, env=restic.ENVIRONMENT)
    try:
        while not list((host.url / "locks").iterdir()):
            pass
        row = one(host.backups.check(None, read_data=False))
        assert "another restic that lives has it locked" in row.problems[0]
        assert list((host.url / "locks").iterdir())
    finally:
        holder.kill()
        holder.wait()
    assert one(host.backups.check(None, read_data=False)).problems == []


def forged(word: str, answer: Callable[[list[str]], tuple[int, bytes, bytes] | None]) -> Callable[[list[str]], Any]:
    def before(words: list[str]) -> Any:
        said = answer(words) if word in words else None
        return None if said is None else subprocess.CompletedProcess(words, *said)

    return before


FORGED = b'{"message_type":"summary","snapshot_id":"83e0fbfb"}'


@pytest.mark.parametrize(
    ("word", "said", "problem"),
    [
        ("backup", (0, b"", b""), "none is there"),
        ("backup", (0, FORGED, b""), "none is there"),
        ("backup", (0, b'{"message_type":"summary","snapshot_id":""}', b""), "none is there"),
        ("backup", (3, FORGED, b"Warning: at least one source file could not be read"), "ended with 3"),
        ("dump", (0, b"{}", b""), "another manifest"),
        ("ls", (0, b"", b""), "does not have what was brought together"),
        ("ls", (0, b"[]", b""), "no object"),
        ("snapshots", (0, b'[{"time": "x", "id": "../../x"}]', b""), "id is"),
        ("snapshots", (0, b'{"a": 1, "a": 2}', b""), "twice"),
        ("snapshots", (0, b'{"a": 1}', b""), "not understood"),
        ("cat", (0, b'{"id": "0000"}', b""), "id is"),
        ("cat", (0, b'{"id": "' + b"0" * 64 + b'"}', b""), "another repository"),
    ],
)
def test_a_status_of_0_proves_nothing(host: Host, word: str, said: tuple[int, bytes, bytes], problem: str) -> None:
    host.before = forged(word, lambda _words: said)
    row = host.backed_up()
    assert not row.proven
    assert problem in row.problems[0]
    assert host.known().done == {}
    assert problem in host.known().failed


def test_an_answer_without_a_snapshot_is_none_of_those_before(host: Host) -> None:
    host.backed_up()
    host.before = forged("backup", lambda _words: (0, b"", b""))
    assert "none is there" in host.backed_up().problems[0]


def test_a_file_that_is_in_the_snapshot_and_was_not_staged_is_found(host: Host) -> None:
    def more(words: list[str]) -> None:
        if "backup" in words:
            (host.root / "backup/staging/0/state/more").write_text("x")

    host.before = more
    assert "state/more" in host.backed_up().problems[0]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (
            b"Fatal: unable to open config file: client.Head: dial tcp 127.0.0.1:9: connection refused",
            "cannot be reached",
        ),
        (
            b"Fatal: unable to create lock in backend: repository is already locked by PID 7 on h by root",
            "has it locked",
        ),
        (b"Fatal: unable to save snapshot: write /x: no space left on device", "is full"),
        (b"Fatal: unable to open config file: stat /x/config: no such file or directory", "and there was one"),
    ],
)
def test_errors_have_names_and_cures(host: Host, said: bytes, problem: str) -> None:
    host.before = forged("cat", lambda _words: (1, b"", said))
    assert problem in host.backed_up().problems[0]


def test_a_wrong_password_is_named_and_what_is_there_stays(host: Host) -> None:
    first = host.backed_up().snapshot
    key = host.root / "backup/keys/local"
    right = key.read_bytes()
    key.chmod(0o600)
    key.write_bytes(b"another\n")
    assert "its password does not open it" in host.backed_up().problems[0]
    key.write_bytes(right)
    assert [each["id"] for each in one(host.backups.look(None)).snapshots] == [first]
    key.chmod(0o666)
    assert "can be written by others" in host.backed_up().problems[0]


def test_a_pack_file_that_is_gone_is_found_and_named(host: Host) -> None:
    (host.root / "bots/alpha/release/f00/large").write_bytes(os.urandom(300_000))
    host.backed_up()
    when = host.known().done[successes.CHECK]
    gone = max(packs(host), key=lambda each: each.stat().st_size)  # that of trees makes restic try for a minute
    gone.unlink()
    host.clock.sleep(60)
    row = one(host.backups.check(None, read_data=False))
    assert "it is damaged: missing are the files of" in row.problems[0]
    assert gone.name[:8] in row.problems[0]
    assert host.known().done[successes.CHECK] == when


def test_a_flipped_bit_is_found_when_every_byte_is_read(host: Host) -> None:
    (host.root / "bots/alpha/release/f00/large").write_bytes(os.urandom(300_000))
    host.backed_up()
    path = max(packs(host), key=lambda each: each.stat().st_size)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    row = one(host.backups.check(None, read_data=True))
    assert "it is damaged" in row.problems[0]
    assert path.name[:8] in row.problems[0]
    assert successes.READ_DATA not in host.known().done


def test_a_key_that_is_not_what_it_was_is_found(host: Host) -> None:
    host.backed_up()
    [key] = (host.url / "keys").iterdir()
    key.chmod(0o600)
    key.write_text(key.read_text() + " ")
    row = one(host.backups.check(None, read_data=True))
    assert row.problems == [f"repository local: it is damaged: keys/{key.name}"]


def test_a_check_that_says_nothing_proves_nothing(host: Host) -> None:
    host.backed_up()
    host.before = forged("check", lambda _words: (0, b"", b""))
    assert "does not say that no errors were found" in one(host.backups.check(None, read_data=False)).problems[0]


def test_a_snapshot_that_went_without_our_doing_is_missed(host: Host) -> None:
    number = host.backed_up().snapshot
    host.vault()._restic.forget([number])
    assert (
        f"{number[:8]}, is gone, and freqops did not forget it"
        in one(host.backups.check(None, read_data=False)).problems[0]
    )


def test_a_snapshot_without_a_manifest_does_not_count_and_is_left_alone(host: Host, tmp_path: Path) -> None:
    host.backed_up()
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_text("x")
    number = host.vault()._restic.backup(other, "host")
    rows = {each["id"]: each["counts"] for each in one(host.backups.look(None)).snapshots}
    assert rows[number] == "no: it has no manifest"
    assert list(rows.values()).count("yes") == 1
    host.clock.sleep(400 * DAY)
    host.backed_up()
    assert number in [each["id"] for each in one(host.backups.look(None)).snapshots]


def test_what_the_rule_does_not_keep_is_forgotten_and_the_rest_stays(host: Host) -> None:
    host.declare(local(keep_days=2, keep_least=1))
    numbers = []
    for _ in range(3):
        numbers.append(host.backed_up().snapshot)
        host.clock.sleep(DAY * 1.5)
    numbers.append(host.backed_up().snapshot)
    assert [each["id"] for each in one(host.backups.look(None)).snapshots] == numbers[2:]
    kept = {path.stem for path in (host.root / "backup/manifests/local").iterdir()}
    assert kept == set(numbers[2:])


def test_incomplete_snapshots_push_no_complete_one_out(host: Host) -> None:
    host.declare(local(keep_days=1, keep_least=1))
    whole = host.backed_up().snapshot
    backed_up = host.known().done[successes.BACKUP]
    host.clock.sleep(10 * DAY)
    part = host.backed_up(asked=("trades",))
    assert part.problems == []
    assert [each["id"] for each in one(host.backups.look(None)).snapshots] == [whole, part.snapshot]
    assert host.known().done[successes.BACKUP] == backed_up


def test_nothing_is_forgotten_or_pruned_where_the_host_may_only_add(host: Host) -> None:
    host.declare(local(keep_days=1, keep_least=1, append_only=True))
    for _ in range(2):
        host.backed_up()
        host.clock.sleep(10 * DAY)
    assert len(one(host.backups.look(None)).snapshots) == 2
    assert successes.PRUNE not in host.known().done
    assert not any({"forget", "prune"} & set(words) for words in host.asked)


def test_a_forget_that_takes_another_is_found(host: Host) -> None:
    first, second = host.backed_up().snapshot, host.backed_up().snapshot
    vault = host.vault()
    real = vault._restic.run

    def run(words: Any, *rest: Any) -> Any:
        return real([*words, second] if "forget" in words else words, *rest)

    object.__setattr__(vault._restic, "run", run)
    with pytest.raises(NotProven, match="other snapshots are gone"):
        vault._restic.forget([first])


@pytest.mark.parametrize(
    ("forget", "after", "wrong"),
    [
        (["a"], ["b"], ""),
        (["a"], ["b", "added"], ""),
        (["a"], ["a", "b"], "other snapshots are gone, or left"),
        (["a"], ["added"], "other snapshots are gone, or left"),
        ([], ["a", "b"], ""),
        ([], ["a", "b", "added"], ""),
        ([], ["a", "added"], "its snapshots are others after it was pruned"),
    ],
)
def test_what_a_host_adds_meanwhile_is_no_fault_and_what_is_gone_is(
    host: Host, monkeypatch: pytest.MonkeyPatch, forget: list[str], after: list[str], wrong: str
) -> None:
    told = [["a", "b"], after]
    asked = host.vault()._restic
    monkeypatch.setattr(restic.Restic, "snapshots", lambda _self: told.pop(0))
    monkeypatch.setattr(restic.Restic, "_done", lambda *_: None)
    with pytest.raises(NotProven, match=wrong) if wrong else nullcontext():
        asked.forget(forget) if forget else asked.prune()


def test_the_rule_and_the_check_are_done_when_they_are_due(host: Host) -> None:
    assert "pruned, and checked" in host.backed_up().detail
    host.clock.sleep(DAY / 2)
    assert "pruned, and checked" not in host.backed_up().detail
    host.clock.sleep(DAY / 2)
    assert "pruned, and checked" in host.backed_up().detail


def test_what_a_killed_restic_had_begun_is_taken_away_with_the_next_prune(host: Host) -> None:
    assert host.backed_up().proven
    now, day = host.clock.utcnow().timestamp(), DAY
    pack = next(path for path in (host.url / "data").iterdir() if path.is_dir())
    old = [host.url / "locks" / f"{'a' * 64}-tmp-1", pack / f"{'b' * 64}-tmp-3605937098"]
    others = [host.url / "locks" / f"{'c' * 64}-tmp-2", pack / f"{'d' * 64}-tmp-x", host.url / f"{'e' * 64}-tmp-3"]
    for path in (*old, *others):
        path.write_bytes(b"half")
        os.utime(path, (now, now + day / 2 if path == others[0] else now - 2 * day))
    link = pack / f"{'f' * 64}-tmp-4"
    link.symlink_to(others[2])
    os.utime(link, (now - 2 * day, now - 2 * day), follow_symlinks=False)
    host.clock.sleep(day)
    assert "pruned, and checked" in host.backed_up().detail
    assert [path for path in old if path.exists()] == []
    assert [path for path in (*others, link) if not path.exists()] == [], "one is young, the others are not a restic's"


def test_what_is_not_due_is_left_alone(host: Host) -> None:
    host.backed_up()
    asked = len(host.asked)
    host.clock.sleep(3600)
    row = one(host.backups.back_up((), None, due=True))
    assert (row.proven, row.changed, row.snapshot) == (True, False, "")
    assert [words[1:] for words in host.asked[asked:]] == [["version"]]
    host.clock.sleep(20 * 3600)
    assert one(host.backups.back_up((), None, due=True)).changed
    host.clock.ahead = -2 * DAY
    assert one(host.backups.back_up((), None, due=True)).changed, "the clock was set back: nothing is known of it"


def test_never_two_at_once(host: Host) -> None:
    with host.backups.alone():
        with pytest.raises(Refused, match="another backup is under way"):
            host.backups.back_up((), None)
        with pytest.raises(Refused, match="another backup is under way"):
            host.backups.check(None, read_data=False)
        assert host.asked[1:] == []


@pytest.mark.parametrize(
    ("version", "wrong"), [(b"restic 0.10.0 compiled", "is older than 0.11"), (b"?", "does not run")]
)
def test_a_restic_that_nobody_tried_is_refused(host: Host, version: bytes, wrong: str) -> None:
    host.before = forged("version", lambda _words: (0, version, b""))
    with pytest.raises(Refused, match=wrong):
        host.backups.back_up((), None)


def test_an_export_that_differs_is_not_given_its_name(host: Host, to: Path) -> None:
    host.backed_up()

    def spoil(words: list[str]) -> Any:
        if "restore" not in words:
            return None
        done = restic.run(words, restic.ENVIRONMENT, 60, None)
        place = Path(words[words.index("--target") + 1])
        (place / "state/user_data/state/run_slots.json").write_text("[]")
        (place / "trades/alpha/database").unlink()
        (place / "trades/alpha/database").symlink_to("/etc/passwd")
        (place / "logs/alpha.log").unlink()
        (place / "logs/other").write_text("")
        return done

    host.before = spoil
    row = one(host.backups.export((), None, to))
    assert len(row.problems) == 1
    for text in ("logs/alpha.log is missing", "logs/other is not in the manifest", "run_slots.json differs"):
        assert text in row.problems[0]
    assert "trades/alpha/database differs" in row.problems[0]
    assert list(to.iterdir()) == []


def test_an_export_refuses_what_is_there_and_directories_of_others(host: Host, to: Path) -> None:
    host.backed_up()
    host.backups.export(("trades",), None, to)
    [place] = to.iterdir()
    assert {path.name for path in place.iterdir()} == {"trades", snapshot.NAME}
    assert "is there already" in one(host.backups.export((), None, to)).problems[0]
    to.chmod(0o777)
    with pytest.raises(Exception, match="can be written by others"):
        host.backups.export((), None, to)
    with pytest.raises(Refused, match="is not there"):
        host.backups.export((), None, to / "none")


def test_an_export_of_what_no_snapshot_has_says_so(host: Host, to: Path) -> None:
    host.backed_up(asked=("state",))
    assert "no snapshot that counts has trades" in one(host.backups.export(("trades",), None, to)).problems[0]


def test_a_repository_is_made_once_and_never_again(bare: Host) -> None:
    bare.declare(local("fresh"))
    assert one(bare.backups.prepare(look=True)).changed
    assert not (bare.root / "backup/keys/fresh").exists()
    assert one(bare.backups.prepare()).changed
    key = bare.root / "backup/keys/fresh"
    assert stat.S_IMODE(key.stat().st_mode) == 0o400
    asked = len(bare.asked)
    assert not one(bare.backups.prepare()).changed
    assert len(bare.asked) == asked + 1, "only its version"
    said = key.read_bytes()
    key.unlink()
    with pytest.raises(Refused, match="is gone, and the repository at"):
        bare.backups.prepare()
    successes.place(bare.root).unlink()
    with pytest.raises(Refused, match="is gone, and the repository at"):
        bare.backups.prepare()
    key.write_bytes(said)
    assert one(bare.backups.prepare()).changed, "it is taken up again"


def test_a_repository_that_went_is_not_made_again(host: Host) -> None:
    host.url.rename(host.root / "elsewhere")
    assert "there was one: put it back" in host.backed_up().problems[0]
    assert not host.url.exists()
    assert not any("init" in words for words in host.asked)


def test_one_repository_that_fails_leaves_the_others(host: Host, tmp_path: Path) -> None:
    host.declare(local("away", url=str(tmp_path / "away")), local())
    (host.root / "backup/keys/away").write_text("x\n")
    (host.root / "backup/keys/away").chmod(0o400)
    away, well = host.backups.back_up((), None).rows
    assert (away.proven, well.proven) == (False, True)
    assert "not prepared" in away.problems[0]
    assert host.backups.back_up((), None).exit == 2


def test_what_a_place_needs_reaches_restic_alone(host: Host) -> None:
    path = host.root / "backup/environments/local.json"
    path.parent.mkdir()
    path.write_text('{"AWS_ACCESS_KEY_ID": "abc"}')
    path.chmod(0o600)
    assert host.backed_up().problems == []
    assert host.seen[-1]["AWS_ACCESS_KEY_ID"] == "abc"
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    path.write_text('{"RESTIC_PASSWORD": "abc"}')
    assert "RESTIC_PASSWORD is none that" in host.backed_up().problems[0]


def test_what_is_known_and_cannot_be_read_stops_everything(host: Host) -> None:
    successes.place(host.root).write_text('{"version": 1, "repositories": {"local": {"id": 1}}}')
    row = host.backed_up()
    assert not row.proven
    with pytest.raises(Malformed):
        successes.load(host.root)


def test_status_tells_ages_and_is_red_above_twice_the_period(host: Host) -> None:
    host.backed_up()
    wrong, notes = ages.look(host.root, host.clock)
    assert wrong == []
    ages_of_jobs = "backup 0.0 h ago, prune 0.0 h ago, check 0.0 h ago, read-data never, drill never"
    assert notes == [
        f"repository local, last successes: {ages_of_jobs}",
        "repository local: no restore drill has ever passed: 'freqops-host restore-drill --repository=local' makes one",
    ]
    host.clock.sleep(2 * DAY + 60)
    [line] = ages.look(host.root, host.clock)[0]
    assert line.startswith("backup of repository local: its last success was 2.0 days ago (red above 2.0 days)")
    assert "'freqops-host backup run --repository=local' says why" in line
    host.clock.sleep(12 * DAY)
    assert len(ages.look(host.root, host.clock)[0]) == 2
    host.clock.ahead = -20 * DAY
    ahead = ages.look(host.root, host.clock)[0]
    assert [("in the future: the clock was set back" in text) for text in ahead] == [True, True]


def test_status_says_what_is_not_backed_up(host: Host) -> None:
    host.clock.sleep(2 * DAY + 60)
    assert "never succeeded since it was declared" in ages.look(host.root, host.clock)[0][0]
    successes.place(host.root).unlink()
    assert all("is not known" in text for text in ages.look(host.root, host.clock)[0])
    successes.place(host.root).write_text("[]")
    assert "not of version" in ages.look(host.root, host.clock)[0][0]
    host.declare()
    successes.place(host.root).unlink()
    assert ages.look(host.root, host.clock) == ([], ["nothing of this host is backed up: backup_repositories is empty"])
    host.declare(local("old", of_host="old-1"))
    assert ages.look(host.root, host.clock)[1] == [
        "nothing of this host is backed up: backup_repositories has only those of other hosts"
    ]
    host.declare(local(), local("old", of_host="old-1"))
    wrong, notes = ages.look(host.root, host.clock)
    assert not any("old" in text for text in wrong)
    assert notes == ["repository old is of the host old-1: it is only read"]
    (host.root / "backup" / repository.FILE).write_text("{")
    assert "nothing of this host is backed up" in ages.look(host.root, host.clock)[0][0]
    (host.root / "backup" / repository.FILE).unlink()
    assert ages.look(host.root, host.clock)[1] == [
        "nothing of this host is backed up: it has no repository; deploy.yml declares one"
    ]


def test_a_failed_command_is_a_note_until_one_succeeds(host: Host) -> None:
    host.before = forged("backup", lambda _words: (1, b"", b"boom"))
    host.backed_up()
    assert "boom" in ages.look(host.root, host.clock)[1][-1]
    host.before = lambda _words: None
    host.backed_up()
    assert "boom" not in "".join(ages.look(host.root, host.clock)[1])


def test_a_success_is_of_when_it_began(host: Host) -> None:
    began = host.clock.utcnow()

    def slow(words: list[str]) -> None:
        if "check" in words or "backup" in words:
            host.clock.sleep(3600)

    host.before = slow
    host.backed_up()
    assert host.known().done[successes.BACKUP] == began
    assert host.known().done[successes.CHECK] - began == timedelta(hours=1)
