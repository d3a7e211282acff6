"""Level 3 on a real bot: dead API, frozen process, and everything that must not bring Freqtrade back."""

from __future__ import annotations

import signal
import threading

from tests.support.field import Field, Played, incident_of, play, until

WATCH = 6  # seconds in which the timer has fired and any restart policy has acted


def stays_dead(field: Field) -> None:
    """No Freqtrade process of the bot, at any look."""
    assert field.level() == 3
    found = field.ask(
        f"""
import time
answer, end = [], time.monotonic() + {WATCH}
while time.monotonic() < end and not answer:
    answer = [p.command for p in processes.scan() if p.bot == bot.name and p.is_freqtrade]
    time.sleep(0.05)
"""
    )
    assert found == []


def test_with_the_api_dead(field: Field) -> None:
    pid = field.ask("answer = processes.trading(bot.name, processes.scan())[0].pid")
    field.sh(
        "iptables -I DOCKER-USER -p tcp --dport 8080 -j DROP && iptables -I INPUT -i lo -p tcp --dport 8081 -j DROP"
    )
    rc, row = field.halt(3)
    field.sh(
        "iptables -D DOCKER-USER -p tcp --dport 8080 -j DROP && iptables -D INPUT -i lo -p tcp --dport 8081 -j DROP"
    )
    assert (rc, row["verdict"], row["positions"]) == (0, "HALTED, PROVEN", None), row
    assert any("open positions are unknown" in text for text in row["detail"]), row
    assert field.sh(f"test -d /proc/{pid} && echo alive || echo gone").strip() == "gone"


def test_frozen_and_not_brought_back(field: Field) -> None:
    field.signal(signal.SIGSTOP)
    rc, row = field.halt(3)
    assert (rc, row["verdict"], row["state"]) == (0, "HALTED, PROVEN", "no process"), row
    field.sh("docker start freqops-alpha")
    until("the start gate says why", lambda: "held at level 3" in field.logs())
    stays_dead(field)
    field.sh("docker compose --file /srv/freqops/bots/alpha/compose.yml up --detach --force-recreate 2>&1")
    stays_dead(field)
    field.host.reboot()
    stays_dead(field)
    rc, answer = field.tool("start alpha")
    assert (rc, answer["outcome"]) == (1, "held")


def test_a_lower_level_changes_nothing(field: Field) -> None:
    _, first = field.halt(3)
    rc, row = field.halt(1)
    assert (rc, row["level"], row["incident"], row["raised"]) == (0, 3, first["incident"], False), row


def test_a_wrong_incident_releases_nothing(field: Field) -> None:
    _, row = field.halt(1)
    rc, answer = field.tool("release alpha --incident 20260101T000000Z-halt3-000000 --reason wrong")
    assert rc == 1, answer
    assert row["incident"] in answer["refused"]
    assert (field.level(), field.state()) == (1, "paused")


def test_release_goes_step_by_step(field: Field) -> None:
    halted = play("killswitch", "-e", "level=3", "-e", "bots=alpha", "-e", "reason=test")
    assert halted.rc == 0, halted.out
    incident = incident_of(halted.out)
    up = play("release", "-e", "bots=alpha", "-e", f"incident={incident}", "-e", "reason=looked at it")
    assert up.rc == 0, up.out
    assert (field.level(), field.state()) == (1, "paused")
    down = play("release", "-e", "bots=alpha", "-e", f"incident={incident}", "-e", "reason=looked at it")
    assert down.rc == 0, down.out
    assert (field.level(), field.state()) == (0, "running")
    assert field.ask("answer = api.our_locks()") == []
    again = play("release", "-e", "bots=alpha", "-e", f"incident={incident}", "-e", "reason=once more")
    assert again.rc != 0
    assert "no hold of incident" in again.out


def test_a_deploy_at_the_same_moment(field: Field) -> None:
    field.sh("docker stop --time 10 freqops-alpha")
    ended: list[Played] = []
    deploy = threading.Thread(target=lambda: ended.append(play("deploy", "--limit", "paper")))
    deploy.start()
    until("the deploy starts the bot", field.processes, 300)
    halted = play("killswitch", "-e", "level=3", "-e", "bots=alpha", "-e", "reason=in the middle of a deploy")
    deploy.join(300)
    assert halted.rc == 0, halted.out
    assert ended[0].rc == 0, ended[0].out
    assert "held at level 3" in ended[0].out
    assert field.holds()["holds"][0]["incident"] == incident_of(halted.out)
    stays_dead(field)
