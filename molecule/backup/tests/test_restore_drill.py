"""Restore drills on a real host beside bots that trade: what passes has booted on what was saved, and nothing stays."""

from __future__ import annotations

import json
import re
from pathlib import Path

from lab.services.control import control
from tests.support.field import play
from tests.support.rollout import HOST, Bot, Rollout

STACK = "freqops-restore-drill"
PLACE = "/srv/freqops/backup/drill"
MARKETS = "GET /api/v3/exchangeInfo"


def backed_up(rollout: Rollout) -> Bot:
    """Back up what a drill needs, and return a bot."""
    bot = rollout.bots["delta"]
    code, answer = bot.tool("backup run --only trades,releases --json")
    assert code == 0, answer
    return bot


def there(bot: Bot) -> list[str]:
    """Return what is there of a drill, in the engine and on the disk."""
    names = bot.sh(
        f"docker ps --all --format '{{{{.Names}}}}'; docker network ls --format '{{{{.Name}}}}'; ls -d {PLACE}*; true"
    )
    return [name for name in names.split() if STACK in name or name.startswith(PLACE)]


def test_both_kinds_are_restored_booted_and_told_and_nothing_stays_or_was_touched(rollout: Rollout) -> None:
    bot = backed_up(rollout)
    containers = {name: each.container for name, each in rollout.bots.items()}
    image = bot.sh("docker inspect --format '{{.Config.Image}}' freqops-delta").strip()
    left = f"docker run --detach --name {STACK}.bot --network {STACK} --entrypoint sleep {image} 600"
    bot.sh(f"docker network create {STACK} && {left} && mkdir -p {PLACE}/taken")  # as a drill leaves it that is killed
    played = play("restore_drill", "--limit", HOST, "-e", "bots=delta,epsilon", inventory=rollout.inventory())
    assert played.rc == 0, played.out
    assert "restore_drill: done, 1 of 1 hosts" in played.out
    assert there(bot) == []
    assert {name: each.container for name, each in rollout.bots.items()} == containers
    page = Path(re.findall(r"page: (\S+)", played.out)[0])
    assert "**PASSED**" in page.read_text()
    assert f"a drill before this one left container {STACK}.bot" in page.read_text()
    said = json.loads(page.with_suffix(".json").read_text())["hosts"][HOST]
    rows = {row["bot"]: row for row in said["bots"]}
    assert {name: row["kind"] for name, row in rows.items()} == {"delta": "postgresql", "epsilon": "sqlite"}
    assert rows["delta"]["checker"].startswith("pg_amcheck")
    assert rows["epsilon"]["checker"] == "pragma integrity_check"
    for name, row in rows.items():
        assert row["open_trades"] == len(rollout.bots[name].trade_ids()) > 0
        assert row["rto_s"] > 0
    report = Path(re.findall(r"report: (\S+)", played.out)[0])
    assert "**ALL PROVEN**" in report.read_text()


def test_without_the_exchange_a_drill_has_failed_and_nothing_stays(rollout: Rollout) -> None:
    bot = backed_up(rollout)
    containers = {name: each.container for name, each in rollout.bots.items()}
    control("PUT", "/faults", {"endpoint": MARKETS, "answer": "reset"})
    try:
        code, answer = bot.tool("restore-drill --bots epsilon --json")
    finally:
        control("DELETE", "/faults")
    assert code == 2, answer
    [row] = answer["bots"]
    assert (row["proven"], row["rto_s"], row["checker"]) == (False, None, "pragma integrity_check")
    assert "Could not load markets" in row["problems"][0]
    assert there(bot) == []
    assert {name: each.container for name, each in rollout.bots.items()} == containers
    _, status = bot.tool("status --json")
    assert any(f"its restore drill failed: incident {answer['incident']}" in note for note in status["host_notes"])
