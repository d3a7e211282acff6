"""The states of a trader."""

from __future__ import annotations

import time

import pytest

from freqops.core.bot.client import BotRefused
from tests.contract.bot import Bot
from tests.contract.polling import eventually

USUAL = 2.5  # seconds; rounds of this bot take one


def test_a_running_trader_is_paused_and_started_again(bot: Bot) -> None:
    """A running trader is paused, stays so, and is started again.

    So a pause is all that level 1 needs, and a start all that a release needs.
    """
    bot.api.pause()
    assert bot.api.read().state == "paused"
    bot.rounds(2)
    assert bot.api.read().state == "paused"
    bot.api.start()
    assert bot.api.read().state == "running"


def test_stopentry_starts_a_stopped_trader(bot: Bot) -> None:
    """Pausing a stopped trader starts it, paused.

    So freqops pauses only what runs.
    """
    bot.api.call("POST", "/stop")
    bot.idle_rounds(1)
    answer = bot.api.call("POST", "/stopentry")
    assert answer["status"].startswith("starting bot with trader in paused state")
    assert bot.at_work("paused").state == "paused"
    bot.rounds(1)


def test_a_stopped_trader_refuses_to_act_and_still_tells(bot: Bot) -> None:
    """A stopped trader refuses to count, cancel and exit, and still tells its trades and locks.

    So freqops reports what rests there instead of cancelling it.
    """
    trade = bot.enter("BTC/USDT", limit=30000)
    bot.api.call("POST", "/stop")
    identity = trade["trade_id"]
    for method, path, body in (
        ("GET", "/count", None),
        ("POST", "/forceexit", {"tradeid": str(identity), "ordertype": "market"}),
        ("DELETE", f"/trades/{identity}/open-order", None),
    ):
        with pytest.raises(BotRefused, match="trader is not running"):
            bot.api.call(method, path, body)
    assert bot.api.read().state == "stopped"
    assert [trade["trade_id"] for trade in bot.api.open_trades()] == [identity]
    assert bot.api.our_locks() == []
    assert bot.api.past_boot()


def test_entry_stop_leaves_a_stopped_trader_stopped_and_says_what_rests(bot: Bot) -> None:
    """Level 1 leaves a stopped trader stopped and says what rests."""
    trade = bot.enter("BTC/USDT", limit=30000)
    bot.api.call("POST", "/stop")
    result = bot.stop_entries("freqops halt contract-stopped", deadline=3)
    assert (result.found, result.state, result.cancelled) == ("stopped", "stopped", set())
    assert result.proven is None
    assert any(f"trade {trade['trade_id']}" in text for text in result.missing)
    assert bot.api.has_lock("freqops halt contract-stopped")


def test_the_worker_says_that_it_is_stopped_when_the_loop_is_over(bot: Bot) -> None:
    """A trader is called stopped as soon as it is told; its worker says so when the loop under way is over.

    So freqops calls a stopped trader at rest when its worker has said it.
    """
    eventually(lambda: bot.api.worker_state() == "running", "its worker runs")
    bot.wish(hang=5)

    def age() -> float:
        last = bot.api.read().last_process
        return 0.0 if last is None else time.time() - last.timestamp()

    eventually(lambda: age() > USUAL, "a loop takes long")
    bot.api.call("POST", "/stop")
    assert (bot.api.read().state, bot.api.worker_state()) == ("stopped", "running")
    eventually(lambda: bot.api.worker_state() == "stopped", "its worker is stopped")


def test_the_heartbeat_goes_on_while_paused_and_stands_still_while_stopped(bot: Bot) -> None:
    """The heartbeat moves while paused, and stands still while stopped.

    So freqops judges its age by the state.
    """
    bot.api.pause()
    bot.rounds(2)
    bot.api.call("POST", "/stop")
    bot.idle_rounds(1)
    last = bot.api.read().last_process
    assert last is not None
    bot.idle_rounds(2)
    assert bot.api.read().last_process == last


def test_the_heartbeat_tells_two_rounds_of_one_second_apart(bot: Bot) -> None:
    """The heartbeat has fractions of a second and a time zone.

    So freqops counts rounds by it.
    """
    assert "." in bot.api.call("GET", "/health")["last_process"]
    moment = bot.api.read().last_process
    assert moment is not None
    assert moment.utcoffset() is not None
    eventually(lambda: (bot.api.read().last_process or moment).microsecond, "a heartbeat has a fraction")


@pytest.mark.parametrize("initial_state", ["paused", "running", "stopped", None])
def test_a_reload_takes_the_initial_state_of_the_replaced_file(bot: Bot, initial_state: str | None) -> None:
    """A reload applies the initial state of the replaced file; a file without one means stopped.

    So freqops keeps that state in step with the holds.
    """
    bot.api.pause()
    reading = bot.reload(initial_state)
    assert reading.state == (initial_state or "stopped")


def test_a_reload_forgets_the_heartbeat(bot: Bot) -> None:
    """A reload forgets the heartbeat.

    So freqops counts rounds again after it.
    """
    bot.rounds(1)
    assert bot.reload("stopped").last_process is None


def test_a_pause_sent_to_a_reloading_bot_is_answered_and_lost(bot: Bot) -> None:
    """A pause sent during a reload is answered and lost.

    So freqops never takes an answer for a proof, and goes on reading.
    """
    bot.files.put_state("running")

    def sent_in_time() -> bool:
        bot.api.call("POST", "/reload_config")
        before = bot.api.read().state
        said = bot.api.call("POST", "/stopentry")["status"]
        return (before, bot.api.read().state) == ("reload_config", "reload_config") and said.startswith("paused")

    eventually(sent_in_time, "a pause meets the state reload_config")
    assert bot.at_work("running").state == "running"
