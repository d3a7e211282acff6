"""The Postgres of a host from 15 to 17, and back, with bots that trade: killed, on a full disk, and whole.

The host of this scenario is deployed with 17. Here it is brought down to 15 first, which no procedure does, and the
last test leaves it on 17, as the inventory of the lab declares it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support import images
from tests.support.field import Background, play, until
from tests.support.fleet import Fleet
from tests.support.older_postgres import HOME, bring_down
from tests.support.patience import GIVE_UP
from tests.support.rollout import HOST, PSQL, Bot, Rollout

ON_POSTGRES = ("alpha", "beta", "delta")
VERSION = f"{PSQL.replace('--command', '--tuples-only --no-align --command')} 'show server_version_num'"
OF_15 = "create view gone as select buffers_backend from pg_stat_bgwriter"  # 17 has no such column


@pytest.fixture(scope="module")
def on_15(rollout: Rollout) -> Iterator[Bot]:
    """The fleet on Postgres 15, deployed; its inventory declares 17 again afterwards."""
    image = images.postgres(15)
    bot = rollout.bots["delta"]
    bring_down(bot, image, ON_POSTGRES)

    def older(fleet: Fleet) -> None:
        fleet[HOST]["postgres_image"] = image

    deployed = rollout.deploy(older)
    assert deployed.rc == 0, deployed.out
    assert bot.sh(VERSION).strip().startswith("15")
    for name in ON_POSTGRES:
        until(f"{name} runs", lambda name=name: rollout.bots[name].state() == "running", GIVE_UP)  # type: ignore[misc]
    yield bot
    bot.sh(f"rm -rf {HOME}/data.1*")


def upgrade(rollout: Rollout, *words: str) -> tuple[int, str]:
    """Run the play on the host, and return how it ended."""
    played = play("upgrade_postgres", "--limit", HOST, *words, inventory=rollout.inventory())
    return played.rc, played.out


def major(bot: Bot) -> str:
    """Return the major version that answers."""
    return bot.sh(VERSION).strip()[:2]


def quiet(bot: Bot) -> None:
    """Check that nothing of an upgrade is under way, and that all bots run."""
    left = bot.sh(f"ls {HOME} | grep -x -e upgrade -e upgrade.json -e data.new; true").split()
    assert left == []
    for name in ON_POSTGRES:
        until(f"{name} runs", lambda name=name: Bot(name).state() == "running", GIVE_UP)  # type: ignore[misc]


def test_a_deploy_of_another_version_is_refused_before_anything(rollout: Rollout, on_15: Bot) -> None:
    before = [rollout.bots[name].container for name in ON_POSTGRES]
    deployed = rollout.deploy()
    assert deployed.rc != 0
    assert "postgres_image is Postgres 17, and the cluster on its disk is of Postgres 15; upgrade_post" in deployed.out
    assert [rollout.bots[name].container for name in ON_POSTGRES] == before
    assert major(on_15) == "15"


def test_a_check_says_what_would_be_done(rollout: Rollout, on_15: Bot) -> None:
    code, said = upgrade(rollout, "--check")
    assert code == 0, said
    for text in ("would upgrade", "Postgres 15", "Postgres 17", "delta_paper", "would be stopped"):
        assert text in said, text
    assert major(on_15) == "15"


def test_what_the_new_version_does_not_take_leads_back_to_the_old_cluster(rollout: Rollout, on_15: Bot) -> None:
    sql = PSQL.replace("--command", "--dbname delta_paper --command")
    on_15.sh(f"{sql} '{OF_15}'")
    try:
        code, said = upgrade(rollout)
        assert code != 0
        assert "buffers_backend" in said
        assert "the old cluster is back, Postgres 15, and so are" in said
    finally:
        on_15.sh(" ".join([sql, "'drop view gone'"]))
    assert major(on_15) == "15"
    quiet(on_15)


@pytest.mark.parametrize("at", ["data.new", "data.15."])
def test_killed_in_the_middle_the_timer_brings_the_old_cluster_back(rollout: Rollout, on_15: Bot, at: str) -> None:
    """Killed when the new cluster is being made, and when the old one has made room for it."""
    log = rollout.place / f"upgrade-{at}.log"
    running = Background(log, "upgrade_postgres", "--limit", HOST, inventory=rollout.inventory())
    try:
        until(
            "it is under way", lambda: "yes" in on_15.sh(f"ls -d {HOME}/{at}* 2>/dev/null && echo yes; true"), GIVE_UP
        )
        on_15.sh("pkill -9 -f '[f]reqops-host upgrade-postgres'; true")
    finally:
        if running.process.poll() is None:
            running.kill()
    until("it is over", lambda: "yes" not in on_15.sh(f"test -e {HOME}/upgrade.json && echo yes; true"), GIVE_UP)
    quiet(on_15)
    assert major(on_15) in ("15", "17")
    if major(on_15) == "17":  # it was through before it could be killed
        code, said = upgrade(rollout, "-e", "action=undo")
        assert code == 0, said
    assert major(on_15) == "15"


def test_from_15_to_17_nothing_is_lost_and_the_old_cluster_is_kept(rollout: Rollout, on_15: Bot) -> None:
    sql = PSQL.replace("--command", "--tuples-only --no-align --dbname delta_paper --command")
    next_one = " ".join([sql, "'select last_value from trades_id_seq'"])
    trades, last = on_15.trade_ids(), int(on_15.sh(next_one))
    code, said = upgrade(rollout)
    assert code == 0, said
    assert "upgrade_postgres: done, 1 of 1 hosts" in said
    assert f"-e action=undo --limit {HOST}" in said
    assert (major(on_15), on_15.trade_ids() >= trades) == ("17", True)
    quiet(on_15)
    assert int(on_15.sh(next_one)) >= last
    kept = on_15.sh(f"cat {HOME}/data.15.*/PG_VERSION").split()
    assert kept == ["15"]
    assert on_15.sh("stat -c %a /srv/freqops/postgres/data.15.*.json").split() == ["600"]
    code, said = upgrade(rollout)
    assert (code, "not needed" in said) == (0, True), said
    deployed = rollout.deploy()
    assert deployed.rc == 0, deployed.out
    assert "stopped for a change of Postgres" not in deployed.out, "a deploy finds it as it is to be"


def test_the_way_back_is_refused_where_a_bot_has_traded_and_goes_where_that_may_be_lost(
    rollout: Rollout, on_15: Bot
) -> None:
    before = on_15.trade_ids()
    on_15.wish(enter=["ETH/USDT"])
    until("it has one trade more", lambda: len(on_15.trade_ids()) > len(before), GIVE_UP)
    on_15.wish()
    code, said = upgrade(rollout, "-e", "action=undo")
    assert (code != 0, "written to delta_paper since" in said, major(on_15)) == (True, True, "17"), said
    code, said = upgrade(rollout, "-e", "action=undo", "-e", "overwrite=true")
    assert code == 0, said
    assert (major(on_15), on_15.trade_ids()) == ("15", before)
    answer = json.loads(on_15.sh(f"cat {on_15.home}/conf/holds.json"))
    assert [(hold["holder"], hold["level"]) for hold in answer["holds"]] == [("restore", 1)]
    on_15.resume()
    for name in ("alpha", "beta"):  # they trade as they like, so they may have lost something, too
        if rollout.bots[name].state() == "paused":
            rollout.bots[name].resume()


def test_it_is_upgraded_again_and_the_fleet_is_as_it_was_declared(rollout: Rollout, on_15: Bot) -> None:
    code, said = upgrade(rollout)
    assert code == 0, said
    assert major(on_15) == "17"
    quiet(on_15)
