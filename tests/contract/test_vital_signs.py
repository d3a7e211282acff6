"""What a bot tells of its own age, and of the candles on which it decides."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from freqops.core.bot import vital_signs
from freqops.core.bot.client import ApiError
from tests.contract.bot import Bot
from tests.contract.exchange import TICKERS
from tests.contract.polling import eventually

TIMEFRAME, TIMEFRAME_MS = "1m", 60_000  # as tests.contract.bot.QUICK has it
LATE_SECONDS = 4
OUTSIDE = ("TRX/USDT", "NOBODY/USDT")  # neither is in the whitelist; the exchange does not have the other one, too
OWN_COLUMNS = {"date", "open", "high", "low", "close", "volume", "enter_long", "exit_long", "enter_short", "exit_short",
               "__date_ts"}  # fmt: skip


def candles(bot: Bot, pair: str, timeframe: str = TIMEFRAME) -> dict[str, Any]:
    """Return what the bot tells of its newest candle, without a column of the strategy."""
    asked = {"pair": pair, "timeframe": timeframe, "limit": 1, "columns": []}
    told: dict[str, Any] = bot.api.call("POST", "/pair_candles", asked)
    return told


def decided(bot: Bot) -> str:
    """Return a pair on whose candles the bot has decided."""
    pair = bot.api.whitelist()[0]
    eventually(lambda: bot.api.newest_candle(pair, TIMEFRAME), "the bot has decided on a candle")
    return pair


def test_moments_are_told_with_their_time_zone_and_in_whole_seconds(bot: Bot) -> None:
    """Its last round and the beginning of its rounds are told as moments with a time zone, and in whole seconds.

    So freqops says how old they are, wherever the host is.
    """
    health = bot.api.call("GET", "/health")
    for name in ("last_process", "bot_startup", "bot_start"):
        moment = datetime.fromisoformat(health[name])
        assert moment.tzinfo is not None, name
        assert isinstance(health[f"{name}_ts"], int), name
        assert int(moment.timestamp()) == health[f"{name}_ts"], name
    assert health["bot_start_ts"] <= health["bot_startup_ts"]
    assert bot.api.read().startup == datetime.fromisoformat(health["bot_startup"])


def test_its_rounds_begin_again_when_its_trader_does(bot: Bot) -> None:
    """The beginning of its rounds is that of its trader, which begins again at a reload; that of its database stays.

    So freqops counts from the later one of that and of the start of the container: a trader that is loaded stopped
    tells the beginning of the one before it.
    """
    before = bot.api.call("GET", "/health")
    assert bot.reload("stopped").startup == datetime.fromisoformat(before["bot_startup"])
    bot.api.start()
    after = bot.at_work("running")
    assert after.startup is not None
    assert after.startup > datetime.fromisoformat(before["bot_startup"])
    assert bot.api.call("GET", "/health")["bot_start"] == before["bot_start"]


def test_a_bot_tells_the_length_of_its_candles(bot: Bot) -> None:
    """A bot tells the length of its candles by its name, and in milliseconds.

    So freqops knows from when on they are old.
    """
    config, reading = bot.api.call("GET", "/show_config"), bot.api.read()
    assert (config["timeframe"], config["timeframe_ms"]) == (TIMEFRAME, TIMEFRAME_MS)
    assert isinstance(config["timeframe_ms"], int)
    assert (reading.timeframe, reading.timeframe_s) == (TIMEFRAME, 60.0)


def test_the_newest_candle_is_the_last_that_is_over(bot: Bot) -> None:
    """The newest candle that is told is the last one that is over, by the millisecond in which it began.

    So freqops asks for the age of what the strategy decided on, and for no column: only those of every candle are told
    then. A candle that has just been decided on is not red.
    """
    pair = decided(bot)
    told = candles(bot, pair)
    began = told["data_stop_ts"]
    assert (told["pair"], told["timeframe"], told["length"]) == (pair, TIMEFRAME, 1)
    assert isinstance(began, int)
    assert began % TIMEFRAME_MS == 0
    assert datetime.fromisoformat(told["data_stop"]) == datetime.fromtimestamp(began / 1000, UTC)
    assert bot.api.newest_candle(pair, TIMEFRAME) is not None
    age = datetime.fromisoformat(told["last_analyzed"]).timestamp() - began / 1000
    assert age >= TIMEFRAME_MS / 1000, "it was over when the strategy decided"
    assert vital_signs.candles({pair: age}, [], TIMEFRAME_MS / 1000, age) == []
    own = {name for name in told["columns"] if not name.endswith("_signal_close")}
    assert own <= OWN_COLUMNS


def test_of_a_pair_on_which_it_does_not_decide_no_candle_is_told(bot: Bot) -> None:
    """Of a pair that is not in its whitelist, and of another timeframe, it tells that it has none, and no error.

    So freqops takes 0 for no candle.
    """
    pair = decided(bot)
    assert not set(OUTSIDE) & set(bot.api.whitelist())
    for name, timeframe in (*((each, TIMEFRAME) for each in OUTSIDE), (pair, "1h")):
        told = candles(bot, name, timeframe)
        assert (told["length"], told["data_stop_ts"], told["data_stop"]) == (0, 0, ""), (name, timeframe)
        assert bot.api.newest_candle(name, timeframe) is None


def test_before_its_first_round_a_trader_has_no_candle(bot: Bot) -> None:
    """A trader that has not come round yet tells that it has no candle, whatever the one before it had.

    So freqops counts from its start then.
    """
    pair = decided(bot)
    bot.reload("stopped")
    assert candles(bot, pair)["data_stop_ts"] == 0
    assert bot.api.newest_candle(pair, TIMEFRAME) is None


def test_in_the_boot_window_no_candle_is_told(bot: Bot) -> None:
    """In the boot window it tells that it has no candle, or nothing at all, with status 500.

    So freqops does not ask for candles there.
    """
    pair = decided(bot)
    bot.exchange.delay(TICKERS, LATE_SECONDS)
    try:
        bot.files.put_state("running")
        bot.api.call("POST", "/reload_config")
        eventually(lambda: bot.api.read().state == "stopped" and not bot.api.past_boot(), "the boot window is open")
        said = _said(bot, pair)
        assert not bot.api.past_boot(), "it was asked within the window"
    finally:
        bot.exchange.heal()
    assert said in {"0", "status 500"}
    bot.at_work("running")


def _said(bot: Bot, pair: str) -> str:
    try:
        return str(candles(bot, pair)["data_stop_ts"])
    except ApiError as error:
        return str(error).rpartition(": ")[2]
