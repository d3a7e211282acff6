"""A foreign Freqtrade adopted and given back: the order of things, what is compared, and what is taken back."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.processes import Process
from freqops.core.deploy.container import Container
from freqops.core.halt import halt_drill, holds
from freqops.core.takeover import adoption, foreign, open_file
from freqops.core.takeover.strategy_code import Code
from freqops.hostctl.bot import databases, health, holds_file, processes_and_api, stopping
from freqops.hostctl.bot.database_copies import DatabaseError
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.bot.start import Started
from freqops.hostctl.exchange import reconcile
from freqops.hostctl.incident import journal
from freqops.hostctl.takeover import adopt, adopt_data, adopt_undo
from freqops.hostctl.takeover.adopt_order import Adopted, Order
from tests.unit.core.takeover.test_adoption import CONFIG, FOREIGN, SOURCE
from tests.unit.fakes import FakeClock, FakeEngine, StillApi, process, trade

RELEASE, INCIDENT = "1" * 16, "20260102T030405Z-adopt-9f3c21"
TABLES = (
    "create table trades (id integer, pair text, is_open integer, amount real)",
    "create table trade_custom_data (id integer, ft_trade_id integer, cd_key text, cd_value text)",
    "create table pairlocks (id integer, pair text, active integer)",
    "create table notes (text text)",
    "insert into trade_custom_data values (1, 1, 'n', '1')",
    "insert into pairlocks values (1, '*', 1)",
    "insert into notes values ('of its strategy')",
    "create table orders (id int, ft_trade_id int, order_id, ft_order_side text, ft_is_open int, status, filled real)",
)


class Old(FakeEngine):
    """The engine with the old container: what it has, and what is done to it, in order."""

    def __init__(self, database: Path) -> None:
        super().__init__()
        self.database, self.done = database, list[str]()
        self.status, self.restart = "running", "always"
        self.gone = False

    def container(self, name: str) -> Container | None:
        return Container("c1", self.status, "image", "then", 0) if name == "c1" else self.present

    def restart_policy(self, name: str, policy: str) -> None:  # noqa: ARG002  as above
        self.done.append(f"restart {policy}")
        self.restart = policy

    def stop(self, name: str, grace: int) -> None:  # noqa: ARG002  the signature is the engine's
        self.done.append("stop")
        self.status = "exited"

    def start(self, name: str) -> None:  # noqa: ARG002  as above
        self.done.append("start")
        self.status = "running"

    def remove(self, name: str) -> None:  # noqa: ARG002  as above
        self.present = None

    def has_network(self, name: str) -> bool:  # noqa: ARG002  as above
        return False

    def copy_out(self, name: str, source: str, target: Path) -> bool:  # noqa: ARG002  as above
        if self.gone or source.endswith("-wal"):
            return False
        shutil.copy(self.database, target)
        return True

    def pipe(self, argv: list[str], timeout: float, *, source: Path | None = None, output: Path | None = None) -> str:  # noqa: ARG002
        if output is not None:
            shutil.copy(self.database, output)
        return ""


class Host:
    """A host with the old one, and the bot staged beside it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.clock, self.home = root, FakeClock(), root / "bots" / "alpha"
        self.database = root / "old.sqlite"
        for sql in (*TABLES, "insert into trades values (1, 'BTC/USDT', 1, 0.5)"):
            self.write(self.database, sql)
        self.engine, self.api = Old(self.database), StillApi(self.clock, state="paused")
        self.api.trades = [{**trade(1), "amount": 0.5}]
        self.found = replace(FOREIGN, container="c1", restart="always")
        self.processes: list[Process] = []
        self.starts: list[int] = []
        self.well: Callable[[], bool] = lambda: True
        self.disagrees: FreqopsError | None = None
        self.accepted = ""
        self.stage()
        monkeypatch.setattr(foreign, "look", lambda *_: self.looked())
        monkeypatch.setattr(foreign, "version_of", lambda *_: "2026.9")
        monkeypatch.setattr(adopt, "start_locked", self.start)
        monkeypatch.setattr(adopt_undo, "start_locked", self.start)
        monkeypatch.setattr(health, "prove", lambda *_: self.well())
        monkeypatch.setattr(processes_and_api, "client", lambda _bot: self.api)
        monkeypatch.setattr(processes_and_api, "alive", lambda _bot: list(self.processes))
        monkeypatch.setattr(stopping, "stop", lambda *_: self.processes.clear())
        monkeypatch.setattr(reconcile, "refuse_unless_agreed", self.agreed)

    def stage(self) -> None:
        place = self.home / "release" / RELEASE
        place.mkdir(parents=True)
        for directory in ("conf", "var", "staged"):
            (self.home / directory).mkdir(exist_ok=True)
        declared = {"name": "alpha", "mode": "paper", "api_port": 0, "image": "registry.example/freqtrade@sha256:00",
                    "release": RELEASE, "initial_state": "running"}  # fmt: skip
        (place / "bot.json").write_text(json.dumps(declared))
        (place / "compose.yml").write_text("")
        (place / "config.json").write_text(json.dumps(CONFIG))
        (place / "validated").write_text("")
        (place / "strategies").mkdir()
        (place / "strategies" / "S.py").write_text(SOURCE)
        secrets = {"db_url": "sqlite:////freqops/var/trades.paper.sqlite",
                   "api_server": {"username": "u", "password": "p"}}  # fmt: skip
        (self.home / "staged" / "secrets.json").write_text(json.dumps(secrets))

    def looked(self) -> foreign.Foreign:
        return replace(self.found, traded=adopt_data.picture_of(databases.Sqlite(self.database)))

    def write(self, path: Path, sql: str) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(sql)
            connection.commit()

    def start(self, bot: Any, *_: Any, **__: Any) -> Started:
        assert self.engine.status != "running", "two bots would trade with the same trades"
        self.starts.append(holds.effective_level(bot.holds))
        self.processes.append(process())
        return Started("alpha", "paused", changed=True, level=1)

    def agreed(self, *_: Any) -> list[str]:
        if self.disagrees is not None:
            raise self.disagrees
        return []

    @property
    def order(self) -> Order:
        return Order(Path("/opt/ft"), None, RELEASE, Mandate(INCIDENT, "why", "ann@host"), accept_dropped=self.accepted)

    def adopt(self) -> Adopted:
        return adopt.Adoption(self.home, self.order, journal.silent(self.clock), self.clock, self.engine).run()

    def undo(self) -> Adopted:
        return adopt_undo.undo(self.home, self.order, journal.silent(self.clock), self.clock, self.engine)

    @property
    def ours(self) -> databases.Sqlite:
        return databases.Sqlite(self.home / "var" / "trades.paper.sqlite")

    def as_it_was(self) -> bool:
        return (self.engine.status, self.engine.restart, self.processes) == ("running", "always", []) and not (
            self.home / "bot.json"
        ).exists()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def test_it_comes_up_held_with_the_same_trades_after_the_old_one_ended(host: Host) -> None:
    row = host.adopt()
    assert (row.outcome, row.proven, row.trades) == ("paused", True, ["1 BTC/USDT 0.5"])
    assert host.engine.done == ["restart no", "stop"]
    assert host.starts == [1]
    [hold] = holds.load(host.home / "conf" / "holds.json").holds
    assert (hold.holder, hold.level, hold.incident) == ("restore", 1, INCIDENT)
    assert host.ours.open_trades() == ["1 BTC/USDT"]
    assert oct((Path(row.kept) / "at-rest").stat().st_mode & 0o777) == "0o400"


def test_it_has_its_time_for_a_first_drill(host: Host) -> None:
    assert host.adopt().proven
    assert halt_drill.days_undrilled(host.home, host.clock.utcnow()) is not None


def test_what_was_traded_until_it_ended_comes_too(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = host.engine.stop

    def stops(name: str, grace: int) -> None:
        host.write(host.database, "insert into trades values (2, 'ETH/USDT', 1, 2.0)")
        host.api.trades.append({**trade(2, pair="ETH/USDT"), "amount": 2.0})
        stop(name, grace)

    monkeypatch.setattr(host.engine, "stop", stops)
    assert host.adopt().trades == ["1 BTC/USDT 0.5", "2 ETH/USDT 2.0"]


def test_what_may_not_be_adopted_is_not_touched(host: Host) -> None:
    host.found = replace(host.found, strategy="Other")
    with pytest.raises(Refused, match="was not touched: its strategy is Other"):
        host.adopt()
    assert host.as_it_was()
    assert host.engine.done == []


def test_a_backup_that_cannot_be_read_ends_it_before_anything_is_touched(host: Host) -> None:
    broken = host.root / "broken"
    broken.write_bytes(b"no database, and long enough to be seen as none" * 99)
    host.engine.database = broken
    with pytest.raises(Refused, match="was not touched"):
        host.adopt()
    assert host.as_it_was()
    assert host.engine.done == []
    assert list((host.root / "adopted").iterdir()) == []


@pytest.mark.parametrize("missing", ["copy", "trade", "well", "start", "exchange", "living"])
def test_what_does_not_succeed_is_taken_back(host: Host, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    if missing == "copy":
        host.engine.gone = True
    elif missing == "trade":
        host.api.trades = []
    elif missing == "well":
        host.well = lambda: False
    elif missing == "start":
        monkeypatch.setattr(adopt, "start_locked", lambda *_, **__: Started("alpha", "held", changed=True, level=3))
    elif missing == "exchange":
        host.disagrees = Refused("its records and its exchange disagree")
    else:
        host.found = replace(host.found, pids=(1,))  # one that lives on
    with pytest.raises(NotProven, match=r"alpha was not adopted: .*; the old one is back"):
        host.adopt()
    assert host.as_it_was()
    assert host.engine.done[-2:] == ["restart always", "start"]


def test_an_old_one_that_something_starts_again_is_no_adoption(host: Host) -> None:
    def well() -> bool:
        host.engine.status = "running"
        return True

    host.well = well
    with pytest.raises(NotProven, match="was stopped, and is running again"):
        host.adopt()
    assert host.as_it_was()


def test_a_second_bot_on_its_database_is_seen_when_it_has_ended(host: Host) -> None:
    host.found = replace(host.found, file=open_file.identity(os.getpid(), str(host.database)))
    with host.database.open(), pytest.raises(NotProven, match=r"may be a second bot: .*the old one is back"):
        host.adopt()
    assert host.as_it_was()
    assert host.starts == []


def test_whoever_is_connected_to_its_postgres_is_a_second_bot(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    found = replace(FOREIGN, kind="postgresql", database="trades", database_container="db", database_user="u")
    source, said = adopt_data.Source(found, host.engine), ['[{"usename": "u"}]']
    monkeypatch.setattr(host.engine, "pipe", lambda *_, **__: said[0])
    with pytest.raises(DatabaseError, match=r"others are connected to trades, maybe a second bot: \[\['u'\]\]"):
        source.at_rest(host.root / "dump", "db")
    said[0] = "[]"
    assert source.at_rest(host.root / "dump", "db") == foreign.Picture()
    assert source.contents(host.root / "dump").columns() == {}


def test_what_is_left_behind_is_refused_before_anything_is_touched(host: Host) -> None:
    host.found = replace(host.found, config={**CONFIG, "telegram": {"enabled": True}})
    with pytest.raises(Refused, match="was not touched: its telegram will be off"):
        host.adopt()
    assert host.engine.done == []
    host.accepted = "telegram"
    assert host.adopt().proven


def test_other_code_of_its_strategy_is_refused_before_anything_is_touched(host: Host) -> None:
    (host.home / "release" / RELEASE / "strategies" / "S.py").write_text(SOURCE.replace("0.1", "0.2"))
    with pytest.raises(Refused, match=r"was not touched: the code of its strategy would change by strategy\.S\.py"):
        host.adopt()
    assert (host.engine.done, host.as_it_was()) == ([], True)
    host.accepted = "strategy.S.py"
    assert host.adopt().proven


@pytest.mark.parametrize("same", [True, False])
def test_modules_of_its_strategy_in_directories_below_are_compared(host: Host, same: bool) -> None:
    helpers = host.home / "release" / RELEASE / "strategies" / "helpers"
    helpers.mkdir()
    (helpers / "levels.py").write_text("LEVEL = 1")
    before = "LEVEL = 1" if same else "LEVEL = 2"
    host.found = replace(host.found, code=Code("S.py", {"S.py": SOURCE, "helpers/levels.py": before}))
    if same:
        assert host.adopt().proven
    else:
        with pytest.raises(Refused, match=r"would change by strategy\.helpers/levels\.py"):
            host.adopt()


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("delete from trades", "table trades: 1 rows before, 0 after"),
        ("update trade_custom_data set cd_value = '2'", "table trade_custom_data: 1 rows, and not what was in them"),
        ("delete from pairlocks", "table pairlocks: 1 rows before, 0 after"),
        ("drop table notes", "table notes: it did not come through, with 1 rows"),
    ],
)
def test_another_database_than_was_copied_is_taken_back(
    host: Host, monkeypatch: pytest.MonkeyPatch, sql: str, why: str
) -> None:
    bring = adopt_data.bring

    def brings(*given: Any) -> None:
        bring(*given)
        host.write(host.ours.path, sql)

    monkeypatch.setattr(adopt_data, "bring", brings)
    with pytest.raises(NotProven, match=f"not what was copied came into its database: {why}"):
        host.adopt()
    assert host.as_it_was()
    assert host.starts == []


def test_an_old_one_that_cannot_be_stopped_stays_as_it_was(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> None:
        raise EngineError("no answer")

    monkeypatch.setattr(host.engine, "stop", stop)
    with pytest.raises(NotProven, match="no answer; the old one is back"):
        host.adopt()
    assert host.as_it_was()


def test_what_was_traded_before_it_failed_is_not_forgotten(host: Host) -> None:
    def well() -> bool:
        host.write(host.ours.path, "update trades set is_open = 0")
        return False

    host.well = well
    with pytest.raises(NotProven, match="the old one is NOT back: alpha has traded since"):
        host.adopt()
    assert host.engine.status == "exited"
    assert holds.effective_level(host.home / "conf" / "holds.json") == 1


def test_one_command_gives_it_back(host: Host) -> None:
    host.adopt()
    row = host.undo()
    assert (row.outcome, row.proven, row.trades) == ("undone", True, ["1 BTC/USDT 0.5"])
    assert host.as_it_was()
    assert not host.home.exists()


def test_a_halt_outlives_the_adoption_and_its_own_hold_does_not(host: Host) -> None:
    host.adopt()
    hold = holds.Hold("halt", 1, "why", "ann@host", "other", 0, "")
    assert holds_file.latch(host.home, hold, host.clock).error is None
    row = host.undo()
    assert "comes up held; resume it then" in row.detail[-1]
    [left] = holds.load(host.root / "removed" / "alpha.holds.json").holds
    assert (left.holder, left.incident) == ("halt", "other")


def _resumes(error: Refused) -> bool:
    return [step.step for step in getattr(error, "steps", ())] == ["resume"]


def test_it_is_not_given_back_where_it_traded_since(host: Host) -> None:
    host.adopt()
    host.write(host.ours.path, "update trades set is_open = 0")
    with pytest.raises(Refused, match="traded since it was adopted", check=_resumes):
        host.undo()
    assert (host.engine.status, len(host.processes)) == ("exited", 1)


def test_what_is_traded_while_it_stops_keeps_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.adopt()

    def stop(*_: Any) -> None:
        host.processes.clear()
        host.write(host.ours.path, "update trades set is_open = 0")

    monkeypatch.setattr(stopping, "stop", stop)
    with pytest.raises(NotProven, match="it is up again, paused"):
        host.undo()
    assert (host.engine.status, host.starts) == ("exited", [1, 1])


def test_it_is_not_given_back_after_it_was_resumed(host: Host) -> None:
    host.adopt()
    (host.home / "conf" / "holds.json").write_text('{"version": 1, "seq": 3, "holds": []}')
    with pytest.raises(Refused, match="was resumed since"):
        host.undo()
    with pytest.raises(Refused, match="freqops runs alpha already"):
        host.adopt()


def test_what_was_not_adopted_is_not_given_back(host: Host) -> None:
    with pytest.raises(Refused, match="there is nothing to undo"):
        host.undo()


def test_an_old_one_whose_trades_are_gone_is_not_back(host: Host) -> None:
    host.adopt()
    host.write(host.database, "delete from trades")
    with pytest.raises(NotProven, match="its trades 1 BTC/USDT are not there"):
        host.undo()


def test_an_old_one_that_cannot_be_read_is_not_back(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.adopt()

    def look(*_: Any) -> foreign.Foreign:
        raise Refused("another process has its database open")

    monkeypatch.setattr(foreign, "look", look)
    with pytest.raises(NotProven, match="was started, and its trades were not read: another process"):
        host.undo()
    assert host.engine.status == "running"


def test_again_after_a_power_failure_in_the_middle(host: Host) -> None:
    """The old one stopped and ours held at level 3: the same command that gives it back takes that back, too."""
    note = {"incident": INCIDENT, "state": adoption.BEGAN, "container": "c1", "restart": "always", "project": "/opt/ft",
            "service": "bot"}  # fmt: skip
    (host.home / adoption.NOTE).write_text(json.dumps(note))
    host.engine.status, host.engine.restart = "exited", "no"
    assert host.undo().proven
    assert host.as_it_was()


def test_a_conversion_that_fails_says_why(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "chown", lambda *_: None)
    monkeypatch.setattr(databases, "of", lambda *_: databases.Postgres("alpha_paper", host.engine))
    host.engine.output = (1, "no such table")
    bot = layout.declared(json.loads((host.home / "release" / RELEASE / "bot.json").read_text()), host.home)
    with pytest.raises(DatabaseError, match="did not convert the database: no such table"):
        adopt_data.bring(host.database, host.found, bot, host.engine)
    [words] = host.engine.ran
    assert not any("://alpha_paper:" in word for word in words)
    assert not (host.database.parent / "convert").exists()
