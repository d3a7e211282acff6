"""Parts beside the databases brought back on a real host: a hold that was resumed since holds its bot again."""

from __future__ import annotations

import re

import pytest

from tests.support.field import Played, play, until
from tests.support.rollout import Before, Rollout

WORDS = ("-e", "only=state", "-e", "bots=delta", "-e", "repository=local", "-e", "reason=test")


def restored(rollout: Rollout, number: str, *words: str) -> Played:
    return play("restore", *WORDS, "-e", f"snapshot={number}", *words, inventory=rollout.inventory())


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
    looked = restored(rollout, number, "--check")
    assert looked.rc == 0, looked.out
    assert f"hold of halt: none becomes level 1 ({incident})" in looked.out
    assert (bot.level(), bot.state()) == (0, "running")
    played = restored(rollout, number)
    assert played.rc == 0, played.out
    [hold] = bot.holds()["holds"]
    assert (hold["holder"], hold["level"], hold["incident"]) == ("halt", 1, incident)
    until("its host pauses it", lambda: bot.state() == "paused")
    assert bot.sh(f"ls /srv/freqops/incidents/{incident}").split()
    assert bot.container == before.containers["delta"], "a hold restarts nothing"
    before.untouched(*(name for name in before.containers if name != "delta"))
    again = restored(rollout, number)
    assert again.rc == 0, again.out
    assert re.findall(r"changed=[1-9]", again.out) == [], again.out
    bot.ready()
