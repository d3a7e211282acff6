"""Bots taken off their host: what is refused, what is kept, and what proves that they went."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import recovery_points
from freqops.core.backup.recovery_points import Point
from freqops.core.base import durable
from freqops.core.base.errors import Refused
from freqops.core.base.mandate import Mandate
from freqops.core.bot.layout import Home
from freqops.core.bot.processes import Process
from freqops.core.deploy import deploy_lock
from freqops.core.deploy.container import Container
from freqops.core.halt import holds
from freqops.core.takeover import removal
from freqops.hostctl.bot import databases, holds_file, processes_and_api, stopping
from freqops.hostctl.bot.database_copies import DatabaseError
from freqops.hostctl.exchange import witness
from freqops.hostctl.takeover import remove, remove_bots
from freqops.hostctl.takeover.remove import Removed
from tests.unit.accounts import Account, conversations
from tests.unit.fakes import FakeClock, FakeEngine, StillApi, make_bot, process, silent, trade

STAMP = "20260102T030405Z"


class Engine(FakeEngine):
    """An engine that has a container and a network for each bot, until they are taken away."""

    def __init__(self, *bots: str) -> None:
        super().__init__()
        self.containers = {f"freqops-{bot}" for bot in bots}
        self.joined = set(self.containers)
        self.stuck = False

    def container(self, name: str) -> Container | None:
        return Container("id", "running", "image", "then", 0) if name in self.containers else None

    def remove(self, name: str) -> None:
        self.containers.discard(name)

    def has_network(self, name: str) -> bool:
        return name in self.joined

    def remove_network(self, name: str) -> None:
        if not self.stuck:
            self.joined.discard(name)


class Host:
    """Two bots with SQLite: alpha runs, beta has no process."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.clock, self.engine = root, FakeClock(), Engine("alpha", "beta")
        self.homes = {name: make_bot(root, name, api_port=0) for name in ("alpha", "beta")}
        for name in self.homes:
            self.write(name, "create table trades (id integer, pair text, is_open integer, amount real)")
            self.write(
                name, "create table orders (id integer, order_id text, status text, filled real, ft_order_side text)"
            )
        self.api, self.account = StillApi(self.clock), Account()
        self.processes: list[Process] = [process()]
        self.started: list[str] = []
        self.stopped: Any = None
        monkeypatch.setattr(processes_and_api, "client", lambda _bot: self.api)
        monkeypatch.setattr(processes_and_api, "alive", lambda bot: [p for p in self.processes if p.bot == bot.name])
        monkeypatch.setattr(stopping, "stop", self.stop)
        monkeypatch.setattr(remove, "start_locked", lambda bot, *_: self.started.append(bot.name))
        monkeypatch.setattr(witness, "conversation", conversations(self.account))
        monkeypatch.setattr(recovery_points, "FILE", root / "run" / "recovery-points.json")

    def stop(self, bot: Any, *_: Any) -> None:
        self.processes = [each for each in self.processes if each.bot != bot.name]
        if self.stopped is not None:
            self.stopped()

    def write(self, bot: str, sql: str) -> None:
        with closing(sqlite3.connect(self.homes[bot] / "var" / "trades.paper.sqlite")) as connection:
            connection.execute(sql)
            connection.commit()

    def trade(self, bot: str = "alpha") -> None:
        self.write(bot, "insert into trades values (7, 'BTC/USDT', 1, 0.5)")

    def remove(self, *names: str) -> list[Removed]:
        mandate = Mandate("20260102T030405Z-remove-9f3c21", "why", "ann@host")
        return remove_bots.remove(list(names), self.root, mandate, self.clock, self.engine)

    @property
    def kept(self) -> Path:
        return self.root / "removed" / f"alpha-{STAMP}"

    def untouched(self) -> bool:
        return (
            all((home / "bot.json").exists() for home in self.homes.values())
            and bool(self.processes)
            and not (self.root / "removed").exists()
            and self.engine.joined == {"freqops-alpha", "freqops-beta"}
        )


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def test_the_next_bot_of_its_name_does_not_have_its_recovery_point(host: Host) -> None:
    for name in host.homes:
        recovery_points.write(name, Point("then", 1.0), host.clock, recovery_points.FILE)
    host.remove("alpha")
    assert set(recovery_points.read(recovery_points.FILE)) == {"beta"}


def test_a_bot_goes_and_what_it_knew_is_kept(host: Host) -> None:
    host.write("alpha", "insert into trades values (3, 'BTC/USDT', 0, 0.5)")
    [row] = host.remove("alpha")
    assert (row.outcome, row.changed, row.proven, row.kept) == ("removed", True, True, str(host.kept))
    assert not host.homes["alpha"].exists()
    assert host.processes == []
    assert host.engine.joined == {"freqops-beta"}
    assert databases.Sqlite(host.kept / "trades.paper.sqlite.dump").trades() == 1
    for name in ("conf/secrets.json", "bot.json", "release/f00/config.json", "trades.paper.sqlite.dump"):
        assert oct((host.kept / name).stat().st_mode & 0o777) == "0o400", name
    assert deploy_lock.present(host.root) is None


def left(host: Host) -> Path:
    return host.root / "removed" / "alpha.holds.json"


def hold(host: Host, level: int, incident: str = "old") -> None:
    given = holds.Hold("halt", level, "why", "ann@host", incident, 0, "")
    assert holds_file.latch(host.homes["alpha"], given, host.clock).error is None


@pytest.mark.parametrize("level", [1, 3])
def test_a_hold_stays_for_the_next_of_its_name(host: Host, level: int) -> None:
    hold(host, level)
    before = holds.load(host.homes["alpha"] / "conf" / "holds.json")
    [row] = host.remove("alpha")
    assert f"held at level {level} (old (halt, level {level}))" in row.detail[-1]
    assert "deployed here as alpha again comes up held; resume it then" in row.detail[-1]
    assert holds.load(left(host)) == before
    assert oct(left(host).stat().st_mode & 0o777) == "0o400"


def test_holds_that_cannot_be_read_stay_so_for_the_next_of_its_name(host: Host) -> None:
    (host.homes["alpha"] / "conf" / "holds.json").write_text("{")
    [row] = host.remove("alpha")
    assert "its holds could not be read" in row.detail[-1]
    assert holds.effective_level(left(host)) == 3


def test_what_nothing_holds_leaves_no_hold(host: Host) -> None:
    left(host).parent.mkdir()
    left(host).write_text("of one before it, which was resumed")
    host.remove("alpha")
    assert not left(host).exists()


def test_what_was_never_deployed_leaves_no_hold(host: Host) -> None:
    home = host.homes["alpha"]
    for path in [home / "bot.json", home / "compose.yml", *(home / "conf").iterdir(), *(home / "var").iterdir()]:
        path.unlink()
    host.processes.clear()
    host.remove("alpha")
    assert not left(host).exists()


def test_the_hold_is_left_before_the_bot_goes(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_fails(*_: Any) -> None:
        raise OSError("the power fails")

    hold(host, 3)
    monkeypatch.setattr(Path, "rename", power_fails)
    [row] = host.remove("alpha")
    assert not row.proven
    assert holds.effective_level(left(host)) == 3
    assert holds.effective_level(host.homes["alpha"] / "conf" / "holds.json") == 3


def test_a_second_time_there_is_nothing_to_do(host: Host) -> None:
    host.remove("alpha")
    [row] = host.remove("alpha")
    assert (row.outcome, row.changed, row.proven, row.kept) == ("nothing", False, True, str(host.kept))


def test_what_is_open_by_the_api_refuses_it(host: Host) -> None:
    host.api.trades = [trade(7)]
    with pytest.raises(Refused, match="its API has 7 BTC/USDT open"):
        host.remove("alpha")
    assert host.untouched()


def test_what_is_open_by_the_database_alone_refuses_it(host: Host) -> None:
    host.trade("beta")
    with pytest.raises(Refused, match=r"trades\.paper\.sqlite has 7 BTC/USDT open"):
        host.remove("beta")
    assert host.untouched()


def test_all_are_judged_before_the_first_is_touched(host: Host) -> None:
    host.trade("beta")
    with pytest.raises(Refused, match="nothing was removed: beta"):
        host.remove("alpha", "beta")
    assert host.untouched()


def test_a_bot_that_does_not_answer_is_refused(host: Host) -> None:
    host.api.error = silent()
    with pytest.raises(Refused, match="does not say what it has open"):
        host.remove("alpha")
    assert host.untouched()


def test_another_bot_on_its_port_is_not_believed(host: Host) -> None:
    host.api.name = "other"
    with pytest.raises(Refused, match="another bot answers"):
        host.remove("alpha")
    assert host.untouched()


def test_a_database_that_cannot_be_read_refuses_it(host: Host) -> None:
    (host.homes["beta"] / "var" / "trades.paper.sqlite").write_bytes(b"not a database at all, and long enough" * 99)
    with pytest.raises(Refused, match="beta was not touched"):
        host.remove("beta")
    assert host.untouched()


def test_a_bot_in_the_hands_of_another_command_is_refused(host: Host) -> None:
    with durable.locked(host.homes["alpha"] / ".lock", 0, host.clock) as held:
        assert held
        with pytest.raises(Refused, match="another command is working on alpha"):
            host.remove("alpha")
    assert host.untouched()


def test_while_somebody_deploys_nothing_is_removed(host: Host) -> None:
    deploy_lock.take(host.root, deploy_lock.DeployLock("other", "bob", "control", 1, "1"), host.clock)
    with pytest.raises(Refused, match="bob deploys here"):
        host.remove("alpha")
    assert host.untouched()


def test_an_unfinished_switch_refuses_it(host: Host) -> None:
    (host.homes["alpha"] / "switch.json").write_text("{}")
    with pytest.raises(Refused, match="a switch is not over"):
        host.remove("alpha")
    assert host.untouched()


def test_a_live_bot_must_be_flat_on_its_exchange(host: Host, tmp_path: Path) -> None:
    host.homes["gamma"] = make_bot(tmp_path, "gamma", mode="live", api_port=0)
    host.account.buy("1", "40", coin="SOL")
    with pytest.raises(Refused, match=r"on the exchange: .*SOL"):
        host.remove("gamma")
    assert host.homes["gamma"].exists()


def test_what_was_entered_before_it_stopped_keeps_it_and_starts_it_again(host: Host) -> None:
    host.stopped = host.trade
    [row] = host.remove("alpha")
    assert (row.outcome, row.proven, host.started) == ("not proven", False, ["alpha"])
    assert "it was started again" in row.detail[0]
    assert (host.homes["alpha"] / "bot.json").exists()
    assert "freqops-alpha" in host.engine.containers


def test_a_dump_that_fails_keeps_the_bot(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: Any, _path: Path) -> None:
        raise DatabaseError("the dump does not say what the database says")

    monkeypatch.setattr(databases.Sqlite, "dump", fail)
    [row] = host.remove("alpha")
    assert (row.proven, host.started) == (False, ["alpha"])
    assert (host.homes["alpha"] / "var" / "trades.paper.sqlite").exists()


def test_what_is_left_is_found_and_the_next_bot_is_not_touched(host: Host) -> None:
    host.engine.stuck = True
    rows = host.remove("alpha", "beta")
    assert [(row.bot, row.outcome) for row in rows] == [("alpha", "not proven"), ("beta", "not reached")]
    assert "there is a network freqops-alpha" in rows[0].detail[0]
    assert (host.homes["beta"] / "bot.json").exists()


def test_an_interrupted_removal_goes_on_with_what_it_secured(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(remove.Removal, "_take_away", lambda *_: None)
        [row] = host.remove("alpha")
    assert row.outcome == "not proven"
    host.clock.sleep(60)
    [row] = host.remove("alpha")
    assert (row.outcome, row.kept, len(list((host.root / "removed").iterdir()))) == ("removed", str(host.kept), 1)


def test_an_interrupted_removal_begins_again_where_the_bot_traded_since(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(remove.Removal, "_take_away", lambda *_: None)
        host.remove("alpha")
    host.trade("alpha")
    with pytest.raises(Refused, match="7 BTC/USDT open"):
        host.remove("alpha")


def test_a_container_without_a_directory_is_refused(host: Host) -> None:
    host.engine.joined.add("freqops-delta")
    with pytest.raises(Refused, match="delta has no directory here, and yet there is a network"):
        host.remove("delta")


@pytest.mark.parametrize("names", [(), ("../alpha",), ("Alpha",)])
def test_what_is_no_name_is_refused(host: Host, names: tuple[str, ...]) -> None:
    with pytest.raises(Refused, match=r"no bot is named|is no name of a bot"):
        host.remove(*names)


def test_files_of_the_stack_are_those_of_the_manifest_but_for_what_stays(tmp_path: Path) -> None:
    names = ("etc/docker/daemon.json", "etc/sudoers.d/freqops", "usr/local/bin/freqops-host",
             "etc/systemd/system/freqops-reassert.timer", "etc/freqops/firewall.nft")  # fmt: skip
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = [str(path.relative_to(tmp_path)) for path in removal.outside(tmp_path)]
    assert found == ["etc/freqops/firewall.nft", "etc/systemd/system/freqops-reassert.timer"]


def test_a_bot_whose_own_breaker_is_active_stays(host: Host) -> None:
    """The file would go with it, and the next bot of its name would be free."""
    path = Home(host.homes["beta"]).breaker
    path.write_text('{"active": true, "reason": "why"}')
    with pytest.raises(Refused, match=r"beta was not touched: .*circuit_breaker\.json says active: why"):
        host.remove("beta")
    assert path.exists()
    [row] = remove_bots.judged([host.homes["beta"]], host.clock, host.engine)
    assert (row.proven, row.next_steps) == (False, [{"step": "disable_own", "incident": ""}])


def test_what_is_open_names_the_sale_where_the_bot_can_do_it(host: Host) -> None:
    host.api.trades = [trade(7)]
    host.trade("beta")
    alpha, beta = remove_bots.judged([host.homes["alpha"], host.homes["beta"]], host.clock, host.engine)
    assert alpha.next_steps == [{"step": "sell", "incident": ""}]
    assert beta.next_steps == [], "it is dead, and flatten needs an incident"
    [gone] = remove_bots.judged([host.homes["beta"].with_name("nobody")], host.clock, host.engine)
    assert gone.next_steps == []
