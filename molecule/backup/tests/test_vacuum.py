"""Databases of bots that trade: vacuumed online by the play, and one in full, whose bot is held and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.field import play
from tests.support.rollout import HOST, OWN, PSQL, Bot, Rollout

SQL = PSQL.replace("--command", "--tuples-only --no-align --dbname delta_paper --command")

MADE = (
    "create table bloat as select g as id, repeat(md5(g::text), 8) as text from generate_series(1, 30000) g",
    "delete from bloat where id % 10 <> 0",
    "vacuum (analyze) bloat",
)


@pytest.fixture
def bloated(rollout: Rollout) -> Iterator[Bot]:
    """A bot on Postgres, held at level 1, with a table of which most holds nothing."""
    bot = rollout.bots["delta"]
    for statement in MADE:
        bot.sh(f'{SQL} "{statement}"')
    code, answer = bot.halt(1)
    assert code == 0, answer
    yield bot
    bot.resume()
    bot.sh(f'{SQL} "truncate bloat"')
    bot.sh("freqops-host dump delta")  # a table that goes with rows in the last dump would be a loss
    bot.sh(f'{SQL} "drop table bloat"')


def of_bloat(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of the table."""
    return next(table for table in figures["tables"] if table["name"] == "bloat")


def test_bots_of_both_kinds_trade_on_while_their_databases_are_vacuumed(rollout: Rollout) -> None:
    bots = [rollout.bots[name] for name in OWN]
    before = [(bot.container, bot.trade_ids()) for bot in bots]
    played = play("vacuum", "--limit", HOST, "-e", f"bots={','.join(OWN)}", inventory=rollout.inventory())
    assert played.rc == 0, played.out
    assert "vacuum: done, 1 of 1 hosts" in played.out
    assert "delta_paper" in played.out
    assert "measured by" in played.out
    for bot, (container, trades) in zip(bots, before, strict=True):
        assert bot.container == container
        assert trades <= bot.trade_ids()
    code, answer = bots[0].tool("vacuum delta --full --json")
    assert (code, answer["bots"][0]["outcome"]) == (0, "not needed"), answer


def test_a_bloated_table_is_written_anew_while_its_bot_is_held_and_runs(bloated: Bot) -> None:
    words = "vacuum delta --full --above-mb 0 --json"
    code, answer = bloated.tool(words)
    assert (code, "open trade" in answer["bots"][0]["detail"][0]) == (1, True), answer
    container = bloated.container
    code, answer = bloated.tool(f"{words} --open-trades-ok")
    [row] = answer["bots"]
    assert (code, row["outcome"], [act["what"] for act in row["acts"]]) == (0, "vacuumed in full", ["bloat"]), answer
    before, after = of_bloat(row["before"]), of_bloat(row["after"])
    assert (before["rows"], after["rows"]) == (3000, 3000)
    assert before["wasted"] * 2 > before["size"] > after["size"] * 4
    assert (bloated.container, bloated.state()) == (container, "paused")
