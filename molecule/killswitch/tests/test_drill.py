"""The halt rehearsed on a real bot, as an operator does it once a month."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from tests.support.field import ROOT, Played, command_of, environment, until
from tests.support.paper import PaperBot

EXERCISES = 8
PROOF = "Perform task: TASK: Read back what every bot is doing"
BEFORE = 3  # tasks: the fleet, the words, the drill


def drilled(bot: PaperBot, place: Path, calm: Callable[[], AbstractContextManager[None]]) -> Played:
    """Drill a bot, and let the play go on to the table of all bots when all of them are well."""
    command = command_of(
        "drill", "-e", f"bots={bot.name}", "--limit", "paper-1", "--step", inventory=bot.inventory(place)
    )
    log = place / "log"
    with (
        log.open("w") as stream,
        subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=stream, stderr=subprocess.STDOUT
        ) as play,
    ):
        assert play.stdin is not None
        play.stdin.write(b"y\n" * BEFORE)
        play.stdin.flush()
        until("the drill is over", lambda: PROOF in log.read_text() or play.poll() is not None, 900)
        with calm():
            play.communicate(b"y\n")
    return Played(play.returncode, log.read_text())


def test_a_drill_of_all_levels_passes_and_status_shows_it(
    bot: PaperBot, tmp_path: Path, calm: Callable[[], AbstractContextManager[None]]
) -> None:
    bot.enter("ETH/USDT")
    played = drilled(bot, tmp_path, calm)
    assert played.rc == 0, played.out
    found = re.search(r"report: (\S+/drills/(\S+)\.md)", played.out)
    assert found, played.out
    page = Path(found.group(1)).read_text()
    assert "**PASSED**" in page
    assert sum(line.startswith("paper-1") for line in page.splitlines()) == EXERCISES
    assert (bot.state(), bot.level()) == ("running", 0)
    noted = json.loads(bot.sh(f"cat {bot.home}/drill.json"))
    assert noted["incident"] == found.group(2)
    assert f"last drill passed 0 days ago, by {bot.name}" in played.out
