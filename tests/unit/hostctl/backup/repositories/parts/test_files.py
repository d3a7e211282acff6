"""Releases, runs, logs and secrets of a snapshot laid where they are missing, with the real restic."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from freqops.core.backup.parts_answer import ADD, KEEP, LEAVE_OUT, REPLACE, SAME_ALREADY
from freqops.core.base import durable
from freqops.core.base.errors import NotProven, Refused
from freqops.core.bot import layout
from freqops.hostctl.backup import placing
from freqops.hostctl.deploy.switch_files import SwitchFiles
from tests.unit.fakes import process
from tests.unit.hostctl.backup.repositories.parts.parted import (
    BOT_LOG,
    FIRST,
    KEY,
    LOG,
    PASSWORD,
    REPORT,
    SECOND,
    Lost,
    what,
    write,
)

RELEASE = f"bots/alpha/release/{FIRST}"
SECRETS = "bots/alpha/conf/secrets.json"
SUPERUSER = "postgres/secrets/superuser"
KEPT = "backup/replaced"


def owner(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_uid, found.st_gid, found.st_mode & 0o777


# --- releases


def test_a_release_that_is_missing_comes_back_and_a_rollback_can_go_to_it(lost: Lost) -> None:
    running = (lost.home() / "bot.json").read_bytes()
    done = lost.restore("releases")
    assert (done.proven, done.changed) == (True, True)
    changes = {path: found for path, found in what(done).items() if found == ADD}
    assert changes == {RELEASE: ADD, "bots/alpha/releases.json": ADD}
    assert what(done)["bots/alpha/bot.json"] == what(done)["bots/beta/compose.yml"] == KEEP
    assert what(done)["bots/alpha/release/f00/config.json"] == LEAVE_OUT
    assert (lost.home() / "bot.json").read_bytes() == running
    files = SwitchFiles(lost.home())
    assert files.usable(FIRST).release == FIRST
    assert [entry["release"] for entry in files.history()] == [FIRST, SECOND]
    assert "dump" not in files.history()[0]
    assert owner(lost.root / RELEASE) == (0, 0, 0o755)
    assert owner(lost.root / RELEASE / "strategies" / "a.py") == (0, 0, 0o444)
    assert (lost.root / RELEASE / "strategies" / "a.py").read_text() == "class A: pass\n"
    again = lost.restore("releases")
    assert (again.outcome, again.changed) == (SAME_ALREADY, False)


def test_one_that_is_here_and_differs_is_refused_and_never_changed(lost: Lost) -> None:
    path = lost.home() / "release" / SECOND / "strategies" / "a.py"
    write(path, "class C: pass\n", 0o444)
    with pytest.raises(Refused, match=f"release {SECOND} is here, and strategies/a.py of it differ: one of both"):
        lost.restore("releases", overwrite=True)
    assert path.read_text() == "class C: pass\n"
    assert not (lost.root / RELEASE).exists()


def test_no_release_is_brought_to_a_bot_whose_switch_is_not_over(lost: Lost) -> None:
    (lost.home() / "switch.json").write_text("{}")
    with pytest.raises(Refused, match="alpha: a switch is not over"):
        lost.restore("releases")
    assert not (lost.root / RELEASE).exists()


def test_a_kill_before_the_history_is_written_is_gone_on_from(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(durable, "write_json", full)
        with pytest.raises(NotProven, match="No space left"):
            lost.restore("releases")
    assert (lost.root / RELEASE / "validated").is_file()
    assert what(lost.restore("releases"))["bots/alpha/releases.json"] == ADD
    assert [entry["release"] for entry in SwitchFiles(lost.home()).history()] == [FIRST, SECOND]


def test_what_was_laid_out_and_differs_is_not_proven(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    lay = placing.add_directory

    def spoilt(root: Path, path: str, *more: object) -> None:
        lay(root, path, *more)  # type: ignore[arg-type]
        write(root / path / "config.json", "{!}", 0o444)

    monkeypatch.setattr(placing, "add_directory", spoilt)
    with pytest.raises(NotProven, match=r"was laid out, and config\.json of it differ"):
        lost.restore("releases")


# --- runs and logs


def test_what_is_missing_of_runs_and_logs_is_added_with_the_rights_that_it_has_on_a_host(lost: Lost) -> None:
    done = lost.restore("runs", "logs")
    assert what(done) == {
        REPORT: ADD, LOG: ADD, BOT_LOG: ADD, "logs/alpha.log": LEAVE_OUT, "logs/beta.log": LEAVE_OUT,
    }  # fmt: skip
    assert [(lost.root / path).read_text() for path in (REPORT, LOG, BOT_LOG)] == ["then"] * 3
    uid = layout.CONTAINER_UID
    assert owner(lost.root / BOT_LOG) == (uid, uid, 0o644)
    assert owner((lost.root / BOT_LOG).parent) == (uid, uid, 0o755)
    assert owner(lost.root / REPORT) == (0, 0, 0o644)
    assert not lost.restore("runs", "logs").changed


def test_what_differs_is_refused_unless_that_is_said_and_is_kept_until_the_next_success(lost: Lost) -> None:
    write(lost.root / REPORT, "now")
    with pytest.raises(Refused, match=f"{REPORT}: another one is there: say that it may be replaced"):
        lost.restore("runs", "logs")
    assert not (lost.root / LOG).exists()
    assert what(lost.restore("runs", overwrite=True)) == {REPORT: REPLACE}
    assert (lost.root / REPORT).read_text() == "then"
    assert (lost.root / KEPT / "runs" / REPORT).read_text() == "now"
    assert owner(lost.root / KEPT / "runs" / REPORT)[0] == 0
    write(lost.root / REPORT, "later")
    lost.restore("runs", overwrite=True)
    assert (lost.root / KEPT / "runs" / REPORT).read_text() == "later"


def test_what_a_cut_one_kept_is_not_lost_by_the_next(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    write(lost.root / REPORT, "now")

    def cut(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(placing, "_last", cut)
        with pytest.raises(NotProven, match="Input/output error"):
            lost.restore("runs", overwrite=True)
    assert (lost.root / REPORT).read_text() == "then"
    write(lost.root / REPORT, "later")
    lost.restore("runs", overwrite=True)
    assert (lost.root / KEPT / "runs" / REPORT).read_text() == "now"
    assert (lost.root / KEPT / "runs" / f"{REPORT}.again").read_text() == "later"


def a_linked_directory(lost: Lost) -> None:
    lost.elsewhere.mkdir()
    (lost.root / BOT_LOG).parent.symlink_to(lost.elsewhere)


def a_linked_file(lost: Lost) -> None:
    (lost.root / BOT_LOG).parent.mkdir()
    (lost.root / BOT_LOG).symlink_to("/etc/passwd")


def a_pipe(lost: Lost) -> None:
    (lost.root / BOT_LOG).parent.mkdir()
    os.mkfifo(lost.root / BOT_LOG)


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (a_linked_directory, "logs on its way is no directory"),
        (a_linked_file, "is a link: look who put it there"),
        (a_pipe, "is a FIFO: look who put it there"),
    ],
)
def test_no_link_of_a_bot_is_followed(lost: Lost, spoil: Callable[[Lost], None], text: str) -> None:
    spoil(lost)
    with pytest.raises(Refused, match=text):
        lost.restore("logs", overwrite=True)
    assert not (lost.elsewhere / Path(BOT_LOG).name).exists()
    assert not (lost.root / LOG).exists()


def test_what_comes_there_meanwhile_is_not_overwritten(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = placing._made_ready

    def meanwhile(source: Path, rights: object) -> None:
        write(lost.root / REPORT, "new")
        ready(source, rights)  # type: ignore[arg-type]

    monkeypatch.setattr(placing, "_made_ready", meanwhile)
    with pytest.raises(NotProven, match="came there meanwhile"):
        lost.restore("runs")
    assert (lost.root / REPORT).read_text() == "new"


def test_something_else_read_back_is_not_proven(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "_sync", lambda _: write(lost.root / REPORT, "odd"))
    with pytest.raises(NotProven, match=f"{REPORT} was put there, and something else was read back"):
        lost.restore("runs")


def test_another_file_system_is_refused_before_anything(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "on_disk_of", lambda *_: False)
    with pytest.raises(Refused, match="lies on another file system"):
        lost.restore("releases", "runs")
    assert not (lost.root / REPORT).exists()


# --- secrets


def test_secrets_come_back_out_of_their_repository_readable_by_who_needs_them_alone(lost: Lost) -> None:
    with pytest.raises(Refused, match=f"{SECRETS}: another one is there"):
        lost.restore("secrets")
    done = lost.restore("secrets", overwrite=True)
    assert what(done) == {SECRETS: REPLACE, SUPERUSER: ADD}
    assert (lost.root / SECRETS).read_text() == KEY
    assert owner(lost.root / SECRETS) == (layout.CONTAINER_UID, layout.CONTAINER_UID, 0o400)
    assert owner(lost.root / SUPERUSER) == (999, 999, 0o400)
    assert owner((lost.root / SUPERUSER).parent) == (999, 999, 0o500)
    assert (lost.root / KEPT).stat().st_mode & 0o77 == 0
    assert not lost.restore("secrets").changed


def test_no_secret_is_in_what_it_says_or_leaves_as_evidence(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    said = [json.dumps(lost.look("secrets").to_json())]
    monkeypatch.setattr(placing, "_sync", lambda _: (lost.root / SECRETS).chmod(0o444))
    with pytest.raises(NotProven) as error:
        lost.restore("secrets", overwrite=True)
    monkeypatch.undo()
    lost.host.clock.sleep(1)
    said += [str(error.value), json.dumps(lost.restore("secrets", overwrite=True).to_json())]
    said += [path.read_text() for path in (lost.root / "incidents").rglob("*.json")]
    assert len(said) == 5
    assert not any(word in text for text in said for word in (PASSWORD, "its-password", "p" * 20))


def test_secrets_of_a_bot_that_lives_are_left(lost: Lost) -> None:
    before = (lost.root / SECRETS).read_bytes()
    lost.alive = [process()]
    with pytest.raises(Refused, match="alpha has a process, which would go on with the secrets of now: killswitch"):
        lost.restore("secrets", overwrite=True)
    assert (lost.root / SECRETS).read_bytes() == before


@pytest.mark.parametrize(
    ("asked", "repository", "text"),
    [
        (("secrets",), "local", "repository local has no secrets, and secrets was asked for"),
        (("state", "secrets"), "safe", "repository safe has secrets alone, and state was asked for"),
    ],
)
def test_secrets_come_only_out_of_a_repository_of_secrets(
    lost: Lost, asked: tuple[str, ...], repository: str, text: str
) -> None:
    with pytest.raises(Refused, match=text):
        lost.restore(*asked, repository=repository)
