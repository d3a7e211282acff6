"""Retention on a real host: what is old goes by the play, once, and by the host's own timer."""

from __future__ import annotations

import re

from tests.support.field import play
from tests.support.rollout import HOST, Before, Rollout

LOGS = "/srv/freqops/bots/epsilon/var/logs"
WORDS = ("--limit", HOST, "-e", "only=logs", "-e", "bots=epsilon", "-e", "reason=test")


def lay(rollout: Rollout) -> None:
    """Lay a log that was rotated away more than a year ago, and one of today, beside that of a bot."""
    rollout.bots["epsilon"].sh(f"echo old >{LOGS}/freqtrade.log.14; echo young >{LOGS}/freqtrade.log.13")
    rollout.bots["epsilon"].sh(f"touch -d '400 days ago' {LOGS}/freqtrade.log.14")


def test_a_check_names_what_is_old_and_the_play_removes_it_once(rollout: Rollout) -> None:
    bot, before, fleet = rollout.bots["epsilon"], Before(rollout), rollout.inventory()
    lay(rollout)
    looked = play("retention", *WORDS, "--check", inventory=fleet)
    assert looked.rc == 0, looked.out
    assert "GOES: logs: bots/epsilon/var/logs/freqtrade.log.14" in looked.out
    assert "freqtrade.log.13" not in looked.out
    assert "freqtrade.log.14" in bot.sh(f"ls {LOGS}")
    played = play("retention", *WORDS, inventory=fleet)
    assert played.rc == 0, played.out
    assert "GONE: logs: bots/epsilon/var/logs/freqtrade.log.14" in played.out
    assert "retention: done, 1 of 1 hosts" in played.out
    assert {"freqtrade.log", "freqtrade.log.13"} <= set(bot.sh(f"ls {LOGS}").split())
    assert "freqtrade.log.14" not in bot.sh(f"ls {LOGS}")
    again = play("retention", *WORDS, inventory=fleet)
    assert again.rc == 0, again.out
    assert re.findall(r"changed=[1-9]", again.out) == [], again.out
    before.untouched(*before.containers)
    bot.sh(f"rm {LOGS}/freqtrade.log.13")


def test_the_host_does_it_by_itself(rollout: Rollout) -> None:
    bot, before = rollout.bots["epsilon"], Before(rollout)
    lay(rollout)
    assert bot.sh("systemctl is-enabled freqops-retention.timer").strip() == "enabled"
    assert bot.sh("systemctl is-active freqops-retention.timer").strip() == "active"
    bot.sh("systemctl start freqops-retention.service")
    assert "freqtrade.log.14" not in bot.sh(f"ls {LOGS}")
    said = bot.sh("tail -n 50 /srv/freqops/user_data/logs/freqops.log")
    assert "gone: bots/epsilon/var/logs/freqtrade.log.14" in said
    code, checked = bot.tool("incidents check --look --json")
    assert (code, checked["problems"]) == (0, []), checked
    before.untouched(*before.containers)
    bot.sh(f"rm {LOGS}/freqtrade.log.13")
