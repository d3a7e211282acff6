"""Bots stopped by plan, started and restarted by their playbook, and their configuration shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.field import TOOL, Field, Played, play
from tests.support.paper import PaperBot


def ordered(bot: PaperBot, place: Path, action: str, *words: str) -> Played:
    """Run the playbook for this bot alone."""
    named = ("-e", f"action={action}", "-e", f"bots={bot.name}", "-e", "reason=its exchange moves")
    return play("bots", *named, *words, inventory=bot.inventory(place))


def row_of(bot: PaperBot) -> dict[str, Any]:
    """Return its row of the status; other bots of the host may be red meanwhile."""
    _, answer = bot.tool("status --json")
    return next(row for row in answer["bots"] if row["bot"] == bot.name)


def started_at(bot: PaperBot) -> str:
    return bot.sh(f"docker inspect --format '{{{{.Id}}}} {{{{.State.StartedAt}}}}' freqops-{bot.name}")


def test_open_trades_refuse_a_planned_stop_and_an_accepted_one_lasts_until_a_start(
    bot: PaperBot, tmp_path: Path
) -> None:
    bot.enter("ETH/USDT")
    refused = ordered(bot, tmp_path, "stop")
    assert refused.rc != 0, refused.out
    assert "was not stopped: it has 1 open trade" in refused.out
    accepted = ("-e", "unmanaged_ok=true")
    looked = ordered(bot, tmp_path, "stop", *accepted, "--check")
    assert (looked.rc, "would stop" in looked.out) == (0, True), looked.out
    assert len(bot.processes()) == 1
    done = ordered(bot, tmp_path, "stop", *accepted)
    assert (done.rc, bot.processes()) == (0, []), done.out
    assert "a stop is no halt" in done.out
    again = ordered(bot, tmp_path, "stop", *accepted)
    assert (again.rc, "changed=0" in again.out) == (0, True), again.out
    bot.host.run(f"{TOOL} resume-switch")  # what it does for other bots is theirs
    assert bot.processes() == []
    [problem] = [text for text in row_of(bot)["problems"] if "stopped by plan since" in text]
    assert "its exchange moves; 1 open trade" in problem
    up = ordered(bot, tmp_path, "start")
    assert (up.rc, bot.state(), len(bot.trades())) == (0, "running", 1), up.out
    assert bot.host.run(f"sudo test -e {bot.home}/stopped.json").rc == 1
    assert not [text for text in row_of(bot)["problems"] if "stopped by plan" in text]


def test_a_restart_is_another_process_and_what_was_held_stays_held(bot: PaperBot, tmp_path: Path) -> None:
    bot.enter("ETH/USDT")
    rc, row = bot.halt(1)
    assert rc == 0, row
    before = started_at(bot)
    done = ordered(bot, tmp_path, "restart")
    assert (done.rc, "1 open trade" in done.out) == (0, True), done.out
    assert started_at(bot) != before
    assert (bot.level(), bot.state(), len(bot.trades())) == (1, "paused", 1)
    rc, row = bot.halt(3)
    assert rc == 0, row
    for action in ("start", "restart"):
        refused = ordered(bot, tmp_path, action)
        assert (refused.rc != 0, "held at level 3" in refused.out) == (True, True), refused.out
    assert bot.processes() == []


def test_a_bot_stopped_by_plan_is_not_started_by_a_resume(bot: PaperBot, tmp_path: Path) -> None:
    done = ordered(bot, tmp_path, "stop")
    assert (done.rc, bot.processes()) == (0, []), done.out
    rc, row = bot.halt(3)
    assert rc == 0, row
    bot.resume()
    assert (bot.level(), bot.processes()) == (0, [])
    assert any("stopped by plan since" in note for note in row_of(bot)["notes"])
    up = ordered(bot, tmp_path, "start")
    assert (up.rc, bot.state()) == (0, "running"), up.out


def test_the_configuration_has_its_origins_and_no_secret(beta: Field, tmp_path: Path) -> None:
    target = tmp_path / "config.yml"
    shown = play("config", "-e", "bots=beta", "-e", f"to={target}")
    assert shown.rc == 0, shown.out
    said = target.read_text()
    for text in (
        "dry_run: true  # its declaration",
        "force_entry_enable: false  # freqops, fixed",
        'api_server.password: "[not shown]"  # secrets of the host',
        "# strategy",
    ):
        assert text in said, said
        assert text in shown.out
    api = json.loads(beta.sh("cat /srv/freqops/bots/beta/conf/secrets.json"))["api_server"]
    for secret in (api["password"], api["jwt_secret_key"], api["ws_token"]):
        assert secret not in shown.out
        assert secret not in said
    unknown = play("config", "-e", "bots=aplha")
    assert (unknown.rc != 0, "unknown bot" in unknown.out) == (True, True), unknown.out
