"""Level 1 on a real bot: what stops entries, and everything that must not undo it; the sick are in scenario halt."""

from __future__ import annotations

import threading
from typing import Any

from lab.prices import all_pairs
from tests.support.field import Field, play, until

REASSERT = 10  # seconds: the timer's five, and what one firing takes


def stays_paused(field: Field) -> None:
    """The hold is on the disk, and the bot paused within the re-assertion period."""
    assert field.level() == 1
    until("paused", lambda: field.state() == "paused", REASSERT)
    until("locked", lambda: locked(field), REASSERT)


def locked(field: Field) -> Any:
    """Whether the hold's own lock stands."""
    return field.ask("answer = any(api.has_lock(hold.lock_reason) for hold in holds.load(bot.holds).holds)")


def cancelled_entries(field: Field) -> list[dict[str, Any]]:
    """Cancel the entry orders that rest, and return those that rested."""
    resting = field.resting_entries()
    for trade in resting:
        field.ask(f"try:\n    api.cancel_open_orders({trade['trade_id']})\nexcept Exception as e:\n    answer = str(e)")
    return resting


def test_a_resting_entry_never_becomes_a_position(field: Field) -> None:
    field.ask("api.call('POST', '/forceexit', {'tradeid': 'all', 'ordertype': 'market'})")  # so that there is room
    until("an entry order rests", field.resting_entries, 150)
    before = {trade["trade_id"] for trade in field.trades()} - {t["trade_id"] for t in field.resting_entries()}
    rc, row = field.halt(1)
    assert (rc, row["verdict"]) == (0, "HALTED, PROVEN"), row
    all_pairs(-50, minutes=1)
    moved = field.ask("answer = str(api.read().last_process)")
    until("the loop saw the fall", lambda: field.ask("answer = str(api.read().last_process)") != moved)
    assert {trade["trade_id"] for trade in field.trades()} <= before
    assert field.resting_entries() == []
    all_pairs(0.3, jump=3)


def test_again_changes_nothing(field: Field) -> None:
    _, first = field.halt(1, reason="first")
    book = field.holds()
    rc, row = field.halt(1, reason="second")
    assert (rc, row["raised"], row["acted"], row["incident"]) == (0, False, False, first["incident"])
    assert field.holds() == book
    incidents = field.sh("ls /srv/freqops/incidents").split()
    assert len([name for name in incidents if name == first["incident"]]) == 1
    third = play("killswitch", "-e", "level=1", "-e", "bots=alpha", "-e", "reason=third time")
    assert third.rc == 0
    assert "changed=0" in third.out, third.out


def test_it_outlives_start_a_deleted_lock_and_a_reload(field: Field) -> None:
    field.halt(1)
    field.ask("api.start()\nfor lock in api.our_locks():\n    api.unlock(lock['id'])")
    stays_paused(field)
    field.ask("api.call('POST', '/reload_config')")
    until("it came back from the reload", field.booted, 30)
    stays_paused(field)


def test_it_outlives_container_engine_and_host(field: Field) -> None:
    field.halt(1)
    field.sh("docker restart --time 10 freqops-alpha")
    until("it is back", lambda: field.state() == "paused", 60)
    stays_paused(field)
    field.sh("systemctl restart docker")
    stays_paused(field)
    field.host.reboot()
    until("it is back", lambda: field.state() == "paused", 90)
    stays_paused(field)


def test_it_outlives_a_deploy(field: Field) -> None:
    field.halt(1)
    deployed = play("deploy", "--limit", "paper", "-e", "deploy_full=true")
    assert deployed.rc == 0, deployed.out
    assert "it stays paused" in deployed.out
    stays_paused(field)


def test_a_trader_stopped_long_ago_is_reported_and_not_started(field: Field) -> None:
    field.ask("api.pause()")
    until("no entry rests", lambda: not cancelled_entries(field))
    field.ask("api.call('POST', '/stop')")
    until("stopped", lambda: field.state() == "stopped")
    rc, row = field.halt(1)
    assert (rc, row["state"], row["found"]) == (0, "stopped", "stopped"), row
    assert "found stopped, left stopped" in row["detail"]
    field.sh("docker restart --time 10 freqops-alpha")
    until("it is back", field.booted, 60)
    assert field.state() == "stopped"
    field.release()
    assert field.state() == "stopped"


def test_a_container_stopped_long_ago_is_reported_and_not_started(field: Field) -> None:
    field.sh("docker stop --time 10 freqops-alpha")
    rc, row = field.halt(1)
    assert (rc, row["state"], row["verdict"]) == (0, "no process", "HALTED, PROVEN"), row
    assert field.processes() == []


def test_with_its_database_dead_a_bot_is_not_proven_or_has_ended(field: Field) -> None:
    field.sh("docker stop --time 20 freqops-postgres")
    rows: list[tuple[int, dict[str, Any]]] = []
    worker = threading.Thread(target=lambda: rows.append(field.halt(1, more="--deadline 8")))
    worker.start()
    worker.join(60)
    field.sh("docker start freqops-postgres")
    rc, row = rows[0]
    assert row["latched"]
    if not any("starts paused" in text for text in row["detail"]):  # it ends sooner or later; then nothing trades
        assert (rc, row["proven"]) == (2, False), row
    until("it is back, paused", lambda: field.state() == "paused", 90)
    stays_paused(field)
