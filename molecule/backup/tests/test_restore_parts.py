"""Parts beside the databases brought back on a real host: a hold that was resumed since holds its bot again."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.support.field import Played, play, until
from tests.support.rollout import HOST, Before, Rollout

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


HOME = "/srv/freqops/user_data"
REGISTRY, RESULT, LOG = (
    f"{HOME}/registry/strategies_registry.sqlite",
    f"{HOME}/runs/mine/result.json",
    f"{HOME}/logs/m.log",
)
NOTE = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as c: print(c.execute(sys.argv[2]).fetchall())"


def test_registry_results_and_logs_come_back_by_one_play(rollout: Rollout) -> None:
    """What is lost is brought; what was changed since is kept until its replacement is asked for."""
    bot = rollout.bots["delta"]

    def registry(query: str) -> str:
        return bot.sh(f"python3 -c {shlex.quote(NOTE)} {REGISTRY} {shlex.quote(query)}").strip()

    bot.sh("freqops-host registry --prepare")
    bot.sh(f"mkdir -p {HOME}/runs/mine {HOME}/logs && echo '{{}}' > {RESULT} && echo one > {LOG}")
    registry("insert into concepts (id) values ('kept')")
    code, answer = bot.tool("backup run --only=registry,runs,logs --json")
    assert code == 0, answer
    number = answer["repositories"][0]["snapshot"][:8]
    registry("delete from concepts")
    bot.sh(f"rm -r {HOME}/runs/mine && echo two > {LOG}")
    words = ("-e", "only=registry,runs,logs", "-e", "repository=local", "-e", f"snapshot={number}", "-e", "reason=test")

    def played(*more: str) -> Played:
        return play("restore", *words, *more, "--limit", HOST, inventory=rollout.inventory())

    refused = played()
    assert refused.rc != 0, refused.out
    assert "overwrite=true" in refused.out
    assert (registry("select id from concepts"), bot.sh(f"cat {LOG}")) == ("[]", "two\n")
    done = played("-e", "overwrite=true")
    assert done.rc == 0, done.out
    assert registry("select id from concepts") == "[('kept',)]"
    assert (bot.sh(f"cat {RESULT}"), bot.sh(f"cat {LOG}")) == ("{}\n", "one\n")
    again = played("-e", "overwrite=true")
    assert again.rc == 0, again.out
    assert re.findall(r"changed=[1-9]", again.out) == [], again.out
    bot.sh(f"rm -r {HOME}/runs/mine {LOG}")
    registry("delete from concepts")
