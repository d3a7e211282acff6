"""Dumps that the host makes by itself: a trade is soon in one, of Postgres and SQLite; half of one is none."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from tests.support.field import until
from tests.support.patience import GIVE_UP
from tests.support.rollout import OWN, PSQL, Bot, Rollout

# Of a pair that the bot does not trade, and over at once: one row more, and nothing else.
LOCK = [{"pair": "XRP/USDT", "until": "2026-01-01 00:00:00Z", "side": "*", "reason": "a row of a test"}]


def newest(bot: Bot) -> dict[str, Any]:
    """Return the manifest of the newest dump of a bot, empty where there is none."""
    said = bot.sh(f"ls -d {bot.home}/dumps/rolling/2* 2>/dev/null | tail -n 1 | xargs -r -I @ cat @/manifest.json")
    found: dict[str, Any] = json.loads(said or "{}")
    return found


def rows(bot: Bot, table: str) -> int:
    """Return the rows that a table has in the newest dump."""
    tables = newest(bot).get("contents", {}).get("tables", [])
    return next((int(each["rows"]) for each in tables if each["table"] == table), 0)


def has_more(bot: Bot, table: str, than: int) -> bool:
    """Return whether a table has more rows in the newest dump."""
    return rows(bot, table) > than


def test_what_a_bot_writes_is_in_a_dump_without_anybody_asking(rollout: Rollout) -> None:
    """On Postgres and on SQLite."""
    bots = [rollout.bots[name] for name in OWN]
    for bot in bots:
        until("its trade is in a dump", partial(has_more, bot, "trades", len(bot.trade_ids()) - 1), GIVE_UP)
    before = [rows(bot, "pairlocks") for bot in bots]
    for bot in bots:
        bot.ask(f"answer = api.call('POST', '/locks', {LOCK})")
    for bot, known in zip(bots, before, strict=True):
        until("the lock is in a dump", partial(has_more, bot, "pairlocks", known), GIVE_UP)
        assert newest(bot)["next_numbers"]["trades.id"] > max(bot.trade_ids())


def test_half_a_dump_does_not_count_and_is_gone_with_the_next(rollout: Rollout) -> None:
    bot = rollout.bots["epsilon"]
    left = f"{bot.home}/dumps/rolling/.20200101T000000Z.partial"
    bot.sh(f"mkdir -p {left} && printf half > {left}/database")
    answer = json.loads(bot.sh("freqops-host dump epsilon"))
    assert [row["outcome"] for row in answer["bots"]] == ["dumped"]
    assert bot.sh(f"ls -d {left} 2>/dev/null; echo gone").strip() == "gone"


def test_a_database_that_says_no_costs_no_older_dump(rollout: Rollout) -> None:
    bot = rollout.bots["delta"]
    bot.sh("freqops-host dump delta")
    before = newest(bot)
    bot.sh(f'{PSQL} "alter database delta_paper allow_connections false"')
    try:
        said = bot.sh("freqops-host dump delta; echo status $?")
        assert "NOT DUMPED" in said
        assert said.rstrip().endswith("status 2")
        assert newest(bot) == before
    finally:
        bot.sh(f'{PSQL} "alter database delta_paper allow_connections true"')
    assert "status 0" in bot.sh("freqops-host dump delta; echo status $?")


def test_a_dump_that_meets_a_locked_table_gives_up_before_anybody_waits_for_it(rollout: Rollout) -> None:
    """Who wants a table for itself waits for a dump; a dump that waited, too, would keep both, and the bot, waiting."""
    bot = rollout.bots["delta"]
    before = newest(bot)
    sql = PSQL.replace("docker exec", "docker exec --detach").replace("--command", "--dbname delta_paper --command")
    bot.sh(f'{sql} "begin; lock table trades in access exclusive mode; select pg_sleep(300)"')
    locked = "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and relation = 'trades'::regclass"
    asked = f'{PSQL.replace("--command", "--dbname delta_paper --tuples-only --command")} "{locked}"'
    try:
        until("the table is locked", lambda: bot.sh(asked).strip() == "1", GIVE_UP)
        said = bot.sh("freqops-host dump delta; echo status $?")
        assert "lock timeout" in said
        assert said.rstrip().endswith("status 2")
        assert newest(bot) == before
    finally:
        ends = "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(300)'"
        bot.sh(f'{PSQL} "{ends}"')
    until("a dump is made", lambda: "status 0" in bot.sh("freqops-host dump delta; echo status $?"), GIVE_UP)
