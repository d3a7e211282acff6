"""What takes a hold down, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from tests.support.field import incident_of, play
from tests.support.paper import PaperBot


def test_a_wrong_incident_resumes_nothing(bot: PaperBot) -> None:
    _, row = bot.halt(1)
    rc, answer = bot.tool(f"resume {bot.name} --incident 20260101T000000Z-halt3-000000 --reason wrong")
    assert rc == 1, answer
    assert row["incident"] in answer["refused"]
    assert (bot.level(), bot.state()) == (1, "paused")


def test_resume_goes_step_by_step(
    bot: PaperBot, tmp_path: Path, calm: Callable[[], AbstractContextManager[None]]
) -> None:
    inventory, named = bot.inventory(tmp_path), ("-e", f"bots={bot.name}")
    halted = play("killswitch", "-e", "level=3", *named, "-e", "reason=test", inventory=inventory)
    assert halted.rc == 0, halted.out
    incident = incident_of(halted.out)
    words = (*named, "-e", f"incident={incident}", "-e")
    with calm():
        up = play("resume", *words, "reason=looked at it", inventory=inventory)
        assert up.rc == 0, up.out
        assert (bot.level(), bot.state()) == (1, "paused")
        down = play("resume", *words, "reason=looked at it", inventory=inventory)
    assert down.rc == 0, down.out
    assert (bot.level(), bot.state()) == (0, "running")
    assert bot.ask("answer = api.our_locks()") == []
    again = play("resume", *words, "reason=once more", inventory=inventory)
    assert again.rc != 0
    assert "no hold of incident" in again.out
