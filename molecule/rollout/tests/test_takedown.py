"""Bots taken off their host: not while trades are open, and then without a trace but for what is kept."""

from __future__ import annotations

from tests.support.field import play
from tests.support.rollout import HOST, OWN, Before, Rollout

BOTS = ("-e", f"bots={','.join(OWN)}", "-e", "reason=test of the end")


def left(rollout: Rollout) -> str:
    """Return whatever the host still has of the bots, outside of what is kept."""
    psql = "docker exec freqops-postgres psql --username postgres --tuples-only --command"
    looks = [
        "docker ps --all --format '{{.Names}}'",
        "docker network ls --format '{{.Name}}'",
        "ls /srv/freqops/bots",
        f"{psql} 'table pg_database'",
        f"{psql} 'table pg_roles'",
    ]
    commands = [f"{look} | grep -E '{'|'.join(OWN)}'" for look in looks]
    ports = "ss --listening --tcp --numeric --no-header | grep -E ':809[01] '"
    return rollout.bots["alpha"].sh("; ".join([*commands, ports, "true"]))


def test_a_bot_with_an_open_trade_stays(rollout: Rollout) -> None:
    before = Before(rollout)
    played = play("remove", *BOTS, inventory=rollout.inventory())
    assert played.rc != 0
    assert "trade" in played.out, played.out
    before.untouched(*before.containers)


def test_flat_bots_go_without_a_trace_but_for_what_is_kept(rollout: Rollout) -> None:
    before = Before(rollout)
    for name in OWN:
        rc, row = rollout.bots[name].halt(2)
        assert rc == 0, row
    check = play("remove", *BOTS, "--check", inventory=rollout.inventory())
    assert check.rc == 0, check.out
    assert all(f"freqops-{name}" in left(rollout) for name in OWN), "a check removes nothing"
    played = play("remove", *BOTS, inventory=rollout.inventory())
    assert played.rc == 0, played.out
    assert left(rollout) == ""
    before.untouched("alpha", "beta")
    kept = rollout.bots["alpha"].sh("ls /srv/freqops/removed; find /srv/freqops/removed -type f -perm /0077")
    assert all(name in kept for name in OWN)
    assert "/" not in kept, "what is kept is for root alone"
    again = play("remove", *BOTS, inventory=rollout.inventory())
    assert again.rc == 0, again.out
    assert "changed=0" in again.out


def test_bots_that_were_halted_and_removed_are_deployed_held(rollout: Rollout) -> None:
    for name in OWN:
        rollout.bots[name].wish()  # what their strategy reads went with them
    deployed = rollout.deploy()
    assert deployed.rc == 0, deployed.out
    for name in OWN:
        assert f"{name}: it is held as what waited for it says" in deployed.out, deployed.out
        assert (rollout.bots[name].level(), rollout.bots[name].state()) == (1, "paused")


def test_lost_holds_hold_a_bot_at_level_3_by_a_name(rollout: Rollout) -> None:
    """The timer ends it meanwhile; and the releases that run read what the deploy writes, so its gate waits."""
    torn, lost = (rollout.bots[name] for name in OWN)
    torn.sh(f"truncate --size 20 {torn.home}/conf/holds.json")
    lost.sh(f"rm {lost.home}/conf/holds.json")
    deployed = rollout.deploy()
    assert deployed.rc == 0, deployed.out
    for bot in (torn, lost):
        [hold] = bot.holds()["holds"]
        assert (hold["holder"], hold["level"]) == ("halt", 3)
        assert f"{bot.bot}: its holds cannot be read" in deployed.out, deployed.out
        assert f"held at level 3 under {hold['incident']} from now on" in deployed.out, deployed.out
    assert torn.sh(f"cat {torn.home}/conf/holds.json.unreadable-* | wc --bytes").split() == ["20"]
    resumed = play("resume", "--limit", HOST, "-e", f"bots={torn.bot}", "-e", "reason=it was a test", "-e",
                   f"incident={torn.holds()['holds'][0]['incident']}", inventory=rollout.inventory())  # fmt: skip
    assert resumed.rc == 0, resumed.out
    assert (torn.level(), torn.state()) == (1, "paused")


def test_a_name_that_nobody_knows_is_refused() -> None:
    played = play("remove", "--limit", HOST, "-e", "bots=zteta", "-e", "reason=typo")
    assert played.rc != 0
    assert "has, had or declares a bot zteta" in played.out
