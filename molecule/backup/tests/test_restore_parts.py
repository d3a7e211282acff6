"""Parts beside the databases brought back on a real host: holds, the registry and runs."""

from __future__ import annotations

import re

import pytest

from tests.support.field import Played, play, until
from tests.support.rollout import HOST, Before, Rollout

WORDS = ("-e", "repository=local", "-e", "reason=test")
STATE = ("-e", "only=state", "-e", "bots=delta")
FILES = ("-e", "only=registry,releases,runs")
USER_DATA = "/srv/freqops/user_data"
REGISTRY = f"{USER_DATA}/registry/strategies_registry.sqlite"


def restored(rollout: Rollout, number: str, *words: str) -> Played:
    given = ("--limit", HOST, *WORDS, "-e", f"snapshot={number}", *words)
    return play("restore", *given, inventory=rollout.inventory())


@pytest.fixture
def snapshot(rollout: Rollout) -> tuple[str, str]:
    """Return a snapshot in which delta is held at level 1 and is not any more, and the incident, which is gone."""
    bot = rollout.bots["delta"]
    code, row = bot.halt(1)
    assert code == 0, row
    code, answer = bot.tool("backup run --only=state --json")
    assert code == 0, answer
    bot.resume()
    bot.sh(f"rm -r /srv/freqops/incidents/{row['incident']}")
    return answer["repositories"][0]["snapshot"][:8], row["incident"]


def test_a_hold_and_its_incident_come_back_and_nothing_is_done_twice(
    rollout: Rollout, snapshot: tuple[str, str]
) -> None:
    bot, (number, incident) = rollout.bots["delta"], snapshot
    before = Before(rollout)
    looked = restored(rollout, number, *STATE, "--check")
    assert looked.rc == 0, looked.out
    assert f"hold of halt: none becomes level 1 ({incident})" in looked.out
    assert (bot.level(), bot.state()) == (0, "running")
    played = restored(rollout, number, *STATE)
    assert played.rc == 0, played.out
    [hold] = bot.holds()["holds"]
    assert (hold["holder"], hold["level"], hold["incident"]) == ("halt", 1, incident)
    until("its host pauses it", lambda: bot.state() == "paused")
    assert bot.sh(f"ls /srv/freqops/incidents/{incident}").split()
    assert bot.container == before.containers["delta"], "a hold restarts nothing"
    before.untouched(*(name for name in before.containers if name != "delta"))
    again = restored(rollout, number, *STATE)
    assert again.rc == 0, again.out
    assert re.findall(r"changed=[1-9]", again.out) == [], again.out
    bot.ready()


def test_a_registry_and_runs_that_were_lost_come_back_and_nothing_is_done_twice(rollout: Rollout) -> None:
    bot, before = rollout.bots["delta"], Before(rollout)
    bot.sh(f"install -d {USER_DATA}/runs/a-run && echo 1 >{USER_DATA}/runs/a-run/result.json")
    code, opened = bot.tool("incidents open --description=odd --severity=info --json")
    assert code == 0, opened
    code, answer = bot.tool("backup run --only=registry,releases,runs --json")
    assert code == 0, answer
    number, incident = answer["repositories"][0]["snapshot"][:8], opened["incident"]["id"]
    bot.sh(f"rm -r {REGISTRY} {USER_DATA}/runs/a-run")
    looked = restored(rollout, number, *FILES, "--check")
    assert looked.rc == 0, looked.out
    assert bot.sh(f"ls {REGISTRY} 2>&1; true").startswith("ls: "), "a check restores nothing"
    played = restored(rollout, number, *FILES)
    assert played.rc == 0, played.out
    for place in ("registry/strategies_registry.sqlite", "runs/a-run/result.json"):
        assert f"user_data/{place}: added" in played.out, played.out
    assert bot.sh(f"cat {USER_DATA}/runs/a-run/result.json") == "1\n"
    assert incident in [row["id"] for row in bot.tool("incidents list --json")[1]["incidents"]]
    again = restored(rollout, number, *FILES)
    assert again.rc == 0, again.out
    assert re.findall(r"changed=[1-9]", again.out) == [], again.out
    code, checked = bot.tool("incidents check --json")
    assert (code, checked["problems"]) == (0, []), checked
    before.untouched(*before.containers)
    bot.sh(f"rm -r {USER_DATA}/runs/a-run")
    code, closed = bot.tool(f"incidents close {incident} --root-cause=test --action=none --json")
    assert code == 0, closed
