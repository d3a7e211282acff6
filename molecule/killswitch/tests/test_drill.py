"""The halt rehearsed on a real bot, as an operator does it once a month."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.support.field import Field, play

EXERCISES = 8


def test_a_drill_of_all_levels_passes_and_status_shows_it(field: Field) -> None:
    played = play("drill", "-e", "bots=alpha", "--limit", "paper-1")
    assert played.rc == 0, played.out
    found = re.search(r"report: (\S+/drills/(\S+)\.md)", played.out)
    assert found, played.out
    page = Path(found.group(1)).read_text()
    assert "**PASSED**" in page
    assert sum(line.startswith("paper-1") for line in page.splitlines()) == EXERCISES
    assert (field.state(), field.level()) == ("running", 0)
    noted = json.loads(field.sh("cat /srv/freqops/bots/alpha/drill.json"))
    assert noted["incident"] == found.group(2)
    assert "last drill passed 0 days ago, by alpha" in played.out


def test_a_bot_that_trades_live_and_a_mere_check_are_refused(untouched: Field) -> None:
    live = play("drill", "-e", "bots=gamma")
    assert live.rc != 0
    assert "gamma trades live" in live.out
    check = play("drill", "-e", "bots=alpha", "--check")
    assert check.rc != 0
    assert "NOTHING REHEARSED" in check.out
    assert untouched.level() == 0
