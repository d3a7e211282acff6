"""Restore drills of a host, with the real restic: what passes was compared and booted, and nothing of it stays."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from freqops.core.backup import successes
from freqops.core.backup.restore_drill import Answer
from freqops.core.base import durable
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.bot.client import FreqtradeClient
from freqops.core.bot.engine_names import DRILL_BOT, DRILL_INSIDE, DRILL_OUTSIDE
from freqops.hostctl.backup import ages, rehearsal, restore_drill, staging
from freqops.hostctl.backup.restore_drill import Order, RestoreDrill
from freqops.hostctl.backup.scratch_stack import ScratchStack
from freqops.hostctl.backup.vault import Vault
from freqops.hostctl.bot.databases import Sqlite
from freqops.hostctl.bot.engine_command import EngineError
from tests.unit.fakes import made_container, silent
from tests.unit.hostctl.backup.drilled import DrilledApi, DrillEngine, as_this_user, told
from tests.unit.hostctl.backup.repositories.conftest import Host, local

MANDATE = Mandate("20260102T030405Z-restore-drill-0a0b0c", "restore drill", "ann@host")
PASSED, FAILED = "restored in a drill", "FAILED"


class Drilled:
    """A host with a backup of two bots, and bots of a drill that tell what is in it."""

    def __init__(self, host: Host) -> None:
        self.host, self.engine = host, DrillEngine()
        host.engine = self.engine
        self.api: DrilledApi = told(host.clock, 0, 1)
        self.asked: list[tuple[str, str]] = []

    def ask(self, address: str, password: str) -> FreqtradeClient:
        self.asked.append((address, password))
        return cast(FreqtradeClient, self.api)

    def run(self, *bots: str, repository: str | None = None) -> Answer:
        return RestoreDrill(self.host.backups, Order(repository, bots, MANDATE), self.ask).run()

    def back_up(self, **given: Any) -> None:
        """Back up a minute later."""
        self.host.clock.sleep(60)
        assert self.host.backed_up(**given).problems == []

    @property
    def place(self) -> Path:
        return self.host.root / "backup" / "drill"

    @property
    def drilled(self) -> bool:
        return successes.DRILL in self.host.known().done

    @property
    def evidence(self) -> dict[str, Any]:
        """What was written down, by the names of the files."""
        place = self.host.root / "incidents" / MANDATE.incident
        return {path.name.partition("-restore_drill")[2]: json.loads(path.read_text()) for path in place.glob("*.json")}

    def failed(self, *bots: str) -> str:
        """Drill, which must fail, be no success anywhere, and leave nothing; return all that is wrong."""
        answer = self.run(*bots)
        assert not answer.proven
        assert answer.exit != 0
        assert not self.drilled
        assert self.host.known().failed.startswith("its restore drill failed")
        assert not all(document["proven"] for document in self.evidence.values())
        self.gone(answer)
        found = [text for row in answer.repositories for text in row.problems]
        return "; ".join(found + [text for row in answer.bots for text in row.problems])

    def gone(self, answer: Answer) -> None:
        assert answer.left == []
        assert (self.engine.containers, self.engine.nets, self.place.exists()) == ({}, {}, False)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Path:
    """Back up a host once; each test gets its repository."""
    host = Host(tmp_path_factory.mktemp("stored") / "srv")
    for name in ("keys", "local"):
        shutil.copytree(made / name, host.root / "backup" / name, dirs_exist_ok=True)
    shutil.copy(made / successes.FILE, host.root / "backup")
    assert host.backed_up().problems == []
    return host.root / "backup"


@pytest.fixture
def drill(host: Host, stored: Path, monkeypatch: pytest.MonkeyPatch) -> Drilled:
    as_this_user(monkeypatch)
    monkeypatch.setattr(restore_drill, "PATIENCE", 1.0)
    staging.sweep(host.url)
    for name in ("local", "manifests"):
        shutil.copytree(stored / name, host.root / "backup" / name)
    shutil.copy(stored / successes.FILE, host.root / "backup")
    return Drilled(host)


def test_what_was_backed_up_is_restored_compared_and_told_and_nothing_stays(drill: Drilled) -> None:
    drill.host.clock.sleep(60)
    answer = drill.run()
    assert answer.proven, (answer.repositories, answer.bots)
    drill.gone(answer)
    assert [(row.bot, row.outcome, row.tables, row.rows, row.open_trades, row.closed_trades, row.rpo_s)
            for row in answer.bots] == [(name, PASSED, 2, 2, 2, 0, 60.0) for name in ("alpha", "beta")]  # fmt: skip
    assert {row.checker for row in answer.bots} == {"pragma integrity_check"}
    assert drill.drilled
    assert drill.host.known().done[successes.DRILL] == drill.host.clock.at(60)
    assert [document["proven"] for document in drill.evidence.values()] == [True, True, True]


def test_a_bot_boots_where_it_cannot_trade_under_passwords_made_for_it_alone(drill: Drilled) -> None:
    config = drill.host.root / "bots/alpha/release/f00/config.json"
    config.write_text(json.dumps({"dry_run": False, "exchange": {"name": "x", "key": "k" * 20}, "strategy": "Own"}))
    drill.back_up()
    config.write_text("{}")  # what the snapshot has counts
    answer = drill.run()
    assert answer.proven
    first, second = drill.engine.configs
    assert (first["strategy"], first["exchange"], first["dry_run"], first["initial_state"]) == (
        "Own", {"name": "x"}, True, "stopped",
    )  # fmt: skip
    passwords = [each["api_server"]["password"] for each in (first, second)]
    assert [password for _, password in drill.asked] == passwords
    assert len({*passwords, "p" * 20}) == 3
    assert not any(password in word for words in drill.engine.commands for word in words for password in passwords)
    assert not any(password in json.dumps(drill.evidence) for password in passwords)
    assert drill.engine.internal == {DRILL_OUTSIDE: False, DRILL_INSIDE: True}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"trades": []}, "trade 0: the database has 0.5 of BTC/USDT, the bot tells none"),
        ({"count": 1}, "it counts 1 closed trades, and the database has 0"),
        ({"count": None}, "what it tells of its trades is not understood"),
        ({"state": "running"}, "it is running, on paper"),
        ({"dry_run": False}, "it is stopped, LIVE"),
        ({"error": silent()}, "it did not boot within 600 s: no answer; it said: last words"),
    ],
    ids=str,
)
def test_a_bot_that_does_not_tell_the_same_or_could_trade_has_failed(
    drill: Drilled, change: dict[str, Any], said: str
) -> None:
    for name, value in change.items():
        setattr(drill.api, name, value)
    assert said in drill.failed()


def test_a_bot_that_ends_by_itself_has_failed_with_its_last_words_and_no_password(drill: Drilled) -> None:
    def ends(name: str) -> None:
        drill.engine.containers[name] = made_container(name, status="exited")
        password = drill.engine.configs[-1]["api_server"]["password"]
        drill.engine.said = ["quiet", f"x - ERROR - Could not load markets with {password}"]

    drill.engine.started = ends
    said = drill.failed("alpha")
    assert f"{DRILL_BOT} ended by itself: x - ERROR - Could not load markets with [secret]" in said


def changed(monkeypatch: pytest.MonkeyPatch, *statements: str) -> None:
    """Let a database be another one once it is restored."""
    copy = ScratchStack.copy

    def copied(stack: ScratchStack, source: Path, target: Path) -> None:
        copy(stack, source, target)
        with closing(sqlite3.connect(target)) as connection:
            for text in statements:
                connection.execute(text)
            connection.commit()

    monkeypatch.setattr(ScratchStack, "copy", copied)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("delete from trades where id = 1", "2 rows before, 1 after"),
        ("update trades set amount = 9 where id = 1", "2 rows, and not what was in them"),
        ("drop table orders", "it did not come through"),
    ],
)
def test_a_database_that_is_not_what_the_manifest_says_has_failed(
    drill: Drilled, monkeypatch: pytest.MonkeyPatch, statement: str, said: str
) -> None:
    changed(monkeypatch, statement)
    assert said in drill.failed()
    assert drill.engine.configs == []


def test_numbers_that_come_next_and_the_structure_are_looked_at(
    drill: Drilled, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(_database: Sqlite) -> None:
        raise NotProven("it is spoilt")

    monkeypatch.setattr(Sqlite, "refuse_unless_sound", spoilt)
    assert "it is spoilt" in drill.failed()
    monkeypatch.setattr(rehearsal, "refuse_unless_next", lambda *_: spoilt(Sqlite(Path())))
    monkeypatch.setattr(Sqlite, "refuse_unless_sound", lambda _: None)
    assert "it is spoilt" in drill.failed()


def test_a_snapshot_that_is_not_what_its_manifest_says_has_failed(
    drill: Drilled, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore = Vault.restore

    def spoils(vault: Vault, number: str, target: Path, wanted: tuple[str, ...]) -> None:
        restore(vault, number, target, wanted)
        path = target / "trades/beta/database"
        path.write_bytes(path.read_bytes() + b"x")

    monkeypatch.setattr(Vault, "restore", spoils)
    assert "is not what its manifest says: trades/beta/database differs" in drill.failed()


def test_without_an_image_or_a_release_nothing_boots(drill: Drilled, monkeypatch: pytest.MonkeyPatch) -> None:
    def bring(_image: str) -> None:
        raise EngineError("manifest unknown")

    with monkeypatch.context() as patched:
        patched.setattr(drill.engine, "bring_image", bring)
        assert "is not on this host and cannot be had: manifest unknown" in drill.failed()
    drill.back_up(asked=("trades",))
    for bot in ("alpha", "beta"):
        staging.sweep(drill.host.root / "bots" / bot / "release" / "f00")
    assert "neither the snapshot nor this host has release f00" in drill.failed()


def test_packages_that_are_not_on_the_host_are_named(drill: Drilled) -> None:
    path = drill.host.root / "bots/alpha/release/f00/bot.json"
    (drill.host.root / "packages").mkdir()
    for mark in ("0a1b", "../bots"):
        path.write_text(json.dumps({"packages": mark}))
        drill.back_up()
        assert f"its packages {mark} are not on this host" in drill.failed()
    (drill.host.root / "packages/0a1b").mkdir()
    path.write_text(json.dumps({"packages": "0a1b"}))
    drill.back_up()
    assert drill.run().proven
    assert any(word.endswith("packages/0a1b:/freqops/packages:ro") for word in drill.engine.commands[-2])


def test_a_repository_without_a_snapshot_that_counts_has_failed(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    as_this_user(monkeypatch)
    drill = Drilled(host)
    assert "no snapshot that counts has trades" in drill.failed()


def test_a_snapshot_without_a_database_is_no_success_but_on_a_host_without_bots(drill: Drilled) -> None:
    for bot in ("alpha", "beta"):
        (drill.host.root / "bots" / bot / "var/trades.sqlite").unlink()
    drill.back_up(emptied=("alpha", "beta"))
    assert "the snapshot has no database of any bot, and this host has bots" in drill.failed()
    staging.sweep(drill.host.root / "bots")
    drill.back_up()
    answer = drill.run()
    assert (answer.proven, answer.bots, drill.drilled) == (True, [], True)


def test_a_bot_that_no_backup_has_is_a_failure_unless_it_came_later(drill: Drilled) -> None:
    home = drill.host.add_bot("late")
    began = drill.host.clock.utcnow().timestamp()
    os.utime(home / "bot.json", (began + 1, began + 1))
    assert drill.run().proven
    os.utime(home / "bot.json", (began - 1, began - 1))
    answer = drill.run()
    [row] = answer.repositories
    assert row.problems == ["late was there before the snapshot was made, and is not in it"]
    assert not answer.proven


def test_only_a_drill_of_all_bots_counts_and_an_unknown_one_has_failed(drill: Drilled) -> None:
    assert "the snapshot has no database of gone; it has alpha, beta" in drill.failed("alpha", "gone")
    answer = drill.run("beta")
    assert (answer.proven, [row.bot for row in answer.bots]) == (True, ["beta"])
    assert not drill.drilled
    assert "only a drill of all its bots counts in status" in answer.repositories[0].detail


def test_a_drill_that_passes_takes_back_the_failure_of_one_and_of_nothing_else(drill: Drilled) -> None:
    drill.api.count = 1
    drill.failed()
    drill.api.count = 0
    assert drill.run().proven
    assert drill.host.known().failed == ""
    drill.host.vault().failed("the disk is full")
    assert drill.run().proven
    assert drill.host.known().failed == "the disk is full"


def test_what_a_killed_drill_left_is_taken_away_and_named(drill: Drilled) -> None:
    drill.engine.containers[DRILL_BOT] = made_container()
    drill.engine.nets = {DRILL_OUTSIDE: [DRILL_BOT], DRILL_INSIDE: []}
    (drill.place / "taken" / "trades").mkdir(parents=True)
    assert ages.UNDER_WAY in ages.look(drill.host.root, drill.host.clock)[1]
    answer = drill.run()
    assert ages.UNDER_WAY not in ages.look(drill.host.root, drill.host.clock)[1]
    assert answer.proven
    drill.gone(answer)
    assert [text.split(" left ")[1].split(";")[0] for text in answer.repositories[0].detail] == [
        f"container {DRILL_BOT}", f"network {DRILL_OUTSIDE}", f"network {DRILL_INSIDE}", f"directory {drill.place}",
    ]  # fmt: skip


@pytest.mark.parametrize("name", [DRILL_BOT, DRILL_OUTSIDE])
def test_what_stays_is_a_failure_and_keeps_nothing_else(drill: Drilled, name: str) -> None:
    drill.engine.stays = {name}
    answer = drill.run("beta")
    assert not answer.proven
    assert len(answer.left) == 1
    assert f"{name} cannot be removed" in answer.left[0]
    assert not drill.place.exists()
    assert DRILL_INSIDE not in drill.engine.nets
    assert not drill.drilled


def test_whatever_happens_the_stack_goes(drill: Drilled, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rehearsal.Rehearsal, "_same_trades", interrupted)
    with pytest.raises(KeyboardInterrupt):
        drill.run()
    assert (drill.engine.containers, drill.engine.nets, drill.place.exists()) == ({}, {}, False)


def stranger_before(drill: Drilled) -> None:
    make = drill.engine.make_network

    def joined(name: str, *, internal: bool) -> None:
        make(name, internal=internal)
        drill.engine.nets[name].append("freqops-gamma")

    drill.engine.make_network = joined  # type: ignore[method-assign]


def stranger_after(drill: Drilled) -> None:
    drill.engine.started = lambda _name: drill.engine.nets[DRILL_OUTSIDE].append("freqops-gamma")


@pytest.mark.parametrize("stranger", [stranger_before, stranger_after])
def test_a_network_with_somebody_else_in_it_is_no_drill(drill: Drilled, stranger: Callable[[Drilled], None]) -> None:
    stranger(drill)
    assert "is not the drill's alone: freqops-gamma" in drill.failed("beta")


def test_there_are_never_two_and_a_backup_is_waited_for(drill: Drilled) -> None:
    home, clock = drill.host.root / "backup", drill.host.clock
    with durable.locked(home / restore_drill.LOCK, 0, clock), pytest.raises(Refused, match="another restore drill"):
        drill.run()
    assert drill.engine.commands == []
    with durable.locked(home / ".lock", 0, clock):
        answer = drill.run()
    assert "is a backup under way?" in answer.repositories[0].problems[0]
    assert drill.run().proven


def test_a_repository_of_secrets_is_left_out_and_refused_by_name(drill: Drilled) -> None:
    drill.host.declare(local(), local("vault", secrets=True))
    drill.host.backups.prepare()
    _, notes = ages.look(drill.host.root, drill.host.clock)
    assert [" drill" in note for note in notes if "last successes" in note] == [True, False]
    assert [row.repository for row in drill.run("beta").repositories] == ["local"]
    with pytest.raises(Refused, match="vault has secrets and no database"):
        drill.run(repository="vault")
    with pytest.raises(Refused, match="unknown repository"):
        drill.run(repository="other")


def test_one_repository_that_is_away_keeps_no_other_from_its_drill(drill: Drilled) -> None:
    drill.host.declare(replace(local("away"), url="/nowhere/at/all"), local())
    answer = drill.run()
    assert [bool(row.problems) for row in answer.repositories] == [True, False]
    assert (answer.proven, drill.drilled, len(answer.bots)) == (False, True, 2)
