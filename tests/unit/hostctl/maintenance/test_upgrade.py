"""A major upgrade of a host's Postgres: the new cluster stands and the old one is kept, or the old one stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from freqops.core.base import durable
from freqops.core.base.errors import NotProven, Refused
from freqops.core.bot import engine_names
from freqops.hostctl.backup import fitness
from freqops.hostctl.maintenance import cluster
from tests.unit import clusters
from tests.unit.clusters import FACTS, NEW_IMAGE, OLD_IMAGE, OTHER_IMAGE
from tests.unit.hostctl.maintenance.upgraded import INCIDENT, PowerFailure, UpgradeHost

KEPT = f"data.15.{INCIDENT}"
RUNNING = ["alpha", "beta", "gamma"]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UpgradeHost:
    return UpgradeHost(tmp_path, monkeypatch)


def test_the_new_cluster_stands_with_everything_and_the_old_one_is_kept(host: UpgradeHost) -> None:
    row = host.upgrade()
    assert (row.outcome, row.proven, row.changed, row.stands) == ("upgraded", True, True, 17)
    assert (host.wrong(17, NEW_IMAGE), host.running) == ([], RUNNING)
    assert (host.home / KEPT / "PG_VERSION").read_text() == "15\n"
    assert [bot["bot"] for bot in row.bots] == ["alpha", "beta"]
    assert row.way_back == "ansible-playbook playbooks/upgrade_postgres.yml -e action=undo --limit paper-1"
    assert str(host.home / KEPT) in row.kept
    assert f"rm -r {host.home / KEPT}" in row.delete
    assert (host.home / f"{KEPT}.json").stat().st_mode & 0o777 == 0o600
    said = {each["database"]: (each["bot"], each["tables"], each["rows"]) for each in row.databases}
    assert said["alpha_paper"] == ("alpha", 2, 1)
    assert "database notes is that of no bot; it comes along, too" in row.detail


def test_bots_are_stopped_before_anything_and_started_when_all_is_proven(host: UpgradeHost) -> None:
    host.upgrade()
    assert host.engine.acts == [
        "stop bot alpha", "stop bot beta", f"run {engine_names.UPGRADE}", f"stop {engine_names.UPGRADE}",
        "stop freqops-postgres", "up 17", "log in alpha", "log in beta", "log in delta",
        "start bot alpha", "start bot beta",
    ]  # fmt: skip
    [argv] = host.engine.ran
    assert "--network=none" in argv
    assert "--memory=512m" in argv


def test_a_second_run_finds_nothing_to_do(host: UpgradeHost) -> None:
    host.upgrade()
    host.engine.acts.clear()
    row = host.upgrade(incident="two")
    assert (row.outcome, row.proven, row.changed, host.engine.acts) == ("not needed", True, False, [])
    assert host.look().outcome == "not needed"


def test_a_look_touches_nothing(host: UpgradeHost) -> None:
    row = host.look()
    assert (row.outcome, row.stands, row.wanted, host.engine.acts) == ("would upgrade", 15, 17, [])
    assert [bot["bot"] for bot in row.bots] == ["alpha", "beta"]
    assert (host.wrong(15, OLD_IMAGE), host.done) == ([], [])
    host.engine.known.discard(NEW_IMAGE)
    row = host.look()
    assert (row.wanted, "the image is not on this host" in row.detail[0]) == (None, True)


def refused(host: UpgradeHost, image: str = NEW_IMAGE) -> str:
    """Return why an upgrade is refused, by a look and by the command alike; nothing was touched."""
    with pytest.raises(Refused) as looked:
        host.look(image)
    with pytest.raises(Refused) as refusal:
        host.upgrade(image)
    assert str(looked.value) == str(refusal.value)
    assert (host.engine.acts, host.wrong(15, OLD_IMAGE), host.running) == ([], [], RUNNING)
    return str(refusal.value)


def test_all_reasons_against_an_upgrade_are_named_at_once(host: UpgradeHost) -> None:
    host.room = 1 << 20
    (host.home / "data" / FACTS).write_text(json.dumps({"role": {"alpha_paper": ""}, "stays": ["tablespace fast"]}))
    clusters.database(host.home / "data", "My DB", ())
    (host.root / "bots" / "delta" / "stopped.json").write_text('{"command": "switch", "at": "then"}')
    with pytest.raises(Refused) as refusal:
        host.upgrade(OTHER_IMAGE)
    for text in ("as is the cluster: deploy.yml brings another image", "1.0 MiB are left", "tablespace fast cannot",
                 "'My DB'; rename or drop", "delta: a switch is not over"):  # fmt: skip
        assert text in str(refusal.value), text
    assert host.engine.acts == []


def test_an_older_version_is_refused_with_the_way_back(host: UpgradeHost) -> None:
    (host.home / "data" / "PG_VERSION").write_text("17\n")
    for path in (host.used, host.staged):
        path.write_text(clusters.compose(NEW_IMAGE))
    host.engine.running = {"freqops-postgres": NEW_IMAGE}
    host.engine.made = NEW_IMAGE
    with pytest.raises(Refused, match="there is no upgrade to an older version; -e action=undo"):
        host.upgrade(OLD_IMAGE)


def test_without_room_for_both_nothing_is_touched(host: UpgradeHost) -> None:
    host.room = 1 << 30
    assert "for the new cluster and the dumps beside the old one: make room" in refused(host)


def test_one_that_does_not_run_is_refused(host: UpgradeHost) -> None:
    host.engine.running = {}
    with pytest.raises(Refused, match=r"freqops-postgres does not run: deploy.yml brings it up"):
        host.upgrade()
    assert host.engine.acts == []


def test_an_image_that_is_not_pinned_or_cannot_be_had_is_refused(host: UpgradeHost) -> None:
    assert "must name its digest" in refused(host, "postgres:17")
    with pytest.raises(Refused, match="the image cannot be had: no such image anywhere"):
        host.upgrade(f"registry.example/other@sha256:{'0' * 64}")
    assert host.engine.acts == []


def test_a_bot_under_another_command_keeps_it_as_it_is(host: UpgradeHost) -> None:
    for path in (host.root / "bots" / "delta" / ".lock", host.home / ".lock"):
        with durable.locked(path, 1, host.clock) as held:
            assert held
            with pytest.raises(Refused, match=r"another command is working on (it|delta)"):
                host.upgrade()
    assert (host.engine.acts, host.wrong(15, OLD_IMAGE)) == ([], [])


def loses(sql: str) -> Callable[[UpgradeHost], None]:
    return lambda host: host.loses(sql)


def fails(act: str) -> Callable[[UpgradeHost], None]:
    return lambda host: setattr(host.engine, "fails", act)


def company(host: UpgradeHost) -> None:
    """Let somebody be connected whom nobody stops."""
    (host.home / "data" / FACTS).write_text(json.dumps({"role": {"alpha_paper": "connections 20"}, "busy": ["ann"]}))


FAILURES: dict[str, tuple[Callable[[UpgradeHost], None], str]] = {
    "a bot does not stop": (fails("stop bot beta"), "stop bot beta"),
    "somebody is connected": (company, "somebody else is connected to Postgres: ann"),
    "the dump fails on a full disk": (UpgradeHost.full_disk, "No space left"),
    "the new cluster does not come up": (fails("run"), "No space left"),
    "the import fails": (UpgradeHost.refuses_import, "unrecognized collation"),
    "a row is lost": (loses("delete from trades"), "beta_live does not hold what the database held"),
    "a table is lost": (loses("drop table orders"), "beta_live does not hold what the database held"),
    "a number comes next that was taken": (
        loses("update trades set id = 7"), "beta_live does not hold what the database held",
    ),
    "the scratch container does not stop": (fails(f"stop {engine_names.UPGRADE}"), "No space left"),
    "the old one does not stop": (fails("stop freqops-postgres"), "No space left"),
    "the new one does not come up in its place": (fails("up 17"), "No space left"),
    "a bot is not let in": (fails("log in beta"), "No space left"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_whatever_fails_the_old_cluster_runs_again_with_its_bots(host: UpgradeHost, what: str) -> None:
    spoil, said = FAILURES[what]
    spoil(host)
    with pytest.raises(NotProven) as failure:
        host.upgrade()
    assert said in str(failure.value)
    assert "\nthe old cluster is back, Postgres 15, and so are alpha, beta" in str(failure.value)
    assert (host.wrong(15, OLD_IMAGE), host.running) == ([], RUNNING)
    assert not list(host.home.glob("data.*"))


def test_a_cluster_that_lost_something_never_takes_the_place_of_the_old_one(host: UpgradeHost) -> None:
    host.loses("delete from trades")
    with pytest.raises(NotProven, match="beta_live does not hold what the database held"):
        host.upgrade()
    assert "stop freqops-postgres" not in host.engine.acts


def test_a_write_to_the_old_cluster_meanwhile_is_noticed(host: UpgradeHost) -> None:
    take_in = cluster.Cluster.take_in

    def written(self: cluster.Cluster, *words: object) -> None:
        take_in(self, *words)  # type: ignore[arg-type]
        host.write("notes")

    host.monkeypatch.setattr(cluster.Cluster, "take_in", written)
    with pytest.raises(NotProven, match="notes does not hold what the database held"):
        host.upgrade()
    assert host.wrong(15, OLD_IMAGE) == []


def test_roles_that_did_not_come_along_are_named(host: UpgradeHost) -> None:
    take_in = cluster.Cluster.take_in

    def without(self: cluster.Cluster, *words: object) -> None:
        take_in(self, *words)  # type: ignore[arg-type]
        (host.engine.where(self.container) / FACTS).write_text('{"role": {}}')

    host.monkeypatch.setattr(cluster.Cluster, "take_in", without)
    with pytest.raises(NotProven, match="role alpha_paper is not the same: connections 20 before, not there after"):
        host.upgrade()


def test_a_way_back_that_fails_is_not_claimed_and_no_bot_is_started(host: UpgradeHost) -> None:
    host.engine.fails = "up 17"
    up = host.engine.compose_up_healthy

    def never(*words: object, **more: object) -> None:
        up(*words, **more)  # type: ignore[arg-type]
        raise clusters.NotThere("again no space")

    host.monkeypatch.setattr(host.engine, "compose_up_healthy", never)
    with pytest.raises(NotProven, match="the old cluster is NOT PROVEN to be back: again no space; freqops-recover"):
        host.upgrade()
    assert (host.home / "upgrade.json").exists()
    assert "start bot alpha" not in host.engine.acts
    host.monkeypatch.setattr(host.engine, "compose_up_healthy", up)
    assert "the former cluster stands, Postgres 15" in host.resume()
    assert host.wrong(15, OLD_IMAGE) == []


def test_a_bot_that_does_not_come_up_is_not_proven_and_the_new_cluster_stands(host: UpgradeHost) -> None:
    host.sick = {"alpha"}
    row = host.upgrade()
    assert (row.proven, row.outcome, row.stands) == (False, "upgraded", 17)
    assert "NOT STARTED: alpha: alpha did not come up" in row.detail
    assert (host.wrong(17, NEW_IMAGE), host.running) == ([], ["beta", "gamma"])


ACTS = 12  # of an upgrade: the engine's, and those on bots


@pytest.mark.parametrize("number", range(ACTS))
def test_killed_at_any_act_one_cluster_stands_whole_and_the_next_run_finishes(host: UpgradeHost, number: int) -> None:
    host.engine.cut_at = number
    if number < ACTS - 1:
        with pytest.raises(PowerFailure):
            host.upgrade()
    else:
        assert host.upgrade().proven, "there is no further act"
    final = (host.home / "data" / "PG_VERSION").read_text() == "17\n" and not (host.home / "upgrade.json").exists()
    said = host.resume()
    assert (said == "") == final
    assert host.wrong(*((17, NEW_IMAGE) if final else (15, OLD_IMAGE))) == []
    assert host.resume() == "", "the second finds nothing to do"
    row = host.upgrade(incident="two")
    assert (row.proven, row.outcome) == (True, "not needed" if final else "upgraded")
    assert host.wrong(17, NEW_IMAGE) == []


@pytest.mark.parametrize("number", range(9))
def test_the_next_run_itself_says_which_cluster_stands_and_goes_on(host: UpgradeHost, number: int) -> None:
    host.engine.cut_at = number
    with pytest.raises(PowerFailure):
        host.upgrade()
    row = host.upgrade(incident="two")
    assert f"the upgrade of {INCIDENT} was cut off while" in row.detail[0]
    assert "the former cluster stands, Postgres 15" in row.detail[0]
    assert (row.outcome, host.wrong(17, NEW_IMAGE), host.running) == ("upgraded", [], RUNNING)


@pytest.mark.parametrize("renames", [0, 1, 2, 3, 4])
def test_killed_between_the_renames_of_both_ways_the_old_cluster_stands(host: UpgradeHost, renames: int) -> None:
    left = [renames]
    rename = type(host.home).rename

    def cut(self, target):  # type: ignore[no-untyped-def]
        if self.parent == host.home and self.name.startswith("data"):
            if left[0] == 0:
                left[0] = -1
                raise PowerFailure
            left[0] -= 1
        return rename(self, target)

    host.engine.fails = "up 17"
    host.monkeypatch.setattr(type(host.home), "rename", cut)
    try:
        host.upgrade()
    except (PowerFailure, NotProven):
        host.resume()
    assert host.wrong(15, OLD_IMAGE) == []


def test_between_two_clusters_nothing_else_is_done_with_a_database_there(host: UpgradeHost) -> None:
    (host.home / "upgrade.json").write_text("{}")
    bots = {name: fitness.under_way(host.root / "bots" / name) for name in ("alpha", "gamma")}
    assert bots["gamma"] == [], "it is on SQLite"
    assert bots["alpha"][0].startswith("an upgrade of its Postgres is not over: freqops-recover ends it")


def test_a_note_that_cannot_be_read_is_named_and_nothing_is_touched(host: UpgradeHost) -> None:
    (host.home / "upgrade.json").write_text('{"version": 1, "out": "../../etc"}')
    with pytest.raises(NotProven, match="it is not known which cluster counts"):
        host.resume()
    with pytest.raises(NotProven, match="it is not known which cluster counts"):
        host.upgrade()
    assert host.engine.acts == []


def test_a_number_that_comes_next_is_another_one(host: UpgradeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are the same, and the sequence that numbers the next one is not."""
    given = iter([{"trades.id": 8}] * 4 + [{"trades.id": 2}] * 9)
    monkeypatch.setattr("freqops.core.backup.numbers.next_numbers", lambda _contents: next(given))
    with pytest.raises(NotProven, match=r"next: \{'trades.id': 8\} before, \{'trades.id': 2\} after"):
        host.upgrade()
    assert host.wrong(15, OLD_IMAGE) == []
