"""A database out of a repository, with the real restic: what is chosen, what is refused, and what stands afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
from collections import namedtuple
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import successes
from freqops.core.base import durable
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.bot.processes import Process
from freqops.core.halt import holds
from freqops.hostctl.backup import chosen_snapshot, restic, restore, taken_out
from freqops.hostctl.backup.from_repository import FromRepository
from freqops.hostctl.backup.restored import Order, Restored
from freqops.hostctl.bot import holds_file, processes_and_api
from freqops.hostctl.incident import journal
from freqops.hostctl.recovery import recover
from tests.unit.fakes import process
from tests.unit.hostctl.backup.repositories.conftest import Host, local, one

HOUR = 3600.0
BOTS = ("alpha", "beta", "gamma", "delta")
LIVE = ("gamma", "delta")
HERE = socket.gethostname()
HOW = "its machine was taken apart"


def living(host: Host) -> None:
    """Add two bots that trade live."""
    for name in LIVE:
        home = host.add_bot(name)
        declared = (home / "bot.json").read_text()
        (home / "bot.json").write_text(declared.replace('"paper"', '"live"'))


class Saved:
    """A repository with a snapshot of all, a later one of databases, one of the registry, and one without manifest."""

    def __init__(self, root: Path, made: Path) -> None:
        host = Host(root)
        living(host)
        for name in ("keys", "local"):
            shutil.copytree(made / name, root / "backup" / name, dirs_exist_ok=True)
        shutil.copy(made / successes.FILE, root / "backup")
        self.home = root / "backup"
        self.whole = host.backed_up().snapshot
        host.clock.sleep(HOUR)
        for name in ("alpha", "gamma"):
            host.sql(name, "insert into trades values (7, 1, 2.5, 'ETH/USDT')")
        self.trades = host.backed_up(asked=("trades",)).snapshot
        host.clock.sleep(HOUR)
        self.registry = host.backed_up(asked=("registry",)).snapshot
        (root / "half").mkdir()
        (root / "half" / "trades").write_text("half")
        self.half = restic.Restic(host.vault().repository, root, host.run, os.geteuid()).backup(root / "half", HERE)
        assert all((self.whole, self.trades, self.registry, self.half))


class Lost:
    """The host of that repository, whose bots lost what they had, and are held at level 3."""

    def __init__(self, root: Path, saved: Saved, monkeypatch: pytest.MonkeyPatch) -> None:
        self.host, self.saved = Host(root), saved
        living(self.host)
        for name in ("keys", "local", "manifests"):
            shutil.copytree(saved.home / name, self.host.root / "backup" / name, dirs_exist_ok=True)
        shutil.copy(saved.home / successes.FILE, self.host.root / "backup")
        self.host.clock.sleep(3 * HOUR)
        self.processes: dict[str, list[Process]] = {}
        monkeypatch.setattr(processes_and_api, "alive", lambda bot: self.processes.get(bot.name, []))
        monkeypatch.setattr(processes_and_api, "living", lambda bot: self.processes.get(bot.name, []))
        for name in BOTS:
            self.host.sql(name, "drop table orders")
            self.hold(name)
        self.incident = journal.silent(self.host.clock)

    def home(self, bot: str) -> Path:
        return self.host.root / "bots" / bot

    def hold(self, bot: str, level: int = 3) -> None:
        hold = holds.Hold("halt", level, "why", "ann@host", "one", 0, "")
        assert holds_file.latch(self.home(bot), hold, self.host.clock).error is None

    def _given(self, bot: str, dump: str, **given: str) -> tuple[Any, ...]:
        order = Order(Mandate("one", "rows were lost", "ann@host"), dump, True, **{"repository": "local", **given})
        declared, host = layout.load_bot(self.home(bot)), self.host
        source = FromRepository(declared, order, host.root, host.clock, host.run, os.geteuid())
        return declared, order, self.incident, host.clock, host.engine, source

    def restore(self, bot: str = "alpha", dump: str = "latest", **given: str) -> Restored:
        return restore.restore(*self._given(bot, dump, **given))

    def look(self, bot: str = "alpha", dump: str = "latest", **given: str) -> Restored:
        return restore.look(*self._given(bot, dump, **given))

    def trades(self, bot: str = "alpha") -> list[int]:
        with closing(sqlite3.connect(self.home(bot) / "var" / "trades.sqlite")) as connection:
            assert connection.execute("select count(*) from orders").fetchone() == (0,)
            return [row[0] for row in connection.execute("select id from trades order by id")]

    def state(self) -> dict[str, bytes]:
        """Everything of the bots, and what a restore leaves beside the repository."""
        paths = [*(self.host.root / "bots").rglob("*"), *(self.host.root / "backup" / "restores").rglob("*")]
        own = [path for path in paths if path.is_file() and not path.name.startswith(".")]
        return {str(path): path.read_bytes() for path in own}


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Saved:
    return Saved(tmp_path_factory.mktemp("saved") / "srv", made)


@pytest.fixture
def lost(tmp_path: Path, saved: Saved, monkeypatch: pytest.MonkeyPatch) -> Lost:
    return Lost(tmp_path / "srv", saved, monkeypatch)


# --- what is chosen


def test_the_newest_that_has_it_is_restored_and_proven_and_what_is_newer_is_named(lost: Lost) -> None:
    looked, before = lost.look(), lost.state()
    assert (looked.outcome, looked.in_the_way, looked.snapshot) == ("may be restored", [], lost.saved.trades)
    assert {"table": "orders", "now": None, "then": 0, "same": False} in looked.tables
    assert lost.state() == before
    done = lost.restore()
    assert (done.outcome, done.proven, done.changed, done.snapshot) == ("restored", True, True, lost.saved.trades)
    assert lost.trades() == [0, 1, 7]
    assert done.dump == "20260102T040405Z"
    origin = f"it is the database of alpha out of snapshot {lost.saved.trades[:8]} of repository local"
    for text in (
        f"{origin}, made by {HERE} on 2026-01-02T04:04:05Z",
        f"snapshot {lost.saved.half[:8]} is left aside: it does not count: it has no manifest",
        f"snapshot {lost.saved.registry[:8]} is left aside: it has no databases, but registry",
        "read back: 2 tables, 3 rows, the numbers that come next",
    ):
        assert text in done.detail
    assert not (lost.host.root / "backup" / "restores").exists()
    assert not Home(lost.home("alpha")).restoring.exists()
    assert {hold.holder for hold in holds.load(lost.home("alpha") / "conf" / "holds.json").holds} == {"halt", "restore"}


@pytest.mark.parametrize("choice", ["2026-01-02T03:30:00Z", "8", "whole"])
def test_an_id_or_a_moment_means_an_older_one(lost: Lost, choice: str) -> None:
    number = lost.saved.whole
    wanted = {"8": number[:8], "whole": number}.get(choice, choice)
    assert lost.restore(dump=wanted).snapshot == number
    assert lost.trades() == [0, 1]


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        ("2026-01-02T03:00:00Z", "no snapshot has the database of alpha at or before .*; the oldest that has one is"),
        ("00000000", r"repository local: 0 of its 4 snapshots begin with 00000000: backup\.yml -e action=list"),
        ("yesterday", "'yesterday' is none of 'latest', the id of a snapshot"),
        ("abcdef0", "'abcdef0' is none of"),
        ("ABCDEF01", "'ABCDEF01' is none of"),
        ("half", "cannot be restored: it does not count: it has no manifest"),
        ("registry", "cannot be restored: it has no databases, but registry"),
    ],
)
def test_what_is_not_there_or_does_not_count_is_refused_with_why(lost: Lost, choice: str, text: str) -> None:
    before = lost.state()
    with pytest.raises(Refused, match=text):
        lost.restore(dump=getattr(lost.saved, choice, choice)[:20])
    assert lost.state() == before


def test_a_newest_one_that_cannot_be_read_is_not_passed_over(lost: Lost) -> None:
    """An older one must not be restored in its place because a network was away for a second."""
    shutil.rmtree(lost.host.root / "backup" / "manifests")
    lost.host.before = lambda words: subprocess.CompletedProcess(words, 1, b"", b"boom") if "ls" in words else None
    with pytest.raises(Refused, match=r"alpha was not touched: snapshot .* cannot be judged.*boom"):
        lost.restore()
    lost.host.before = lambda _words: None
    assert lost.restore().snapshot == lost.saved.trades


# --- a repository that is not well


def wrong_password(lost: Lost) -> None:
    key = lost.host.root / "backup" / "keys" / "local"
    key.chmod(0o600)
    key.write_text("wrong")


def away(lost: Lost) -> None:
    lost.host.url.rename(lost.host.root / "away")


def without_a_pack(lost: Lost) -> None:
    """Say what restic says of a file that is gone, 43 seconds earlier than it does."""
    pack = "a3" * 32
    said = f"Load(<data/a3a3a3a3>, 591, 4) failed: open {lost.host.url}/data/a3/{pack}: no such file or directory"
    lost.host.before = lambda words: (
        subprocess.CompletedProcess(words, 1, b"", said.encode()) if "restore" in words else None
    )


def flipped(lost: Lost) -> None:
    for pack in [path for path in (lost.host.url / "data").rglob("*") if path.is_file()]:
        data = bytearray(pack.read_bytes())
        data[len(data) // 4] ^= 1
        pack.chmod(0o600)
        pack.write_bytes(data)


def another(lost: Lost) -> None:
    known = lost.host.known()
    path = successes.place(lost.host.root)
    path.write_text(path.read_text().replace(known.id, "0" * 64))


@pytest.mark.parametrize(
    ("spoilt", "text"),
    [
        (wrong_password, "its password does not open it"),
        (away, "there was one: put it back"),
        (without_a_pack, "it is damaged: missing are the files of a3a3"),
        (flipped, ""),
        (another, "another repository"),
    ],
)
def test_a_repository_that_is_not_well_is_named_before_anything_is_touched(
    lost: Lost, spoilt: Callable[[Lost], None], text: str
) -> None:
    spoilt(lost)
    before = lost.state()
    for act in (lost.look, lost.restore):
        with pytest.raises(Refused, match=f"alpha was not touched: .*{text}"):
            act(dump=lost.saved.trades)
    assert lost.state() == before
    assert not (lost.host.root / "backup" / "restores").exists()


@pytest.mark.parametrize("text", ["is missing", "differs"])
def test_the_status_of_restic_is_believed_for_nothing(lost: Lost, text: str) -> None:
    """It says that it wrote everything, and did not, or wrote something else."""

    def lies(words: list[str]) -> subprocess.CompletedProcess[bytes] | None:
        if "restore" not in words:
            return None
        if text == "is missing":
            return subprocess.CompletedProcess(words, 0, b"", b"")
        done = restic.run(words, {**restic.ENVIRONMENT}, 60, None)
        database = Path(words[words.index("--target") + 1]) / "trades" / "alpha" / "database"
        database.write_bytes(database.read_bytes().replace(b"ETH/USDT", b"XRP/USDT"))
        return done

    lost.host.before = lies
    before = lost.state()
    with pytest.raises(Refused, match=f"alpha was not touched: .*trades/alpha/database {text}"):
        lost.restore()
    assert lost.state() == before


def test_it_does_not_fill_the_disk_on_which_the_bots_trade(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10, 0, 10))
    with pytest.raises(Refused, match=r"backup has 10 bytes left, and .* are needed"):
        lost.restore()
    assert not any("restore" in words for words in lost.host.asked)


def test_a_repository_of_secrets_has_no_databases(lost: Lost) -> None:
    lost.host.declare(local(secrets=True))
    with pytest.raises(Refused, match="repository local has secrets, and no databases"):
        lost.restore()
    with pytest.raises(Refused, match="unknown repository vault"):
        lost.restore(repository="vault")


# --- one at a time, and nothing is left


def test_what_a_killed_one_left_is_swept_and_two_do_not_meet(lost: Lost) -> None:
    left = lost.host.root / "backup" / "restores"
    for act in (lost.look, lost.host.backed_up):
        (left / "out").mkdir(parents=True)
        act()
        assert not left.exists()
    with durable.locked(lost.host.root / "backup" / chosen_snapshot.LOCK, 0, lost.host.clock) as mine:
        assert mine
        with pytest.raises(Refused, match="another restore out of a repository is under way"):
            lost.look()
        left.mkdir()
        lost.host.backed_up()
        assert left.exists(), "it belongs to the one that is under way"


class Killed(BaseException):
    """The end of a process."""


@pytest.mark.parametrize("spoilt", [False, True])
def test_one_that_is_killed_after_the_swap_is_compared_again_with_what_the_snapshot_said(
    lost: Lost, monkeypatch: pytest.MonkeyPatch, spoilt: bool
) -> None:
    def killed(*_: object) -> list[str]:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(restore, "read_back", killed)
        with pytest.raises(Killed):
            lost.restore()
    assert lost.trades() == [0, 1, 7]
    if spoilt:
        lost.host.sql("alpha", "delete from trades where id = 7")
    done, failed = recover.recover(lost.host.root, "timer", lost.host.clock, lost.host.engine)
    if spoilt:
        assert (done, len(failed)) == ([], 1)
        assert "trades" in failed[0]
    else:
        assert failed == []
        assert "the RESTORED database stands" in done[0]
        assert "read back: 2 tables, 3 rows" in done[0]


# --- another bot


def test_another_bot_of_the_snapshot_gives_its_database(lost: Lost) -> None:
    done = lost.restore("beta", from_bot="alpha")
    assert lost.trades("beta") == [0, 1, 7]
    assert f"it is the database of alpha out of snapshot {lost.saved.trades[:8]}" in done.detail[0]
    assert lost.home("alpha").joinpath("var/trades.sqlite").exists()


@pytest.mark.parametrize(
    ("bot", "theirs", "text"),
    [
        ("alpha", "omega", "no snapshot has the database of omega.*it has no database of omega, but of alpha, beta"),
        ("gamma", "alpha", "it is of mode paper, and this is live"),
        ("alpha", "gamma", "it is of mode live, and this is paper"),
    ],
)
def test_another_bot_must_be_there_and_fit(lost: Lost, bot: str, theirs: str, text: str) -> None:
    with pytest.raises(Refused, match=text):
        lost.restore(bot, from_bot=theirs)


def test_another_image_names_the_one_to_deploy_first(lost: Lost) -> None:
    path = lost.home("beta") / "bot.json"
    path.write_text(path.read_text().replace("sha256:", "sha256:f"))
    with pytest.raises(Refused, match=r"deploy beta with .*@sha256:[0-9a-f]+ first, then restore"):
        lost.restore("beta", from_bot="alpha")


def runs(lost: Lost) -> None:
    lost.processes["gamma"] = [process()]


def held_less(lost: Lost) -> None:
    (lost.home("gamma") / "conf" / "holds.json").write_text('{"version": 1, "seq": 0, "holds": []}\n')
    lost.hold("gamma", 1)


@pytest.mark.parametrize("trades_on", [runs, held_less])
def test_two_live_bots_of_a_host_do_not_trade_with_the_same_trades(
    lost: Lost, trades_on: Callable[[Lost], None]
) -> None:
    trades_on(lost)
    with pytest.raises(Refused, match="gamma of this host has these trades, and may trade"):
        lost.restore("delta", from_bot="gamma")
    assert "gamma of this host has these trades" in lost.look("delta", from_bot="gamma").in_the_way[0]


def test_a_live_bot_gets_anothers_database_while_that_one_is_still(lost: Lost) -> None:
    done = lost.restore("delta", from_bot="gamma")
    assert lost.trades("delta") == [0, 1, 7]
    assert any("its orders keep the ids that the account of gamma gave them" in line for line in done.detail)
    assert holds.effective_level(lost.home("delta") / "conf" / "holds.json") == holds.HARD


# --- another host


def test_a_live_bot_of_another_host_wants_to_know_how_that_one_is_fenced(lost: Lost, tmp_path: Path) -> None:
    lost.host.declare(local(of_host=HERE))
    before = lost.state()
    with pytest.raises(Refused, match=f"gamma trades live, and the snapshot was made by the host {HERE}: halt gamma"):
        lost.restore("gamma")
    assert "trades live" in lost.look("gamma").in_the_way[0]
    assert lost.state() == before
    lost.incident = journal.Journal(tmp_path / "diary", lost.host.clock)
    done = lost.restore("gamma", fenced=HOW)
    assert (done.proven, done.fenced, lost.trades("gamma")) == (True, HOW, [0, 1, 7])
    lost.incident.close()
    assert f"the bot of the other host is kept from trading: {HOW}" in (tmp_path / "diary").read_text()


def test_a_paper_bot_of_another_host_needs_no_fence_and_nothing_is_written_there(lost: Lost) -> None:
    lost.host.declare(local(of_host=HERE))
    there = {path: path.stat().st_mtime_ns for path in lost.host.url.rglob("*")}
    done = lost.restore(fenced=HOW)
    assert (lost.trades(), done.fenced) == ([0, 1, 7], "")
    assert "'fenced' was not needed: it is no live bot of another host" in done.detail
    assert {path: path.stat().st_mtime_ns for path in lost.host.url.rglob("*")} == there
    assert all("--no-lock" in words for words in lost.host.asked if "--repo" in words)


def test_a_live_bot_of_this_host_needs_no_fence(lost: Lost) -> None:
    assert lost.restore("gamma").proven


def test_the_same_name_on_a_new_host_is_another_host(lost: Lost) -> None:
    successes.place(lost.host.root).unlink()
    one(lost.host.backups.prepare())
    with pytest.raises(Refused, match=r"gamma trades live, and the snapshot is of .* knows the repository only since"):
        lost.restore("gamma")
    assert lost.restore("gamma", fenced=HOW).fenced == HOW


@pytest.mark.parametrize("of_host", ["", "old-host"])
def test_a_snapshot_of_a_host_that_was_not_said_is_left_aside(
    lost: Lost, monkeypatch: pytest.MonkeyPatch, of_host: str
) -> None:
    lost.host.declare(local(of_host=of_host))
    monkeypatch.setattr(socket, "gethostname", lambda: "new-host")
    with pytest.raises(Refused, match=f"it was made by the host {HERE}, and not by {of_host or 'new-host'}"):
        lost.restore()


def test_the_password_of_another_hosts_repository_is_put_there_by_hand(lost: Lost) -> None:
    lost.host.declare(local(of_host=HERE))
    key = lost.host.root / "backup" / "keys" / "local"
    kept = key.read_bytes()
    key.unlink()
    row = one(lost.host.backups.prepare())
    assert (row.changed, row.proven, key.exists()) == (False, False, False)
    assert "put the password of the host" in row.detail[0]
    with pytest.raises(Refused, match=r"alpha was not touched: .*keys/local is missing: put the password of the host"):
        lost.restore()
    key.write_bytes(kept)
    key.chmod(0o400)
    assert one(lost.host.backups.prepare()).proven
    assert lost.restore().proven


def test_nothing_is_backed_up_into_another_hosts_repository_or_forgotten_there(lost: Lost) -> None:
    lost.host.declare(local(of_host=HERE))
    for name in (None, "local"):
        with pytest.raises(Refused, match=f"local is of the host {HERE}: that is read from here"):
            lost.host.backups.back_up((), name)
    with pytest.raises(Refused, match="that is read from here"):
        lost.host.backups.export((), None, lost.host.root)
    theirs = restic.Restic(lost.host.vault().repository, lost.host.root, lost.host.run, os.geteuid())
    for act in (theirs.init, theirs.unlock, theirs.prune, lambda: theirs.forget([lost.saved.whole])):
        lost.host.asked.clear()
        with pytest.raises(Refused, match="nothing is written to it"):
            act()
        assert all("snapshots" in words for words in lost.host.asked)
    assert len(one(lost.host.backups.look(None)).snapshots) == 4
    assert one(lost.host.backups.check(None, read_data=True)).proven
    assert list((lost.host.url / "locks").iterdir()) == []


def test_what_is_no_dump_after_all_is_refused(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rule as for the dumps of the host's own decides at last."""
    take_out = taken_out.take_out

    def more(*given: Any) -> None:
        take_out(*given)
        (given[-1] / "trades" / "alpha" / "more").write_text("more")

    monkeypatch.setattr(taken_out, "take_out", more)
    with pytest.raises(Refused, match=r"is no dump: .*more: the manifest does not name it"):
        lost.restore()


def test_before_a_snapshot_was_chosen_nothing_is_said_of_it(lost: Lost) -> None:
    source = lost._given("alpha", "latest")[-1]
    with pytest.raises(NotProven, match="no snapshot was chosen yet"):
        source.in_the_way()
