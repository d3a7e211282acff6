"""An upgrade taken back: the cluster that was kept stands again, and nothing that was traded is lost unasked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from freqops.core.base.errors import NotProven, Refused
from freqops.core.halt import holds
from tests.unit.clusters import NEW_IMAGE, OLD_IMAGE
from tests.unit.hostctl.maintenance.test_upgrade import KEPT, RUNNING
from tests.unit.hostctl.maintenance.upgraded import PowerFailure, UpgradeHost


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UpgradeHost:
    made = UpgradeHost(tmp_path, monkeypatch)
    assert made.upgrade().proven
    made.engine.acts.clear()
    return made


def level(host: UpgradeHost, bot: str) -> int:
    return holds.effective_level(host.root / "bots" / bot / "conf" / "holds.json")


def test_the_kept_cluster_stands_again_and_the_new_one_is_kept(host: UpgradeHost) -> None:
    assert (host.undo(look=True).outcome, host.engine.acts) == ("would undo", [])
    row = host.undo()
    assert (row.outcome, row.proven, row.stands) == ("undone", True, 15)
    assert (host.wrong(15, OLD_IMAGE), host.running) == ([], RUNNING)
    assert (host.home / "data.17.two" / "PG_VERSION").read_text() == "17\n"
    assert not list(host.home.glob("data.*.json"))
    assert f"postgres_image must be {OLD_IMAGE} again" in row.detail[-1]
    assert host.engine.acts == [
        "stop bot alpha", "stop bot beta", "stop freqops-postgres", "up 15", "log in alpha", "log in beta",
        "log in delta", "start bot alpha", "start bot beta",
    ]  # fmt: skip
    with pytest.raises(Refused, match="no cluster is kept here"):
        host.undo(incident="three")


def test_what_a_start_writes_down_is_no_trade(host: UpgradeHost) -> None:
    host.write(sql="create table notes (text)")
    assert host.undo().proven


def test_trades_since_are_not_lost_unasked(host: UpgradeHost) -> None:
    host.write()
    for look in (True, False):
        with pytest.raises(Refused, match=r"written to alpha_paper since: -e overwrite=true lets that be lost"):
            host.undo(look=look)
    assert (host.engine.acts, host.wrong(17, NEW_IMAGE), host.running) == ([], [], RUNNING)


@pytest.mark.parametrize(("database", "bot", "wanted"), [("alpha_paper", "alpha", 1), ("beta_live", "beta", 3)])
def test_a_bot_whose_trades_are_lost_is_held(host: UpgradeHost, database: str, bot: str, wanted: int) -> None:
    host.write(database)
    row = host.undo(overwrite=True)
    assert f"LOST: trades or orders were written to {database} since" in row.detail
    assert [level(host, each) for each in ("alpha", "beta")] == [
        wanted if each == bot else 0 for each in ("alpha", "beta")
    ]
    assert host.wrong(15, OLD_IMAGE) == []


def test_a_trade_that_comes_while_bots_stop_leads_back_to_the_new_cluster(host: UpgradeHost) -> None:
    stop = host.stop

    def last_trade(bot, *words):  # type: ignore[no-untyped-def]
        stop(bot, *words)
        if bot.name == "alpha":
            host.write()

    host.monkeypatch.setattr("freqops.hostctl.bot.stopping.stop", last_trade)
    with pytest.raises(NotProven, match=r"written to alpha_paper since[^\n]*\nthe newer cluster is back, Postgres 17"):
        host.undo()
    assert (host.wrong(17, NEW_IMAGE), host.running) == ([], RUNNING)


def test_what_others_wrote_and_what_was_made_or_dropped_counts_too(host: UpgradeHost) -> None:
    host.write("notes")
    host.write("new", "create table t (id)")
    (host.home / "data" / "beta_live.sqlite").unlink()
    with pytest.raises(Refused) as refusal:
        host.undo()
    for text in ("notes was written to since", "new was made since", "beta_live is gone since"):
        assert text in str(refusal.value), text


@pytest.mark.parametrize("act", ["stop bot beta", "stop freqops-postgres", "up 15", "log in beta"])
def test_whatever_fails_the_newer_cluster_runs_again(host: UpgradeHost, act: str) -> None:
    host.engine.fails = act
    with pytest.raises(NotProven, match="the newer cluster is back, Postgres 17, and so are alpha"):
        host.undo()
    assert (host.wrong(17, NEW_IMAGE), host.running) == ([], RUNNING)
    assert (host.home / KEPT).is_dir()
    assert host.undo(incident="three").proven, "the way back is still there"


def test_a_kept_cluster_that_does_not_hold_what_it_held_is_not_proven(host: UpgradeHost) -> None:
    (host.home / KEPT / "notes.sqlite").unlink()
    with pytest.raises(NotProven, match="the newer cluster is back, Postgres 17"):
        host.undo()
    assert host.wrong(17, NEW_IMAGE) == []


@pytest.mark.parametrize("number", range(9))
def test_killed_at_any_act_one_cluster_stands_whole(host: UpgradeHost, number: int) -> None:
    host.engine.cut_at = number
    with pytest.raises(PowerFailure):
        host.undo()
    final = (host.home / "data" / "PG_VERSION").read_text() == "15\n" and not (host.home / "upgrade.json").exists()
    said = host.resume()
    assert (said == "") == final
    assert final or "the undo of an upgrade of two was cut off" in said
    assert host.wrong(*((15, OLD_IMAGE) if final else (17, NEW_IMAGE))) == []
    if not final:
        assert host.undo(incident="three").proven


def test_an_engine_that_cannot_run_the_new_one_is_left_by_force(host: UpgradeHost) -> None:
    host.engine.running = {}
    with pytest.raises(Refused, match=r"does not run: deploy.yml brings it up"):
        host.undo()
    row = host.undo(overwrite=True)
    assert (row.outcome, host.wrong(15, OLD_IMAGE)) == ("undone", [])
    assert [level(host, each) for each in ("alpha", "beta")] == [1, 3], "nothing is known of what is lost"


def test_a_record_of_another_upgrade_is_none_to_go_back_to(host: UpgradeHost) -> None:
    path = host.home / f"{KEPT}.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps({**said, "replaced_by": 16}))
    with pytest.raises(Refused, match="was replaced by Postgres 16, and 17 stands"):
        host.undo()
    path.write_text(json.dumps({**said, "directory": "../x"}))
    with pytest.raises(Refused, match="no cluster is kept"):
        host.undo()
