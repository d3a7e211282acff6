"""The seconds in which a bot answers, but does not yet know what it will be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from freqops.core.bot.client import ApiError, Reading
from tests.contract.bot import Bot
from tests.contract.exchange import TICKERS
from tests.contract.polling import eventually

LATE_SECONDS = 4
LOCK = "freqops halt contract-restart"


@dataclass(frozen=True)
class Restart:
    """What was seen while the container was stopped and started again."""

    exit_status: int
    window: Reading
    whitelist: str
    past_boot: bool
    lock_stood: bool
    said: str
    after: Reading


@pytest.fixture(scope="module")
def restart(deployed: object, request: pytest.FixtureRequest) -> Restart:
    bot: Bot = request.getfixturevalue("deployed").bot
    bot.reset()
    bot.api.lock(LOCK)
    bot.exchange.delay(TICKERS, LATE_SECONDS)
    exit_status = bot.stop()
    bot.container.start()
    window = eventually(bot.api.read, "the starting bot answers")
    whitelist = _whitelist(bot)
    past_boot, lock_stood = bot.api.past_boot(), bot.api.has_lock(LOCK)
    said = bot.api.call("POST", "/stopentry")["status"]
    bot.exchange.heal()
    return Restart(exit_status, window, whitelist, past_boot, lock_stood, said, bot.at_work("running"))


def _whitelist(bot: Bot) -> str:
    try:
        return str(bot.api.call("GET", "/whitelist")["length"])
    except ApiError as error:
        return str(error).rpartition(": ")[2]


@pytest.fixture
def slow(bot: Bot) -> Iterator[Bot]:
    bot.exchange.delay(TICKERS, LATE_SECONDS)
    yield bot
    bot.exchange.heal()


def test_sigterm_passes_the_gate_and_ends_freqtrade(restart: Restart) -> None:
    """SIGTERM ends it in an orderly way, with status 0 or 130.

    So level 3 asks before it kills.
    """
    assert restart.exit_status in {0, 130}


def test_the_api_answers_before_the_initial_state_is_applied(restart: Restart) -> None:
    """Its API answers before the initial state is applied: it reads stopped, without a heartbeat.

    So freqops takes no reading for the truth before the process is past that window.
    """
    assert restart.window.state == "stopped"
    assert restart.window.last_process is None
    assert restart.whitelist in {"0", "status 500"}
    assert not restart.past_boot


def test_a_pause_sent_in_the_boot_window_is_overwritten(restart: Restart) -> None:
    """A pause sent in that window is accepted and overwritten.

    So freqops pauses again until it stays so.
    """
    assert "paused" in restart.said
    assert restart.after.state == "running"


def test_a_lock_survives_a_restart_and_is_listed_before_the_bot_is_ready(restart: Restart) -> None:
    """A pair lock survives a restart, and is listed before the bot is ready.

    So freqops finds the lock of a hold again.
    """
    assert restart.lock_stood


def test_entry_stop_is_proven_on_a_bot_that_is_still_booting(slow: Bot) -> None:
    """A bot that is still booting is paused for good."""
    slow.files.put_state("running")
    slow.api.call("POST", "/reload_config")
    eventually(lambda: slow.api.read().state == "stopped" and not slow.api.past_boot(), "the boot window is open")
    result = slow.stop_entries("freqops halt contract-boot")
    assert result.proven is not None, result.missing
    assert (result.found, result.state) == ("stopped", "paused")
    slow.rounds(2)
    assert slow.api.read().state == "paused"


def test_a_stopped_trader_past_its_boot_window_says_so(bot: Bot) -> None:
    """A pair list tells a stopped trader past its boot window from one within it; nothing else does.

    So freqops asks for the pair list before it believes that a trader is stopped.
    """
    reading = bot.reload("stopped")
    assert (reading.state, reading.last_process) == ("stopped", None)
    assert bot.api.past_boot()
