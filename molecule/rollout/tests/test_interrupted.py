"""What a command that was killed left stopped, on a real host: who names it, and who starts it again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from tests.support.field import until
from tests.support.patience import GIVE_UP
from tests.support.rollout import OWN, Bot, Rollout

HOLDER, TIMER = "freqops-test-lock", "freqops-recover.timer"
LEFT = {"postgres": "alpha", "remove": "delta", "resume": "epsilon"}  # by command: which bot it left stopped


def gone(bot: Bot, path: str) -> bool:
    """Return whether a file is not on the host of a bot."""
    return "yes" not in bot.sh(f"test -e {path} && echo yes; true")


def left_by(command: str, bot: Bot) -> None:
    """Leave what a command leaves that is killed when it has stopped the bot."""
    note = {"version": 1, "command": command, "incident": "contract", "starts": bot.release_now, "at": "then"}
    text = shlex.quote(json.dumps(note))
    bot.sh(f"printf %s {text} > {bot.home}/stopped.json && docker stop --time 10 freqops-{bot.bot}")


@contextmanager
def timer_held(bot: Bot) -> Iterator[None]:
    """Let nothing be recovered on the host of a bot for the block."""
    bot.sh(f"systemctl stop {TIMER}")
    running = "systemctl show --property ActiveState --value freqops-recover.service"
    until("no recovery is under way", lambda: bot.sh(running).strip() not in ("active", "activating"), GIVE_UP)
    try:
        yield
    finally:
        bot.sh(f"systemctl start {TIMER}")


def held_trades(bot: Bot) -> set[int]:
    """Return the numbers of the open trades of which a bot has coins; others go where their entry is not filled."""
    return {int(trade["trade_id"]) for trade in bot.trades() if trade["amount"] > 0}


def known_trades(bot: Bot) -> set[int]:
    """Return the numbers of all trades that a bot knows, open and closed."""
    return bot.trade_ids() | set(bot.ask("answer = [t['trade_id'] for t in api.call('GET', '/trades')['trades']]"))


def test_what_killed_commands_left_stopped_is_started_by_the_timer(rollout: Rollout) -> None:
    """Of alpha, which sells when it likes, every trade is still known; the others have the same ones open."""
    bots = {command: rollout.bots[name] for command, name in LEFT.items()}
    trades = {command: held_trades(bot) for command, bot in bots.items()}
    with timer_held(bots["remove"]):  # the note is there before its bot has ended
        for command, bot in bots.items():
            left_by(command, bot)
    for command, bot in bots.items():
        until(f"the note of {command} is gone", partial(gone, bot, f"{bot.home}/stopped.json"), GIVE_UP)
        assert bot.state() == "running"
        assert trades[command] <= known_trades(bot)
        assert bot.bot not in OWN or held_trades(bot) == trades[command] != set()


def test_it_is_named_as_long_as_a_command_works_on_the_bot(rollout: Rollout) -> None:
    bot = rollout.bots["delta"]
    bot.sh(f"systemd-run --quiet --unit {HOLDER} flock {bot.home}/.lock sleep infinity")
    try:
        taken = f"flock --nonblock {bot.home}/.lock true || echo yes"
        until("its lock is held", lambda: "yes" in bot.sh(taken), GIVE_UP)
        left_by("remove", bot)
        code, answer = bot.tool("status --json")
        [row] = [each for each in answer["bots"] if each["bot"] == bot.bot]
        assert code == 2
        assert row["problems"][0].startswith("stopped by remove (contract) at then")
        assert bot.processes() == []
    finally:
        bot.sh(f"systemctl stop {HOLDER}")
    until("it runs again", lambda: gone(bot, f"{bot.home}/stopped.json"), GIVE_UP)
    assert bot.state() == "running"


def test_a_postgres_that_was_changed_by_half_is_brought_to_its_end(rollout: Rollout) -> None:
    bot = rollout.bots["delta"]
    place = "/srv/freqops/postgres"
    with timer_held(bot):
        left_by("postgres", bot)
        bot.sh(f"cp {place}/compose.yml {place}/former.yml && docker stop --time 30 freqops-postgres")
    until("Postgres is back", lambda: gone(bot, f"{place}/former.yml"), GIVE_UP)
    until("the bot is back", lambda: gone(bot, f"{bot.home}/stopped.json"), GIVE_UP)
    assert bot.state() == "running"
