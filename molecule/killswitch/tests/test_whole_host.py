"""What befalls all bots of a host at once: their engine ends, the host reboots, somebody deploys."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

from tests.support.field import Field, incident_of, play, until
from tests.support.holding import stays_dead, stays_paused


def test_both_levels_outlive_container_engine_and_host(field: Field, other: Field) -> None:
    field.halt(1)
    other.signal(signal.SIGSTOP)
    rc, row = other.halt(3)
    assert (rc, row["verdict"], row["state"]) == (0, "HALTED, PROVEN", "no process"), row
    field.sh("docker restart --time 10 freqops-alpha")
    until("it is back", lambda: field.state() == "paused")
    stays_paused(field)
    field.sh("systemctl restart docker")
    stays_paused(field)
    field.host.reboot()
    until("it is back", lambda: field.state() == "paused")
    stays_paused(field)
    stays_dead(other)
    rc, answer = other.tool("start beta")
    assert (rc, answer["outcome"]) == (1, "held")


def test_both_levels_outlive_a_deploy_one_of_them_halted_in_the_middle(field: Field, other: Field) -> None:
    """A deploy finds one bot held, and starts another, which is halted at that moment."""
    field.halt(1)
    other.sh("docker stop --time 10 freqops-beta")
    with ThreadPoolExecutor() as pool:
        deploy = pool.submit(play, "deploy", "--limit", "paper", "-e", "deploy_full=true")
        until("the deploy starts the bot", lambda: other.processes() or deploy.done(), 600)
        halted = play("killswitch", "-e", "level=3", "-e", "bots=beta", "-e", "reason=in the middle of a deploy")
        deployed = deploy.result()
    assert halted.rc == 0, halted.out
    assert deployed.rc == 0, deployed.out
    assert "it stays paused" in deployed.out
    assert "held at level 3" in deployed.out
    assert other.holds()["holds"][0]["incident"] == incident_of(halted.out)
    stays_paused(field)
    stays_dead(other)
