"""The life of an incident on a real host: a halt opens it, the registry has it, it is closed and the chain is whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.field import play, until
from tests.support.paper import PaperBot


def listed(bot: PaperBot) -> list[dict[str, Any]]:
    """Return the incidents of the host that are about the bot."""
    said: dict[str, Any] = json.loads(bot.sh(f"freqops-host incidents list --json --bot={bot.name}"))
    return list(said["incidents"])


def test_a_halt_opens_one_and_it_lives_until_it_is_closed_with_its_cause(bot: PaperBot, tmp_path: Path) -> None:
    for former in listed(bot):  # else the halt would only add to one of these
        if former["state"] != "closed":
            bot.sh(f"freqops-host incidents close {former['id']} --root-cause test --action 'the next test'")
    _, row = bot.halt(1, reason="feed is wrong")
    incident = row["incident"]
    until("the registry has it", lambda: [each["id"] for each in listed(bot)][:1] == [incident])
    [found] = [each for each in listed(bot) if each["id"] == incident]
    assert (found["kind"], found["severity"], found["state"]) == ("halt", "warning", "open")
    query = "SELECT * FROM incidents ORDER BY created_utc DESC LIMIT 10"
    path = "/srv/freqops/user_data/registry/strategies_registry.sqlite"
    script = (
        f"import sqlite3; print([r[0] for r in sqlite3.connect('file:{path}?mode=ro', uri=True).execute('{query}')])"
    )
    assert incident in bot.sh(f'python3 -c "{script}"')
    inventory = bot.inventory(tmp_path)
    words = ("--limit", bot.host.name, "-e", f"incident={incident}")
    refused = play("incident", "-e", "action=close", *words, inventory=inventory)
    assert refused.rc != 0
    assert "no root cause and no action" in refused.out
    said = json.dumps({"root_cause": "a cable was loose", "remedy": "a new cable"})
    closed = play("incident", "-e", "action=close", "-e", said, *words, inventory=inventory)
    assert closed.rc == 0, closed.out
    assert "ALL DONE" in closed.out
    assert [each["state"] for each in listed(bot) if each["id"] == incident] == ["closed"]
    checked = play("incident", "-e", "action=check", "--limit", bot.host.name, inventory=inventory)
    assert checked.rc == 0, checked.out
    head = json.loads(bot.host.run("sudo freqops-host status --json").out)["incident_head"]
    assert int(head.partition("-")[0]) >= 2
