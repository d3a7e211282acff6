"""A database brought back from a dump, on a real host: what was lost is there again, and nobody else was touched."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest

from tests.support.field import Played, play
from tests.support.rollout import OWN, Before, Bot, Rollout

PSQL = "docker exec freqops-postgres psql --username postgres --quiet --tuples-only --no-align"
SQLITE = "import glob, sqlite3\nc = sqlite3.connect(glob.glob('/srv/freqops/bots/{bot}/var/*.sqlite')[0])\n"


def sql(bot: Bot, text: str) -> list[str]:
    """Run a statement in the database of a bot, behind its back, and return what it says, a line each."""
    if bot.bot == "delta":
        return bot.sh(f"{PSQL} --dbname delta_paper --command {shlex.quote(text)}").split()
    code = f"rows = [str(row[0]) for row in c.execute({text!r})]\nc.commit()\nc.close()\nanswer = rows"
    return list(bot.ask(SQLITE.format(bot=bot.bot) + code))


def dumped(bot: Bot) -> str:
    """Have a dump made, and return its stamp."""
    code, answer = bot.tool(f"dump {bot.bot} --accept-loss")
    assert code == 0, answer
    return str(answer["bots"][0]["dump"]).rpartition("/")[2]


def restored(rollout: Rollout, bot: Bot, stamp: str, *words: str) -> Played:
    """Restore a dump as an operator does."""
    incident = next((hold["incident"] for hold in bot.holds()["holds"]), "none")
    given = ("-e", f"bots={bot.bot}", "-e", f"snapshot={stamp}", "-e", f"incident={incident}", "-e", "reason=lost rows")
    return play("restore", *given, *words, inventory=rollout.inventory())


@pytest.fixture
def bot(rollout: Rollout, request: pytest.FixtureRequest) -> Iterator[Bot]:
    """A bot that runs again afterwards, whatever became of it."""
    found = rollout.bots[request.param]
    yield found
    found.ready()


@pytest.mark.parametrize("bot", OWN, indirect=True)
@pytest.mark.parametrize("loss", ["delete from orders", "drop table orders"])
def test_what_was_lost_behind_its_back_is_there_again(rollout: Rollout, bot: Bot, loss: str) -> None:
    before, trades = Before(rollout), bot.trade_ids()
    assert bot.halt(3)[0] == 0
    stamp = dumped(bot)  # with what its last round wrote
    orders = sql(bot, "select order_id from orders order by id")
    assert orders
    sql(bot, loss)
    looked = restored(rollout, bot, stamp, "--check")
    assert looked.rc == 0, looked.out
    assert f"NOTHING RESTORED, this was a check: a restore would bring dump {stamp}" in looked.out
    assert "table orders: " in looked.out
    played = restored(rollout, bot, stamp, "-e", "overwrite=true")
    assert played.rc == 0, played.out
    assert sql(bot, "select order_id from orders order by id") == orders
    assert {hold["holder"]: hold["level"] for hold in bot.holds()["holds"]} == {"halt": 3, "restore": 1}
    assert bot.processes() == []
    before.untouched(*(name for name in before.containers if name != bot.bot))
    bot.resume()
    assert (bot.state(), bot.trade_ids()) == ("running", trades)


@pytest.mark.parametrize("bot", OWN, indirect=True)
def test_a_restore_that_is_refused_touches_nothing_on_a_real_host(rollout: Rollout, bot: Bot) -> None:
    stamp = dumped(bot)
    running = restored(rollout, bot, stamp, "-e", "overwrite=true")
    assert running.rc != 0
    assert "it runs, as process" in running.out, running.out
    assert bot.state() == "running"
    assert bot.halt(3)[0] == 0
    orders = sql(bot, "select order_id from orders order by id")
    unsaid = restored(rollout, bot, stamp)
    assert unsaid.rc != 0
    assert "has a database: say that it may be replaced" in unsaid.out, unsaid.out
    database = f"{bot.home}/dumps/rolling/{stamp}/database"
    bot.sh(f"printf X | dd of={database} bs=1 seek=200 conv=notrunc status=none")
    damaged = restored(rollout, bot, stamp, "-e", "overwrite=true")
    assert damaged.rc != 0
    assert f"dump {stamp} is damaged" in damaged.out, damaged.out
    assert sql(bot, "select order_id from orders order by id") == orders
    assert [hold["holder"] for hold in bot.holds()["holds"]] == ["halt"]
    bot.sh(f"rm -r {bot.home}/dumps/rolling/{stamp}")


@pytest.mark.parametrize("bot", ["delta"], indirect=True)
def test_what_was_lost_is_there_again_out_of_a_repository(rollout: Rollout, bot: Bot) -> None:
    before, trades = Before(rollout), bot.trade_ids()
    assert bot.halt(3)[0] == 0
    code, answer = bot.tool("backup run --only=trades --json")
    assert code == 0, answer
    number = answer["repositories"][0]["snapshot"]
    orders = sql(bot, "select order_id from orders order by id")
    sql(bot, "drop table orders")
    incident = next(hold["incident"] for hold in bot.holds()["holds"] if hold["level"] == 3)
    other = f"restore delta --repository local --dump {number[:8]} --from-bot alpha --overwrite"
    code, answer = bot.tool(f"{other} --incident {incident} --reason test")
    assert code == 0, answer
    assert answer["proven"]
    assert f"the database of alpha out of snapshot {number[:8]} of repository local" in answer["detail"][0]
    known = next(table["then"] for table in answer["tables"] if table["table"] == "trades")
    assert len(sql(bot, "select id from trades")) == known
    owners = "select distinct tableowner from pg_tables where schemaname = 'public'"
    assert sql(bot, owners) == ["delta_paper"], "what alpha wrote is delta's to go on with"
    code, answer = bot.tool(f"{other.replace('alpha', 'epsilon')} --incident {incident} --reason test")
    assert code == 0, answer
    assert "converted from sqlite into postgresql: every table came through" in answer["detail"]
    theirs = sql(rollout.bots["epsilon"], "select order_id from orders order by order_id")
    assert theirs
    assert sql(bot, "select order_id from orders order by order_id") == theirs
    assert sql(bot, owners) == ["delta_paper"], "what Freqtrade wrote by another user is delta's, too"
    assert sql(bot, "select rolname from pg_roles where rolname like '%restoring'") == []
    played = restored(rollout, bot, "latest", "-e", "repository=local", "-e", "overwrite=true")
    assert played.rc == 0, played.out
    assert f"out of snapshot {number[:8]} of repository local" in played.out
    assert sql(bot, "select order_id from orders order by id") == orders
    assert bot.sh("ls -A /srv/freqops/backup | grep -x restores; true").split() == []
    before.untouched(*(name for name in before.containers if name != bot.bot))
    bot.resume()
    assert (bot.state(), bot.trade_ids()) == ("running", trades)
