"""A live bot whose host is destroyed, and stood up again from its repository; then it moves to another host and back.

It has a trade that was averaged three times, one with its stop on the exchange, and one that was sold in part. The same
trades go on each time, from SQLite to Postgres too, and no host on which it was ever trades with it again.
"""

from __future__ import annotations

import base64
import json
import os
import random
import re
import secrets
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.hosts.lost import LostHost, take
from lab.reset import reset
from lab.services.accounts import account_of
from lab.services.control import control
from lab.services.prices import all_pairs
from tests.support.field import Background, Field, Played, play, until
from tests.support.fleet import Fleet
from tests.support.live import BALANCES, MODEL
from tests.support.live import HOST as OLD
from tests.support.patience import GIVE_UP
from tests.support.rollout import CONTRACT, Rollout
from tests.support.rollout import HOST as NEW

AVERAGED, STOPPED, REDUCED = "BTC/USDT", "ETH/USDT", "SOL/USDT"
PAIRS = [AVERAGED, STOPPED, REDUCED]
SAVED = "/srv/freqops/backup"
REASON = ("-e", "reason=test of moved hosts")
INCIDENT = re.compile(r"\d{8}T\d{6}Z-(?:migrate|rebuild)_host-[0-9a-f]{6}")
ROUNDS = 5
TASKS = 120  # as many as a migration or a rebuild has at least, with those that are passed over
SEED = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
DICE = random.Random(SEED)  # noqa: S311  no secret
# Commands of ours that go on without their connection; guard is none of them.
WORKING = r"pgrep --full '^(/usr/bin/)?python3 .*/freqops-host [^g]'; true"
TRADES = f"sudo docker top freqops-{MODEL} | grep --quiet 'bin/freqtrade trade'"
STILL: dict[str, list[str]] = {"enter": [], "exit": [], "add": [], "reduce": []}


def incident_in(played: Played) -> str:
    """Return the incident under which the bot is held after a play."""
    found = INCIDENT.findall(played.out)
    assert found, played.out
    return str(found[-1])


class Mover(Field):
    """The bot, on the host on which it is at the moment."""

    @property
    def home(self) -> str:
        return f"/srv/freqops/bots/{self.bot}"

    def wish(self, **wishes: list[str]) -> None:
        """Tell its strategy what to do from its next round on, and nothing else."""
        text, path = shlex.quote(json.dumps({**STILL, **wishes})), f"{self.home}/conf/wishes.json"
        self.sh(f"mkdir -p {self.home}/conf && printf %s {text} > {path}.new && chmod 0644 {path}.new"
                f" && mv {path}.new {path}")  # fmt: skip

    def known(self) -> list[tuple[Any, ...]]:
        """Return what must be the same of each open trade, wherever the bot is."""
        names = ("trade_id", "pair", "amount", "stake_amount", "open_rate", "stop_loss_abs")
        return [(*(trade[name] for name in names), len(trade["orders"])) for trade in self.trades()]

    def saved(self) -> str:
        """Return the host's own repository, as text."""
        saved = self.sh(f"tar --create --gzip --directory {SAVED} local | base64 --wrap=0")
        assert len(base64.b64decode(saved)) > 1000
        return saved

    def put_back(self, saved: str, place: str) -> None:
        """Put such a repository into a directory of the host."""
        put = f"mkdir -p {place} && chmod 0700 {place} && base64 --decode | tar --extract --gzip --directory {place}"
        done = self.host.run(f"sudo sh -c {shlex.quote(put)}", stdin=saved)
        assert done.rc == 0, done.err

    def settled(self) -> list[tuple[Any, ...]]:
        """Return what is known of its trades, when nothing of that has changed for some rounds of its loop."""
        seen: dict[str, list[tuple[Any, ...]]] = {}

        def look() -> list[tuple[Any, ...]]:
            known = self.known()
            seen[str(self.ask("answer = api.read().last_process"))] = known
            last = list(seen.values())[-ROUNDS:]
            return known if len(last) == ROUNDS and all(each == known for each in last) else []

        return list(until("nothing of its trades changes", look, GIVE_UP))

    def filled(self, pair: str, side: str) -> int:
        """Return how many orders of one side were filled in the open trade of a pair."""
        return sum(
            order["ft_order_side"] == side and order["status"] == "closed"
            for trade in self.trades() if trade["pair"] == pair for order in trade["orders"]
        )  # fmt: skip


@dataclass
class World:
    """Both hosts, and what the inventory says of them.

    Attributes:
        more: What it says of the first host besides.
        again: What it says of the bot there besides.
    """

    rollout: Rollout
    key: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    again: dict[str, Any] = field(default_factory=dict)
    lost: LostHost | None = None
    bots: dict[str, Mover] = field(default_factory=lambda: {host: Mover(host, MODEL) for host in (OLD, NEW)})

    def inventory(self, at: str) -> str:
        """Return the inventory in which the bot is on one of the hosts: on SQLite there, or on Postgres here."""

        def change(fleet: Fleet) -> None:
            [declared] = [each for each in fleet[OLD]["freqtrade_bots"] if each["name"] == MODEL]
            declared |= {"strategy": "ContractStrategy", "strategy_dir": str(CONTRACT.parent)}
            declared |= {"database": "sqlite" if at == OLD else "postgresql"}
            declared["config"] = {
                **declared["config"], "max_open_trades": 3, "pairlists": [{"method": "StaticPairList"}],
                "exchange": {"pair_whitelist": PAIRS}, "stake_amount": 100, "position_adjustment_enable": True,
                "exit_pricing": {"price_side": "other"},
                "order_types": {**declared["config"]["order_types"], "exit": "market"},
            }  # fmt: skip
            declared |= self.again if at == OLD else {}
            fleet[OLD] |= {"freqtrade_bots": [], "freqtrade_start_deadline": GIVE_UP, **self.more}
            fleet[at]["freqtrade_bots"].append(declared)
            fleet[NEW]["freqtrade_bots_per_address"] = {"binance": 6}

        place = self.rollout.inventory(change)
        secrets = Path(place, "secrets.yml")
        known = yaml.safe_load(secrets.read_text())
        known["secrets_exchange"][MODEL] |= self.key
        secrets.write_text(yaml.safe_dump(known))
        return place

    def use_key(self, *addresses: str) -> None:
        """Have a key of the account in the inventory that opens from these addresses alone, from any without one."""
        made = control("POST", f"/accounts/{account_of(OLD, MODEL)}/keys", {"addresses": addresses})
        self.key = {"key": made["api_key"], "secret": made["secret"]}

    def delete_key(self) -> None:
        """Delete the key of the inventory at the exchange."""
        control("DELETE", f"/accounts/{account_of(OLD, MODEL)}/keys/{self.key['key']}")

    def play(self, name: str, at: str, *words: str) -> Played:
        return play(name, *words, inventory=self.inventory(at))

    def cut(self, name: str, at: str, *words: str) -> None:
        """Kill a play on the control node in a task that is drawn, and wait until what goes on on the hosts is over."""
        number = DICE.randrange(1, TASKS)
        running = Background(self.rollout.place / f"{name}.log", name, *words, inventory=self.inventory(at))
        running.kill_in_task(number)
        print(f"{name}: killed in task {number}, FREQOPS_SEED={SEED}")  # noqa: T201  for a run that turns red
        for bot in self.bots.values():
            until("what it began is over", lambda bot=bot: not bot.host.run(WORKING).out.split(), GIVE_UP)  # type: ignore[misc]
        alive = [host for host, bot in self.bots.items() if bot.host.run(TRADES).rc == 0]
        assert len(alive) < 2, f"it trades on {alive}"

    def move(self, source: str, target: str, *words: str) -> Played:
        return self.play("migrate_host", target, *self.moving(source), *words)

    def moving(self, source: str) -> tuple[str, ...]:
        """Return the words of a migration."""
        return ("-e", f"bots={MODEL}", "-e", f"from_host={source}", *REASON)

    def orders(self) -> list[dict[str, Any]]:
        """Return every order that the account ever had, as the exchange has it."""
        return list(control("GET", f"/accounts/{account_of(OLD, MODEL)}/orders"))

    def resting(self) -> set[str]:
        """Return the pairs whose stops rest on the exchange."""
        return {order["symbol"] for order in self.orders() if order["status"] == "NEW" and order["side"] == "SELL"}


@pytest.fixture(scope="module")
def world(rollout: Rollout) -> Iterator[World]:
    """The bot on its first host, with its three trades; afterwards that host is bare, and the other one as it was."""
    found = World(rollout)
    bot = found.bots[OLD]
    control("DELETE", "/faults")
    control("DELETE", "/scripts")
    all_pairs(0)
    reset(OLD)
    control("POST", f"/accounts/{account_of(OLD, MODEL)}/reset", {"balances": BALANCES})
    found.use_key(bot.host.address)
    bot.wish(enter=PAIRS)
    deployed = found.play("deploy", OLD, "--limit", OLD)
    assert deployed.rc == 0, deployed.out
    until("it has its trades", lambda: {trade["pair"] for trade in bot.trades()} == set(PAIRS), GIVE_UP)
    bot.wish(add=[AVERAGED], reduce=[REDUCED])
    until("one was sold in part", lambda: bot.filled(REDUCED, "sell") > 0, GIVE_UP)
    bot.wish(add=[AVERAGED])
    until("one was averaged three times", lambda: bot.filled(AVERAGED, "buy") >= 4, GIVE_UP)
    bot.wish()
    until("their stops rest on the exchange", lambda: len(found.resting()) == len(PAIRS), GIVE_UP)
    yield found
    if found.lost is not None:
        found.lost.forget()
    control("DELETE", "/faults")
    there = found.bots[NEW]
    if there.host.run(f"test -e {there.home}").rc == 0:
        there.resume()
        assert there.halt(2)[0] == 0
        gone = found.play("remove", NEW, "--limit", NEW, "-e", f"bots={MODEL}", *REASON)
        assert gone.rc == 0, gone.out
    reset(OLD)


@pytest.fixture(scope="module")
def rebuilt(world: World) -> Played:
    """The first host, destroyed and rebuilt out of its repository, which somebody had saved with its password."""
    bot = world.bots[OLD]
    quiet = bot.settled()
    backed_up = world.play("backup", OLD, "--limit", OLD)
    assert backed_up.rc == 0, backed_up.out
    world.rollout.place.joinpath("known.json").write_text(json.dumps(quiet))
    saved = bot.saved()
    password = world.rollout.place / "password"
    password.write_text(bot.sh(f"cat {SAVED}/keys/local"))
    world.lost = take(OLD)
    reset(OLD, keep_accounts=True)
    assert bot.host.run("test -e /srv/freqops").rc != 0
    world.delete_key()
    world.lost.boot()
    world.use_key(bot.host.address)
    bot.put_back(saved, SAVED)
    words = ("--limit", OLD, *REASON, "-e", "repository=local", "-e", f"key_file={password}")
    refused = world.play("rebuild_host", OLD, *words)
    assert refused.rc != 0
    assert "two would trade with one account" in refused.out, refused.out
    assert bot.host.run("test -e /srv/freqops/bots").rc != 0, "nothing was touched"
    fenced = ("-e", "fenced='the machine was destroyed, ticket 4711'")
    world.cut("rebuild_host", OLD, *words, *fenced)
    return world.play("rebuild_host", OLD, *words, *fenced)


def before(world: World) -> list[tuple[Any, ...]]:
    """Return the trades before the host was destroyed."""
    return [tuple(trade) for trade in json.loads(world.rollout.place.joinpath("known.json").read_text())]


def test_a_lost_host_comes_back_with_the_trades_that_it_had(world: World, rebuilt: Played) -> None:
    assert rebuilt.rc == 0, rebuilt.out
    assert "rebuild_host: done, 1 of 1 hosts" in rebuilt.out
    bot = world.bots[OLD]
    assert (bot.level(), bot.processes()) == (3, [])
    bot.wish()
    code, answer = bot.tool(f"resume {MODEL} --incident {incident_in(rebuilt)} --reason test")
    assert (code, answer["outcome"], bot.state()) == (0, "paused", "paused"), answer
    assert bot.known() == before(world)
    assert len(world.resting()) == len(PAIRS), "the stops that rested still rest"


def test_what_was_rebuilt_is_not_rebuilt_again(world: World, rebuilt: Played) -> None:
    assert rebuilt.rc == 0
    password = world.rollout.place / "password"
    words = ("-e", "repository=local", "-e", f"key_file={password}", "-e", "fenced=as_before", *REASON)
    again = world.play("rebuild_host", OLD, "--limit", OLD, *words)
    assert again.rc != 0
    assert "is on this host, and not held for a restore" in again.out, again.out
    assert world.bots[OLD].state() == "paused"


def test_its_next_step_is_as_it_would_have_been(world: World, rebuilt: Played) -> None:
    assert rebuilt.rc == 0
    bot = world.bots[OLD]
    bot.resume()
    until("it runs", lambda: bot.state() == "running", GIVE_UP)
    bot.wish(add=[AVERAGED], exit=[REDUCED])
    until("it was averaged once more", lambda: bot.filled(AVERAGED, "buy") >= 5, GIVE_UP)
    bot.wish(exit=[REDUCED])
    until("the one that was sold in part is sold", lambda: len(bot.trades()) == len(PAIRS) - 1, GIVE_UP)
    bot.wish()
    until("two stops rest on the exchange", lambda: len(world.resting()) == len(PAIRS) - 1, GIVE_UP)


def test_the_lost_host_boots_again_and_does_not_trade(world: World, rebuilt: Played) -> None:
    """Its bot was never halted, and has been up since before the rebuild; its key was deleted, as the page says."""
    assert rebuilt.rc == 0
    assert world.lost is not None
    bot, lost = world.bots[OLD], world.lost
    trades, orders = bot.settled(), world.orders()

    def refused() -> int:
        return lost.read(f"{bot.home}/var/logs/freqtrade.log").count("Invalid API-key")

    until("the exchange refused its key", lambda: refused() > 0, GIVE_UP)
    lost.stop()
    before_boot = refused()
    lost.boot()
    until("the exchange refused it after another boot", lambda: refused() > before_boot, GIVE_UP)
    assert bot.settled() == trades
    assert world.orders() == orders


def test_a_key_that_does_not_open_from_the_new_host_stops_the_move_before_the_bot(world: World) -> None:
    bot = world.bots[OLD]
    refused = world.move(OLD, NEW)
    assert refused.rc != 0
    assert "the exchange does not accept its key from this host" in refused.out, refused.out
    assert (bot.level(), bot.state()) == (0, "running")
    assert world.bots[NEW].level() == 3
    world.bots[NEW].wish()
    world.use_key()


def test_a_move_is_undone_until_the_bot_is_resumed(world: World) -> None:
    old, new = world.bots[OLD], world.bots[NEW]
    trades = old.settled()
    world.cut("migrate_host", NEW, *world.moving(OLD))
    moved = world.move(OLD, NEW)
    assert moved.rc == 0, moved.out
    assert (old.level(), new.level(), old.processes(), new.processes()) == (3, 3, [], [])
    incident = incident_in(moved)
    code, answer = old.tool(f"resume {MODEL} --incident {incident} --reason test --anyway test")
    assert (code, f"moved to {NEW}" in answer["refused"]) == (1, True)
    undone = world.move(OLD, NEW, "-e", "action=undo", "-e", f"incident={incident}")
    assert undone.rc == 0, undone.out
    code, answer = new.tool(f"resume {MODEL} --incident {incident} --reason test --anyway test")
    assert (code, f"moved to {OLD}" in answer["refused"]) == (1, True)
    old.resume()
    until("it runs where it was", lambda: old.state() == "running", GIVE_UP)
    assert old.known() == trades


def test_it_goes_on_where_it_went_on_another_kind_of_database(world: World) -> None:
    old, new = world.bots[OLD], world.bots[NEW]
    trades = old.settled()
    moved = world.move(OLD, NEW, "-e", "resume=true")
    assert moved.rc == 0, moved.out
    assert "migrate_host: done, 1 of 1 hosts" in moved.out
    assert (new.level(), new.state(), old.processes()) == (1, "paused", [])
    assert new.known() == trades
    new.resume()
    until("it runs", lambda: new.state() == "running", GIVE_UP)
    undone = world.move(OLD, NEW, "-e", "action=undo", "-e", f"incident={incident_in(moved)}")
    assert undone.rc != 0
    assert "was resumed here" in undone.out, undone.out
    before_that = new.filled(AVERAGED, "buy")
    new.wish(add=[AVERAGED])
    until("it was averaged here", lambda: new.filled(AVERAGED, "buy") > before_that, GIVE_UP)
    new.wish()
    until("its stops rest on the exchange", lambda: len(world.resting()) == len(new.trades()), GIVE_UP)


def test_where_it_was_it_never_trades_again(world: World) -> None:
    old = world.bots[OLD]
    old.host.reboot()
    said = "freqops-host status 2>&1; true"
    until("its timers came round since the boot", lambda: "never came round" not in old.sh(said), GIVE_UP)
    old.sh(f"docker start freqops-{MODEL}")
    deployed = world.play("deploy", OLD, "--limit", OLD)
    assert deployed.rc == 0, deployed.out
    assert "held at level 3" in deployed.out, deployed.out
    _, answer = old.tool(f"start {MODEL}")
    assert answer["outcome"] == "held"
    assert (old.level(), old.processes()) == (3, [])
    assert world.bots[NEW].state() == "running"
    removed = world.play("remove", NEW, "--limit", OLD, "-e", f"bots={MODEL}", *REASON)
    assert removed.rc == 0, removed.out
    assert f"it moved to {NEW}" in removed.out, removed.out
    new = world.bots[NEW]
    assert (len(world.resting()), new.state()) == (len(new.trades()), "running"), "nothing was sold"
    assert len(new.trades()) > 1


def test_it_comes_back_out_of_the_repository_of_the_other_host(world: World) -> None:
    """By ``restore.yml``, onto the host from which it was taken off; where it was last it is never resumed."""
    old, new = world.bots[OLD], world.bots[NEW]
    trades = new.settled()
    assert world.play("backup", NEW, "--limit", NEW).rc == 0
    old.put_back(new.saved(), f"{SAVED}/theirs")
    repositories = [{"name": "local", "url": f"{SAVED}/local"}]
    repositories.append({"name": "theirs", "url": f"{SAVED}/theirs/local", "of_host": NEW})
    world.more = {"backup_repositories": repositories}
    world.again = {"database": "postgresql", "initial_state": "stopped"}
    deployed = world.play("deploy", OLD, "--limit", OLD)
    assert deployed.rc == 0, deployed.out
    password = shlex.quote(new.sh(f"cat {SAVED}/keys/local"))
    old.sh(f"umask 0377 && printf %s {password} > {SAVED}/keys/theirs")
    assert old.halt(3)[0] == 0
    incident = next(hold["incident"] for hold in old.holds()["holds"] if hold["holder"] == "halt")
    given = (f"bots={MODEL}", "repository=theirs", "snapshot=latest", "overwrite=true", f"incident={incident}")
    words = ("--limit", OLD, *[word for each in given for word in ("-e", each)], *REASON)
    refused = world.play("restore", OLD, *words)
    assert refused.rc != 0
    assert "it is held at level 0" in refused.out, refused.out
    assert new.state() == "running"
    assert new.halt(3)[0] == 0
    del world.again["initial_state"]
    deployed = world.play("deploy", OLD, "--limit", OLD)
    assert deployed.rc == 0, deployed.out
    restored = world.play("restore", OLD, *words)
    assert restored.rc == 0, restored.out
    assert (old.level(), old.processes(), new.processes()) == (3, [], [])
    left = next(hold["incident"] for hold in new.holds()["holds"])
    code, answer = new.tool(f"resume {MODEL} --incident {left} --reason test --anyway test")
    assert (code, f"moved to {OLD}" in answer["refused"]) == (1, True)
    old.resume()
    until("it runs where it came from", lambda: old.state() == "running", GIVE_UP)
    assert old.known() == trades
    assert len(world.resting()) == len(trades)
    removed = world.play("remove", OLD, "--limit", NEW, "-e", f"bots={MODEL}", *REASON)
    assert removed.rc == 0, removed.out
    assert f"it moved to {OLD}" in removed.out, removed.out
