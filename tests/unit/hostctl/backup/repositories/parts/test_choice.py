"""Which snapshot parts come out of, what is refused before anything is touched, and the command, on a real restic."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import parts
from freqops.core.backup.parts_answer import RESTORED
from freqops.core.backup.snapshot import Snapshot
from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.hostctl import cli, own_session
from freqops.hostctl.backup import chosen_snapshot, parts_restore, taken_out, vault
from freqops.hostctl.commands import restore_parts
from tests.unit.hostctl.backup.repositories.conftest import local, one
from tests.unit.hostctl.backup.repositories.parts.parted import REPORT, Lost, write

Usage = namedtuple("Usage", "total used free")


def test_an_id_a_moment_or_the_newest_is_meant_and_what_lacks_the_part_is_left_aside(lost: Lost) -> None:
    write(lost.root / REPORT, "later")
    newer = one(lost.host.backups.back_up(("runs",), "local")).snapshot
    lost.host.clock.sleep(60)
    other = one(lost.host.backups.back_up(("registry",), "local", ("registry",))).snapshot
    seen = lost.look("runs")
    assert seen.snapshot == newer
    assert f"snapshot {other[:8]} is left aside: it has no runs, but registry" in seen.detail
    for choice in (lost.saved.number[:8], "2026-01-02T03:30:00Z"):
        assert lost.look("runs", snapshot=choice).snapshot == lost.saved.number
    with pytest.raises(Refused, match="no snapshot has runs at or before 2026-01-01T00:00:00Z"):
        lost.look("runs", snapshot="2026-01-01T00:00:00Z")
    with pytest.raises(Refused, match="'soon' is none of 'latest', the id of a snapshot"):
        lost.look("runs", snapshot="soon")


def another_host(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "paper-9")


def another_repository(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lost.root / "backup" / "state.json"
    document = json.loads(path.read_text())
    document["repositories"]["local"]["id"] = "0" * 64
    path.write_text(json.dumps(document))


def no_repository(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(lost.root / "backup" / "local")


def a_byte(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spoil what restic gives, which it calls well."""

    def restored(self: Any, number: str, target: Path, wanted: tuple[str, ...]) -> None:
        restore(self, number, target, wanted)
        (target / "runs" / REPORT).write_text("thex")

    restore = vault.Vault.restore
    monkeypatch.setattr(vault.Vault, "restore", restored)


def a_strange_path(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(parts.PLACES, "runs", ("user_data/other/**",))


def a_full_disk(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1, 1, 0))


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (another_host, "it was made by the host .*, and not by paper-9"),
        (another_repository, "another repository .* is at"),
        (no_repository, "nothing was restored: .*there was one"),
        (a_byte, f"is not what its manifest says: runs/{REPORT} differs"),
        (a_strange_path, f"'runs/{REPORT}' is no place of a file of its part"),
        (a_full_disk, "has 0 bytes left"),
    ],
)
def test_what_is_not_certainly_the_snapshot_is_refused_before_anything_is_touched(
    lost: Lost, spoil: Callable[[Lost, pytest.MonkeyPatch], None], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(lost, monkeypatch)
    before = lost.state()
    for ask in (lost.look, lost.restore):
        with pytest.raises(Refused, match=text):
            ask("runs")
    assert lost.state() == before


def test_another_hosts_repository_gives_what_that_host_made(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    made_by = socket.gethostname()
    monkeypatch.setattr(socket, "gethostname", lambda: "paper-9")
    lost.host.declare(local(of_host=made_by))
    assert lost.restore("state").outcome == RESTORED
    assert lost.holds() == {"halt": 3, "breaker": 1}


def test_a_bot_of_which_the_snapshot_has_nothing_is_no_success(lost: Lost) -> None:
    with pytest.raises(Refused, match="the snapshot has nothing of gama in state"):
        lost.restore("state", bots=("alpha", "gama"))
    assert lost.restore("state", bots=("beta",)).proven
    assert (lost.holds(), lost.holds("beta")) == ({}, {"halt": 1})


def test_what_is_left_of_parts_that_were_taken_out_is_swept_and_two_do_not_meet(lost: Lost) -> None:
    write(lost.root / "backup" / "restores" / "out" / "left", "left")
    with durable.locked(lost.root / "backup" / chosen_snapshot.LOCK, 0, lost.host.clock) as mine:
        assert mine
        with pytest.raises(Refused, match="another restore out of a repository is under way"):
            lost.restore("runs")
    lost.restore("runs")
    assert not (lost.root / "backup" / "restores").exists()


def test_a_snapshot_that_contradicts_its_parts_is_refused(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    told = vault.Vault.told

    def without(self: vault.Vault, number: str) -> Snapshot:
        found = told(self, number)
        return replace(found, files=tuple(file for file in found.files if not file.path.startswith("registry/")))

    with monkeypatch.context() as patch:
        patch.setattr(vault.Vault, "told", without)
        patch.setattr(taken_out, "differing", lambda *_: [])
        with pytest.raises(Refused, match="says that it has the registry, and has no file of it"):
            lost.restore("registry", overwrite=True)
    monkeypatch.setattr("freqops.hostctl.backup.state_part.LARGEST", 1)
    with pytest.raises(Refused, match=r"nothing was restored, the snapshot cannot be understood: it has .* bytes"):
        lost.restore("state")


# --- the command


@pytest.fixture
def run(lost: Lost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function that runs the command and returns its exit status and its answer."""
    monkeypatch.setattr(own_session, "run", lambda work: work())  # the real one forks
    for name in ("monotonic", "utcnow", "sleep"):
        monkeypatch.setattr(Clock, name, staticmethod(getattr(lost.host.clock, name)))
    mine = partial(parts_restore.PartsRestore, owner=os.geteuid())  # root, but in tests
    monkeypatch.setattr(restore_parts, "PartsRestore", mine)

    def command(*words: str) -> tuple[int, dict[str, Any]]:
        status = cli.main(["restore-parts", "--reason", "the disk was lost", *words], lost.root)
        answer: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[0])
        return status, answer

    return command


GIVEN = ("--repository", "local", "--snapshot", "latest")


def test_proven_is_0_refused_1_and_not_proven_2(lost: Lost, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    status, answer = run("--only", "runs,state", *GIVEN, "--check")
    assert (status, answer["outcome"], answer["changed"], answer["exit"]) == (0, "may be restored", True, 0)
    assert not (lost.root / REPORT).exists()
    with monkeypatch.context() as patch:
        patch.setattr(parts_restore.PartsRestore, "_refuse_unless_there", raising)
        assert run("--only", "runs", *GIVEN)[0] == 2
    status, answer = run("--only", "runs,state", *GIVEN)
    assert (status, answer["outcome"], answer["proven"]) == (0, "restored", True)
    write(lost.root / REPORT, "later")
    status, answer = run("--only", "runs", *GIVEN)
    assert status == 1
    assert "another one is there" in answer["refused"]
    status, answer = run("--only", "runs", *GIVEN, "--check")
    assert (status, len(answer["in_the_way"])) == (0, 1)
    assert run("--only", "runs", *GIVEN, "--overwrite")[0] == 0
    assert (lost.root / REPORT).read_text() == "then"


def raising(*_: object) -> None:
    raise NotProven("it is not there")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--only", "trades,state"), "trades are restored bot by bot, by 'freqops-host restore': restore each on its"),
        (("--only", "everything"), "unknown part 'everything'; parts are trades, registry"),
        (("--only", ""), "no part is named"),
        (("--only", "runs", "--bots", "alpha"), "--bots cannot be given with runs"),
        (("--only", "state", "--bots", "../x"), "is no name of a bot"),
    ],
)
def test_what_means_nothing_is_refused(run: Any, words: tuple[str, ...], text: str) -> None:
    status, answer = run(*words, *GIVEN)
    assert status == 1
    assert text in answer["refused"]


def test_every_part_but_trades_can_be_asked_for() -> None:
    assert set(restore_parts.OF_BOTS) < set(parts.PARTS) - {parts.TRADES}


def test_restic_is_believed_for_nothing(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    lost.host.before = lambda words: subprocess.CompletedProcess(words, 0, b"", b"") if "restore" in words else None
    with pytest.raises(Refused, match="is missing"):
        lost.restore("runs")
