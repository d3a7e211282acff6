"""Level 1 on a real bot: what stops entries, and everything that must not undo it; the sick are in scenario halt."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from lab.services.control import control
from tests.support.field import Field, play, until
from tests.support.holding import stays_paused
from tests.support.paper import PaperBot

LIMIT = 60.0  # USDT for a LTC: below its price, until that falls


def cancelled_entries(field: Field) -> list[dict[str, Any]]:
    """Cancel the entry orders that rest, and return those that rested."""
    resting = field.resting_entries()
    for trade in resting:
        field.ask(f"try:\n    api.cancel_open_orders({trade['trade_id']})\nexcept Exception as e:\n    answer = str(e)")
    return resting


def test_a_resting_entry_never_becomes_a_position(bot: PaperBot) -> None:
    bot.enter("ETH/USDT")
    bot.enter("LTC/USDT", price={"LTC/USDT": LIMIT})
    before = {trade["trade_id"] for trade in bot.trades()} - {t["trade_id"] for t in bot.resting_entries()}
    assert len(bot.resting_entries()) == len(before) == 1
    rc, row = bot.halt(1)
    assert (rc, row["verdict"]) == (0, "HALTED, PROVEN"), row
    control("PUT", "/scripts/LTCUSDT", {"points": [[0, LIMIT / 2]], "mode": "step"})
    try:
        until("the price fell", lambda: float(control("GET", "/status")["prices"]["LTCUSDT"]) < LIMIT)
        moved = bot.ask("answer = str(api.read().last_process)")
        until("the loop saw the fall", lambda: bot.ask("answer = str(api.read().last_process)") != moved)
        assert {trade["trade_id"] for trade in bot.trades()} <= before
        assert bot.resting_entries() == []
    finally:
        control("DELETE", "/scripts/LTCUSDT")


def test_again_changes_nothing(bot: PaperBot, tmp_path: Path) -> None:
    _, first = bot.halt(1, reason="first")
    before = bot.holds()
    rc, row = bot.halt(1, reason="second")
    assert (rc, row["raised"], row["acted"], row["incident"]) == (0, False, False, first["incident"])
    assert bot.holds() == before
    incidents = bot.sh("ls /srv/freqops/incidents").split()
    assert len([name for name in incidents if name == first["incident"]]) == 1
    words = ("-e", "level=1", "-e", f"bots={bot.name}", "-e", "reason=third time")
    third = play("killswitch", *words, inventory=bot.inventory(tmp_path))
    assert third.rc == 0, third.out
    assert "changed=0" in third.out, third.out


def test_it_outlives_start_a_deleted_lock_and_a_reload(bot: PaperBot) -> None:
    bot.halt(1)
    bot.ask("api.start()\nfor lock in api.our_locks():\n    api.unlock(lock['id'])")
    stays_paused(bot)
    bot.ask("api.call('POST', '/reload_config')")
    until("it came back from the reload", bot.booted)
    stays_paused(bot)


def test_a_trader_stopped_long_ago_is_reported_and_not_started(bot: PaperBot) -> None:
    bot.enter("LTC/USDT", price={"LTC/USDT": LIMIT})
    bot.ask("api.pause()")
    until("no entry rests", lambda: not cancelled_entries(bot))
    bot.ask("api.call('POST', '/stop')")
    until("stopped", lambda: bot.state() == "stopped")
    rc, row = bot.halt(1)
    assert (rc, row["state"], row["found"]) == (0, "stopped", "stopped"), row
    assert "found stopped, left stopped" in row["detail"]
    bot.sh(f"docker restart --time 10 freqops-{bot.name}")
    until("it is back", bot.booted)
    assert bot.state() == "stopped"
    bot.resume()
    assert bot.state() == "stopped"


def test_a_container_stopped_long_ago_is_reported_and_not_started(bot: PaperBot) -> None:
    bot.sh(f"docker stop --time 10 freqops-{bot.name}")
    rc, row = bot.halt(1)
    assert (rc, row["state"], row["verdict"]) == (0, "no process", "HALTED, PROVEN"), row
    assert bot.processes() == []


def test_with_its_database_dead_a_bot_is_not_proven_or_has_ended(alpha: Field) -> None:
    alpha.sh("docker stop --time 20 freqops-postgres")
    rows: list[tuple[int, dict[str, Any]]] = []
    worker = threading.Thread(target=lambda: rows.append(alpha.halt(1, more="--deadline 8")))
    worker.start()
    worker.join()
    alpha.sh("docker start freqops-postgres")
    rc, row = rows[0]
    assert row["latched"]
    if not any("starts paused" in text for text in row["detail"]):  # it ends sooner or later; then nothing trades
        assert (rc, row["proven"]) == (2, False), row
    until("it is back, paused", lambda: alpha.booted() and alpha.state() == "paused")
    stays_paused(alpha)


def test_what_was_done_to_it_and_what_it_says_are_read_together(bot: PaperBot, tmp_path: Path) -> None:
    """Freqtrade's lines are JSON before and after a reload, and the halt stands among them under its incident."""
    _, row = bot.halt(1)
    file = f"/srv/freqops/bots/{bot.name}/var/logs/freqtrade.log"

    def lines() -> list[str]:
        return bot.sh(f"cat {file}").splitlines()

    before = len(lines())
    bot.ask("api.call('POST', '/reload_config')")
    until("it writes on after the reload", lambda: any("Dry run is enabled" in line for line in lines()[before:]))
    said = [json.loads(line) for line in lines()]
    assert all({"ts", "level", "logger", "message"} <= set(line) for line in said)
    secrets = json.loads(bot.sh(f"cat /srv/freqops/bots/{bot.name}/conf/secrets.json"))["api_server"]
    assert secrets["password"] not in bot.sh(f"cat {file} /srv/freqops/user_data/logs/freqops.log")
    rc, found = bot.tool(f"logs --json --since=10m --correlation={row['incident']} --bots={bot.name}")
    assert rc == 0, found
    assert {line["source"] for line in found["lines"]} == {"(freqops)"}, found
    said_of_it = [line["text"] for line in found["lines"]]  # and that its incident was opened, unless one was open
    assert [text for text in said_of_it if text.startswith("freqops-host: halt: proven ")], said_of_it
    words = ("-e", f"bots={bot.name}", "-e", "since=10m", "-e", "match=freqtrade")
    shown = play("logs", *words, inventory=bot.inventory(tmp_path))
    assert shown.rc == 0, shown.out
    assert f" {bot.name} INFO freqtrade" in shown.out, shown.out
    counted = bot.tool(f"logs errors --json --since=10m --bots={bot.name}")[1]["sources"]
    assert [(source["source"], source["records"] > 0) for source in counted] == [(bot.name, True)], counted
