"""What comes in between: a hard stop, a lost connection, a reboot; and the ground that moves under bots."""

from __future__ import annotations

from tests.support.field import until
from tests.support.patience import GIVE_UP
from tests.support.rollout import HOST, Before, Rollout, switching


def test_a_hard_stop_during_a_deploy_leaves_no_process(rollout: Rollout) -> None:
    before, delta = Before(rollout), rollout.bots["delta"]
    with switching(rollout, "stopped") as running:
        rc, row = delta.halt(3, reason="while it is deployed")
        assert rc == 0, row
        ended = running.ended()
    assert ended.rc == 0, ended.out
    assert (delta.level(), delta.processes()) == (3, [])
    assert delta.release_now != before.releases["delta"]
    delta.resume()
    assert delta.trade_ids() == before.trades["delta"]


def test_a_lost_connection_ends_no_switch(rollout: Rollout) -> None:
    before, delta = Before(rollout), rollout.bots["delta"]
    with switching(rollout, "unplugged") as running:
        delta.host.cut_connections()
        ended = running.ended()
    assert ended.rc != 0, "whoever lost the connection does not know"
    until("it runs", lambda: delta.state() == "running", GIVE_UP)
    assert delta.release_now != before.releases["delta"], "what was begun was finished"
    assert delta.trade_ids() == before.trades["delta"]


def test_a_reboot_takes_an_unfinished_switch_back(rollout: Rollout) -> None:
    before, delta = Before(rollout), rollout.bots["delta"]
    with switching(rollout, "rebooted") as running:
        running.kill()
        delta.host.reboot()
    before.same("alpha", "beta", "delta", "epsilon")
    assert "rolled back" in delta.sh("cat /srv/freqops/incidents/*/*recover-delta*.json")
    again = rollout.deploy()
    assert again.rc == 0, again.out


def test_bots_come_back_from_a_blink_of_their_database(rollout: Rollout) -> None:
    before, delta = Before(rollout), rollout.bots["delta"]
    rc, row = delta.halt(1)
    assert rc == 0, row
    delta.sh("docker restart freqops-postgres")
    alpha = rollout.bots["alpha"]
    until("alpha runs again", lambda: alpha.booted() and alpha.state() == "running", GIVE_UP)
    until("delta is paused again", lambda: delta.booted() and delta.state() == "paused", GIVE_UP)
    assert (delta.level(), delta.trade_ids()) == (1, before.trades["delta"])
    before.untouched("beta", "epsilon")
    delta.resume()


def test_a_change_of_postgres_stops_its_bots_first_and_starts_them_again(rollout: Rollout) -> None:
    before = Before(rollout)
    rollout.keep(lambda fleet: fleet[HOST].update(postgres_memory="600m"))
    played = rollout.deploy()
    assert played.rc == 0, played.out
    for name in ("alpha", "delta"):
        assert f"{name}: stopped for a change of Postgres, and running again" in played.out
        assert rollout.bots[name].container != before.containers[name]
    before.same("alpha", "delta")
    before.untouched("beta", "epsilon")
    assert rollout.bots["delta"].sh("docker inspect --format '{{.RestartCount}}' freqops-delta").strip() == "0"


def test_an_upgrade_of_the_engine_ends_no_bot(rollout: Rollout) -> None:
    before, delta = Before(rollout), rollout.bots["delta"]
    engine = delta.sh("systemctl show --property MainPID docker.service")
    delta.sh("DEBIAN_FRONTEND=noninteractive apt-get install --reinstall --yes docker.io")
    delta.sh("systemctl restart docker.service")  # what a new version of it needs
    assert delta.sh("systemctl show --property MainPID docker.service") != engine, "the engine was not restarted"
    before.untouched("alpha", "beta", "delta", "epsilon")
