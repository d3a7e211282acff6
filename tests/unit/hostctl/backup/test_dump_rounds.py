"""The rounds of dumps: what changed is dumped in time, what did not costs nothing, and no bot keeps another from it."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import changes, recovery_points
from freqops.core.backup.recovery_points import Point
from freqops.core.base import durable, stamp
from freqops.core.bot.layout import Home
from freqops.hostctl.backup import dump_rounds, dumps
from freqops.hostctl.bot.database_copies import DatabaseError
from freqops.hostctl.bot.engine_command import EngineError
from tests.unit.hostctl.backup.trading import Dumping, make_database, trade, write


def test_the_first_round_dumps_and_the_next_does_nothing(host: Dumping) -> None:
    [line] = host.round().done
    assert line.startswith("alpha: dumped as ")
    assert (len(host.stamps), host.round().done, len(host.stamps)) == (1, [], 1)
    assert stamp.age("dump", host.clock.utcnow().timestamp()) is not None


def test_a_trade_is_in_a_dump_within_a_minute_without_anybody_asking(host: Dumping) -> None:
    host.round()
    trade(host.path)
    first = host.point().dump
    for _ in range(4):
        host.round()
    assert host.point().dump != first
    assert host.store.dumps()[-1].manifest.rows["trades"] == 2


def test_what_changes_all_the_time_is_dumped_once_a_minute(host: Dumping) -> None:
    made = set()
    for _ in range(40):
        trade(host.path)
        host.round()
        assert host.clock.now - (host.point().until_s or 0) <= 60
        made.add(host.point().dump)
    assert 12 <= len(made) <= 14


def test_what_does_not_change_is_known_to_be_in_its_dump(host: Dumping) -> None:
    host.round()
    for _ in range(20):
        host.round()
    point = host.point()
    assert point.until_s == host.clock.now
    assert len(host.stamps) == 1


def test_a_boot_means_another_dump(host: Dumping) -> None:
    host.round()
    recovery_points.FILE.unlink()
    host.round(60)
    assert len(host.stamps) == 2


def test_a_clock_of_another_boot_means_another_dump(host: Dumping) -> None:
    host.round()
    first = host.point().dump
    host.clock.now = 10.0
    host.round()
    assert host.point().dump != first


def test_a_failed_round_is_said_counted_and_tried_again(host: Dumping, monkeypatch: pytest.MonkeyPatch) -> None:
    host.round()
    write(host.path, "delete from trades")
    for count in (1, 2):
        [line] = host.round(60).failed
        assert "table trades: it is empty, and had 1 rows" in line
        assert (host.point().failures, len(host.stamps)) == (count, 1)
    assert host.point().until_s == 1015.0, "nothing after that is in a dump"
    trade(host.path)
    host.round(60)
    assert (host.point().failures, host.point().why) == (0, "")


def test_a_dump_that_was_made_counts_although_nothing_could_be_removed(
    host: Dumping, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(*_: object) -> list[str]:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(dumps, "prune", stuck)
    [line] = host.round().failed
    assert "Input/output error" in line
    assert (host.point().dump, host.point().failures) == (host.stamps[0], 1)


def test_a_bot_that_fails_or_hangs_keeps_no_other_from_its_round(
    host: Dumping, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_database(host.bot("beta") / "var" / "trades.sqlite")
    host.bot("gamma", "mysql://elsewhere/trades")
    hanging, take = threading.Event(), dumps.take_locked

    def hang(home: Any, *more: Any) -> Any:
        if home.name == "alpha":
            hanging.wait()
            raise DatabaseError("at last")
        return take(home, *more)

    monkeypatch.setattr(dumps, "take_locked", hang)
    monkeypatch.setattr(dump_rounds, "PASS_S", 1.0)
    rounds = dump_rounds.DumpRounds(host.root, host.clock, host.engine)
    said = rounds.come_round()
    assert rounds.busy
    assert [line.partition(":")[0] for line in said.done] == ["beta"]
    assert [line.partition(":")[0] for line in said.failed] == ["gamma"]
    hanging.set()
    while rounds.busy:
        said.take_in(rounds.come_round())
    assert "alpha: at last" in said.failed


def test_a_bot_that_a_command_works_on_is_left_alone(host: Dumping) -> None:
    for note in (Home(host.home).stopped, Home(host.home).switch, Home(host.home).removing):
        note.write_text("{}")
        assert (host.round().done, host.stamps) == ([], [])
        note.unlink()
    host.round()
    assert len(host.stamps) == 1


def test_where_a_dump_is_made_by_hand_the_round_leaves_it_alone(host: Dumping) -> None:
    with durable.locked(Home(host.home).dump_lock, 0, host.clock):
        said = host.round()
    assert (said.done, said.failed, host.stamps) == ([], [], [])


def test_a_lock_that_cannot_be_opened_is_said(host: Dumping) -> None:
    Home(host.home).dump_lock.mkdir()
    [line] = host.round().failed
    assert "cannot be opened" in line
    assert host.point().failures == 1


def test_a_bot_that_never_ran_has_no_database_and_that_is_no_failure(host: Dumping) -> None:
    host.path.unlink()
    for each in host.path.parent.glob("trades*"):
        each.unlink()
    assert (host.round().failed, host.stamps) == ([], [])
    assert host.point().mark == changes.ABSENT
    host.round()
    assert host.point().until_s == host.clock.now
    make_database(host.path)
    host.round(60)
    assert len(host.stamps) == 1


def test_a_bot_that_is_being_deployed_for_the_first_time_is_no_failure(host: Dumping) -> None:
    (host.home / "bot.json").unlink()
    host.path.unlink()
    (host.home / "conf" / "secrets.json").unlink()
    said = host.round()
    assert (said.done, said.failed) == ([], [])
    assert host.home.name not in recovery_points.read(recovery_points.FILE)


def test_a_bot_whose_declaration_is_gone_is_a_failure(host: Dumping) -> None:
    host.round()
    (host.home / "bot.json").unlink()
    (host.home / "conf" / "secrets.json").unlink()
    trade(host.path)
    assert len(host.round(60).failed) == 1


def test_one_whose_database_is_gone_is_a_failure(host: Dumping) -> None:
    host.round()
    for each in host.path.parent.glob("trades*"):
        each.unlink()
    [line] = host.round(60).failed
    assert "there is no trades.sqlite" in line


def test_a_round_forgets_bots_that_are_gone(host: Dumping) -> None:
    recovery_points.write("former", Point(), host.clock, recovery_points.FILE)
    host.round()
    assert set(recovery_points.read(recovery_points.FILE)) == {"alpha"}


def test_a_round_says_nothing_of_a_bot_that_is_removed_meanwhile(
    host: Dumping, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = dumps.take_locked

    def removed_after(home: Path, *rest: Any) -> Any:
        made = take(home, *rest)
        home.rename(home.parent / "away")
        return made

    monkeypatch.setattr(dumps, "take_locked", removed_after)
    host.round()
    assert recovery_points.read(recovery_points.FILE) == {}


# --- Postgres


@pytest.fixture
def counting(host: Dumping, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A bot of Postgres beside that of SQLite; what the database counts, and the dumps that were asked for."""
    host.bot("beta", "postgresql+psycopg2://beta_paper:x@freqops-postgres/beta_paper")
    host.bot("delta", "postgresql+psycopg2://delta_paper:x@freqops-postgres/delta_paper")
    state: dict[str, Any] = {"row": [1, 10, 2, 0, None, "2026-01-01", "on"], "asked": 0, "dumped": [], "error": None}

    def pipe(argv: list[str], *_: object, **__: object) -> str:
        assert any("pg_stat_database" in word for word in argv)
        state["asked"] += 1
        if state["error"]:
            raise EngineError(state["error"])
        return json.dumps({"beta_paper": state["row"], "delta_paper": [2, 0, 0, 0, None, "2026-01-01", "on"]})

    one = dumps.take(host.home, host.clock, host.engine)

    def made(home: Any, *_: Any) -> Any:
        state["dumped"].append(home.name)
        return one

    monkeypatch.setattr(host.engine, "pipe", pipe, raising=False)
    monkeypatch.setattr(dumps, "take_locked", made)
    return state


def test_one_question_tells_of_all_databases(host: Dumping, counting: dict[str, Any]) -> None:
    host.round()
    assert (counting["asked"], sorted(counting["dumped"])) == (1, ["alpha", "beta", "delta"])
    host.round(60)
    assert (counting["asked"], len(counting["dumped"])) == (2, 3)
    assert host.point("beta").until_s == host.clock.now - changes.POSTGRES_LAG_S, "counts come late"


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4, 5])
def test_whatever_it_counts_or_forgets_is_a_change(host: Dumping, counting: dict[str, Any], place: int) -> None:
    host.round()
    counting["row"][place] = "later" if place > 3 else 99
    host.round(60)
    assert counting["dumped"].count("beta") == 2
    assert counting["dumped"].count("delta") == 1


def test_where_it_counts_nothing_it_is_dumped_all_the_same(host: Dumping, counting: dict[str, Any]) -> None:
    counting["row"][6] = "off"
    for _ in range(3):
        host.round(60)
    assert counting["dumped"].count("beta") == 3
    assert counting["dumped"].count("delta") == 1


@pytest.mark.parametrize("error", ["is not running", "password authentication failed"])
def test_a_postgres_that_does_not_answer_keeps_no_sqlite_from_its_dump(
    host: Dumping, counting: dict[str, Any], error: str
) -> None:
    counting["error"] = error
    said = host.round()
    assert counting["dumped"] == ["alpha"]
    assert sorted(line.partition(":")[0] for line in said.failed) == ["beta", "delta"]
    assert all(error in line for line in said.failed)


def test_without_a_bot_of_postgres_nobody_asks_it(host: Dumping) -> None:
    assert host.round().failed == []  # the engine of this host would refuse


def test_a_round_in_which_nothing_changed_loads_nothing_of_a_dump(
    host: Dumping, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.round()
    monkeypatch.setitem(sys.modules, "freqops.hostctl.backup.dumps", None)
    assert host.round().failed == []
    trade(host.path)
    [line] = host.round(60).failed
    assert "freqops.hostctl.backup.dumps" in line
