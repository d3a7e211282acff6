"""The conversation with the witness: an answer that was not given is never an empty one, and an act is sent once."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven
from freqops.core.bot import layout, processes
from freqops.core.halt import time_limits
from freqops.hostctl.bot.engine import Engine
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.exchange import witness
from freqops.hostctl.exchange.witness import Rejected, Unanswered, Witness
from freqops.hostctl.incident.journal import Journal, path_of
from tests.unit.accounts import MARKET, Account, Talk, filled, opened, recorded, resting
from tests.unit.fakes import FakeClock, make_bot
from tests.unit.patience import PATIENCE

READY = json.dumps({"ready": ["balances"]})
SCRIPT = """
import json, sys, time
replies, heard = json.loads(sys.argv[1]), open(sys.argv[2], "a")
def say(lines):
    for line in lines:
        if line == "die": sys.exit(1)
        if line == "sleep": time.sleep(0.4)
        else: print(line, flush=True)
say(replies.pop(0))
for line in sys.stdin:
    heard.write(line); heard.flush()
    say(replies.pop(0) if replies else [])
"""


def answer(value: Any) -> str:
    return json.dumps({"answer": value})


def error(text: str, kind: str = "unanswered") -> str:
    return json.dumps({"error": text, "kind": kind})


@pytest.fixture
def bot(tmp_path: Path) -> layout.Bot:
    return layout.load_bot(make_bot(tmp_path, mode="live", foreign_holdings={"BNB": "1"}))


class Other:
    """The other side: says ``greeting``, then for each line that it hears the next of ``replies``."""

    def __init__(self, bot: layout.Bot, root: Path) -> None:
        self._bot, self._root, self._log = bot, root, root / "heard"
        self.journal = Journal(path_of(root, "one", "alpha", "test"), Clock())
        self.started: list[subprocess.Popen[str]] = []

    def process(self, *replies: list[str], greeting: list[str] | None = None) -> subprocess.Popen[str]:
        said = [[READY] if greeting is None else greeting, *replies]
        argv = [sys.executable, "-S", "-c", SCRIPT, json.dumps(said), str(self._log)]
        self.started.append(Engine().talk(argv))
        return self.started[-1]

    def __call__(self, *replies: list[str], greeting: list[str] | None = None, clock: Clock | None = None) -> Witness:
        return Witness(self._bot, self.journal, clock or Clock(), lambda: self.process(*replies, greeting=greeting))

    def heard_something(self) -> None:
        """Wait until the other side has heard a line."""
        give_up = time.monotonic() + PATIENCE
        while not self.heard:
            assert time.monotonic() < give_up, "nothing was heard"
            time.sleep(0.01)

    @property
    def heard(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []

    @property
    def journalled(self) -> list[dict[str, Any]]:
        self.journal.close()
        path = path_of(self._root, "one", "alpha", "test")
        return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def other(bot: layout.Bot, tmp_path: Path) -> Iterator[Other]:
    side = Other(bot, tmp_path)
    yield side
    side.journal.close()
    for process in side.started:
        process.kill()
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(witness, "LONGEST_PAUSE", 0.05)


def soon(seconds: float = PATIENCE) -> float:
    return Clock().monotonic() + seconds


# --- questions


def test_an_answer_is_passed_on(other: Other) -> None:
    talk = other([answer({"BTC": "1"})], [answer(None)])
    assert talk.ask("balances", soon()) == {"BTC": "1"}
    assert talk.ask("order", soon(), pair="BTC/USDT", client_id="x") is None  # None is an answer
    assert other.heard == [
        {"ask": "balances", "with": {}},
        {"ask": "order", "with": {"pair": "BTC/USDT", "client_id": "x"}},
    ]
    assert [(line["kind"], line["what"], line["answer"]) for line in other.journalled] == [
        ("question", "balances", {"BTC": "1"}),
        ("question", 'order {"pair": "BTC/USDT", "client_id": "x"}', None),
    ]


def test_what_the_engine_says_of_the_container_is_no_answer(other: Other) -> None:
    noise = ["WARNING: your kernel", "", "[1]", "7", '"answer"', "{"]
    talk = other([*noise, answer(1)], greeting=[*noise, READY])
    assert talk.ask("balances", soon()) == 1
    notes = [line["what"] for line in other.journalled if (line["kind"], line["to"]) == ("note", "engine")]
    assert notes == noise * 2


@pytest.mark.parametrize("kind", ["unanswered", "rejected"])
def test_a_question_is_asked_again_until_it_is_answered(other: Other, kind: str) -> None:
    """Also where the exchange declined: a busy one does that, too."""
    talk = other([error("busy", kind)], [error("busy", kind)], [answer(7)])
    assert talk.ask("balances", soon()) == 7
    assert len(other.heard) == 3
    assert [line.get("error") for line in other.journalled] == ["busy", "busy", None]


def test_a_question_that_is_never_answered_is_an_error_at_its_deadline(
    other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness, "FIRST_PAUSE", 100.0)
    monkeypatch.setattr(witness, "LONGEST_PAUSE", 300.0)
    clock = FakeClock()
    talk = other(*([error("busy")] for _ in range(200)), clock=clock)
    with pytest.raises(Unanswered, match="balances: busy"):
        talk.ask("balances", 1000)
    assert len(other.heard) == 5, "after 0, 100, 300, 600 and 900 seconds"
    assert clock.now == 900


def test_a_question_of_the_past_is_still_asked_once(other: Other) -> None:
    talk = other([answer(1)], [error("busy")])
    talk.ask("balances", soon())
    with pytest.raises(Unanswered):
        talk.ask("balances", soon(0.3))


def test_silence_ends_the_conversation(other: Other) -> None:
    """What comes later would be taken for the answer to the next question."""
    talk = other(["sleep", answer("late")], [answer("next")])
    talk.ready()
    with pytest.raises(Unanswered, match="gave no answer in time"):
        talk.ask("balances", soon(0.2))
    other.heard_something()
    time.sleep(0.4)
    with pytest.raises(Unanswered, match="gave no answer in time"):
        talk.ask("balances", soon())
    assert len(other.heard) == 1


def test_each_question_has_its_own_limit(other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness, "ANSWER_SECONDS", 0.2)
    talk = other([])
    talk.ready()
    began = time.monotonic()
    with pytest.raises(Unanswered, match="gave no answer in time"):
        talk.ask("balances", soon(2 * PATIENCE))
    assert time.monotonic() - began < PATIENCE


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (["die"], "the witness ended"),
        (["docker: no such image", "die"], "the witness ended"),
        ([], "no answer in time"),
    ],
)
def test_a_witness_that_never_gets_ready(
    other: Other, monkeypatch: pytest.MonkeyPatch, greeting: list[str], said: str
) -> None:
    monkeypatch.setattr(time_limits, "WITNESS_READY_SECONDS", 1.0)
    talk = other(greeting=greeting)
    for _ in range(2):
        with pytest.raises(Unanswered, match=said):
            talk.ask("balances", soon())
    assert other.heard == []


def test_who_waits_for_the_witness_is_told_when_it_is_there(other: Other) -> None:
    talk = other([answer(1)], greeting=["sleep", "sleep", READY])
    began = time.monotonic()
    there = talk.ready()
    assert there - began > 0.7, "it was not there yet"
    assert talk.ready() - there < PATIENCE, "it is there already"
    assert talk.ask("balances", soon()) == 1


def test_a_witness_that_does_not_come_costs_no_more_than_said(other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_limits, "WITNESS_READY_SECONDS", 0.5)
    talk = other(greeting=[])
    began = time.monotonic()
    assert talk.ready() - began < PATIENCE
    with pytest.raises(Unanswered, match="no answer in time"):
        talk.ask("balances", soon())


def test_a_witness_that_dies_is_asked_nothing_more(other: Other) -> None:
    talk = other([answer(1)], ["die"])
    assert talk.ask("balances", soon()) == 1
    began = time.monotonic()
    for _ in range(3):
        with pytest.raises(Unanswered, match="the witness ended"):
            talk.ask("balances", soon(2 * PATIENCE))
    assert time.monotonic() - began < PATIENCE
    assert len(other.heard) == 2


def test_two_threads_never_take_each_others_answers(other: Other) -> None:
    talk = other(*([answer(number)] for number in range(20)))
    seen: list[int] = []
    threads = [
        threading.Thread(target=lambda: seen.extend(talk.ask("balances", soon()) for _ in range(5))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(20))


# --- acts


@pytest.mark.parametrize(
    ("reply", "raised"),
    [
        ([error("no funds", "rejected")], Rejected),
        ([error("timeout")], Unanswered),
        (["die"], Unanswered),
        ([], Unanswered),
    ],
)
@pytest.mark.parametrize("act", ["sell", "cancel", "buy"])
def test_an_act_is_sent_once_whatever_comes_of_it(
    other: Other, act: str, reply: list[str], raised: type[Exception]
) -> None:
    talk = other(reply, [answer("sold twice")])
    talk.ready()
    with pytest.raises(raised):
        talk.once(act, soon() if reply else soon(0.5), pair="BTC/USDT")
    other.heard_something()
    assert [line["ask"] for line in other.heard] == [act]


def test_an_act_is_written_down_before_it_is_sent(other: Other) -> None:
    talk = other([answer({"id": "1"})])
    heard: list[int] = []
    note = other.journal.note

    def noted(*arguments: Any, **options: Any) -> None:
        if options.get("durable"):
            heard.append(len(other.heard))
        note(*arguments, **options)

    other.journal.note = noted  # type: ignore[method-assign]
    assert talk.once("sell", soon(), pair="BTC/USDT", amount="1") == {"id": "1"}
    assert heard == [0]
    assert [(line["kind"], line["what"]) for line in other.journalled] == [
        ("act", 'sell {"pair": "BTC/USDT", "amount": "1"}, about to'),
        ("act", 'sell {"pair": "BTC/USDT", "amount": "1"}'),
    ]


# --- what is asked to judge an account


def judged(bot: layout.Bot, account: Account) -> Any:
    clock = FakeClock()
    return Talk(bot, Journal(None, clock), clock, account).judge(0, 10.0)


def test_free_and_used_are_added_and_declared_coins_are_not_the_bots(bot: layout.Bot) -> None:
    account = Account()
    account.buy("1", "1")
    account.coins["BNB"] = Decimal("0.5")
    account.orders.append(recorded("2", side="stoploss"))
    account.open_orders.append(resting("2", "sell", stop_price="90"))
    account._balances = lambda: {"BTC": {"free": "0.25", "used": "0.75"}, "BNB": {"free": "0.5", "used": "0"}}  # type: ignore[method-assign]
    judgement = judged(bot, account)
    assert {each.coin: (each.kind, str(each.total)) for each in judgement.holdings} == {
        "BTC": ("position", "1.00"), "BNB": ("foreign", "0.5"),
    }  # fmt: skip
    assert (judgement.agrees, judgement.flat) == (True, False)


def test_fills_are_asked_for_in_every_pair_that_matters_and_since_the_oldest_trade(bot: layout.Bot) -> None:
    account = Account(markets=dict.fromkeys(("BTC/USDT", "ETH/USDT", "BNB/USDT"), MARKET))
    account.trades += [opened(1), opened(2, pair="GONE/USDT", is_open=False)]
    account.coins |= {"BTC": Decimal(1), "BNB": Decimal(1)}
    account.fills.append(filled("9", "buy", "1", "BNB/USDT"))
    judgement = judged(bot, account)
    asked = [with_ for what, with_ in account.asked if what == "fills"]
    assert asked == [{"pair": "BNB/USDT", "since": 0}, {"pair": "BTC/USDT", "since": 0}]
    assert len(judgement.unknown) == 1
    assert next(with_ for what, with_ in account.asked if what == "open_orders") == {"pairs": ["BTC/USDT", "GONE/USDT"]}


@pytest.mark.parametrize("what", ["records", "open_orders", "balances", "markets", "fills"])
def test_one_unanswered_question_is_no_judgement(bot: layout.Bot, what: str) -> None:
    account = Account()
    account.buy("1", "1")
    account.mute.add(what)
    with pytest.raises(Unanswered, match=f"{what}: the exchange is silent"):
        judged(bot, account)


def test_what_the_bot_did_meanwhile_is_no_mystery(bot: layout.Bot) -> None:
    """Its records are read last, too: what it bought between two questions stands in them by then."""
    account = Account()
    account.buy("1", "1")

    def trade_on(what: str) -> None:
        if what == "open_orders":
            account.before = None
            account.buy("2", "1", trade=2)
            account.open_orders.append(resting("3"))
            account.orders.append(recorded("3"))

    account.before = trade_on
    judgement = judged(bot, account)
    assert (judgement.unknown, judgement.agrees) == ([], True)


def test_orders_that_somebody_placed_by_hand_and_declared_are_known(tmp_path: Path) -> None:
    bot = layout.load_bot(make_bot(tmp_path, "beta", mode="live", foreign_orders=["77"]))
    account = Account(fills=[filled("77", "sell", "1")], coins={"USDT": Decimal(1), "BTC": Decimal("0.001")})
    assert judged(bot, account).unknown == []


def test_the_orders_that_we_placed_are_known(bot: layout.Bot) -> None:
    account = Account(fills=[filled("77", "sell", "1")], coins={"USDT": Decimal(1), "BTC": Decimal("0.001")})
    assert len(judged(bot, account).unknown) == 1
    bot.sales.write_text(json.dumps({"version": 1, "orders": [{"id": "77", "client_id": "x"}, {"id": None}]}))
    assert judged(bot, account).unknown == []
    bot.sales.write_text("{")
    with pytest.raises(NotProven):
        judged(bot, account)


# --- its container


def test_its_container_is_never_taken_for_the_bot(bot: layout.Bot) -> None:
    """What has ``conf`` mounted where the bot has it counts as the bot itself: it would be killed, or keep it alive."""
    argv = witness.command(bot, "name")
    mounts = [word.removeprefix("--volume=") for word in argv if word.startswith("--volume=")]
    assert f"{bot.conf}:/freqops/asked:ro" in mounts
    assert not any(mount.split(":")[1] == processes.CONF_IN_CONTAINER for mount in mounts)
    assert all(mount.endswith(":ro") for mount in mounts)
    assert not any(word.startswith(("--env=KEY", "--privileged", "--publish")) for word in argv)
    assert argv[-4:] == ["--entrypoint=python3", bot.image, "-m", "freqops.witness"]
    assert {"--rm", "--interactive", "--read-only", "--cap-drop=ALL", "--pull=never"} <= set(argv)


@pytest.mark.parametrize(
    ("secrets", "networks", "writes"),
    [
        ({"db_url": "postgresql+psycopg2://a:b@postgres/c"}, ["freqops-witness", "freqops-database"], False),
        ({"db_url": "sqlite:////freqops/var/x.sqlite"}, ["freqops-witness"], True),
        ({}, ["freqops-witness", "freqops-database"], False),
        ([], ["freqops-witness", "freqops-database"], False),
    ],
)
def test_it_reaches_the_database_that_the_bot_has(
    bot: layout.Bot, secrets: Any, networks: list[str], writes: bool
) -> None:
    (bot.conf / "secrets.json").write_text(json.dumps(secrets))
    argv = witness.command(bot, "name")
    assert [word.removeprefix("--network=") for word in argv if word.startswith("--network=")] == networks
    assert (f"--volume={bot.home / 'var'}:/freqops/var" in argv) is writes
    assert all("postgresql" not in word for word in argv)  # no secret on a command line


class Talking(Engine):
    """An engine that starts `Other` instead of a container."""

    def __init__(self, start: Callable[[], subprocess.Popen[str]]) -> None:
        self._start = start
        self.networks: list[str] = []
        self.removed: list[str] = []
        self.process: subprocess.Popen[str] | None = None
        self.names: list[str] = []

    def ensure_network(self, name: str) -> None:
        self.networks.append(name)

    def talk(self, argv: list[str]) -> subprocess.Popen[str]:
        assert argv[:2] == ["docker", "run"]
        self.names.append(argv[argv.index("--name") + 1])
        self.process = self._start()
        return self.process

    def remove(self, name: str) -> None:
        self.removed.append(name)
        raise EngineError("no such container")


def ended(process: subprocess.Popen[str]) -> bool:
    give_up = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < give_up:
        time.sleep(0.01)
    return process.poll() is not None


def test_a_conversation_ends_its_witness(bot: layout.Bot, other: Other) -> None:
    engine = Talking(lambda: other.process([answer(1)]))
    with witness.conversation(bot, other.journal, Clock(), engine) as talk:
        assert talk.ask("balances", soon()) == 1
    assert engine.process is not None
    assert ended(engine.process)
    assert (engine.networks, engine.removed) == (["freqops-witness"], [])


def test_a_conversation_does_not_wait_for_the_container_of_the_one_before(bot: layout.Bot, other: Other) -> None:
    engine = Talking(lambda: other.process([answer(1)]))
    for _ in range(2):
        with witness.conversation(bot, other.journal, Clock(), engine) as talk:
            assert talk.ask("balances", soon()) == 1
    assert len(set(engine.names)) == 2


def test_a_witness_that_does_not_end_is_removed(bot: layout.Bot, other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    wait = subprocess.Popen.wait
    monkeypatch.setattr(subprocess.Popen, "wait", lambda self, timeout=None: wait(self, 0.1 if timeout else None))
    argv = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
    engine = Talking(lambda: Engine().talk(argv))
    with pytest.raises(KeyError), witness.conversation(bot, other.journal, Clock(), engine):
        raise KeyError
    give_up = time.monotonic() + PATIENCE
    while not engine.removed and time.monotonic() < give_up:
        time.sleep(0.01)
    assert engine.process is not None
    assert ended(engine.process)
    assert engine.removed[0].startswith("freqops-alpha.witness.")
    assert engine.process.stdout is not None
    engine.process.stdout.close()


def test_an_engine_without_a_network_leaves_everything_unanswered(bot: layout.Bot, other: Other) -> None:
    def fail(name: str) -> None:
        raise EngineError("gave no answer within 10 s")

    engine = Talking(lambda: pytest.fail("started"))
    engine.ensure_network = fail  # type: ignore[method-assign]
    began = time.monotonic()
    with witness.conversation(bot, other.journal, Clock(), engine) as talk:
        with pytest.raises(Unanswered, match="the witness was not started: gave no answer within 10 s"):
            talk.ask("balances", soon(2 * PATIENCE))
        assert time.monotonic() - began < PATIENCE


def test_an_engine_that_hangs_delays_only_the_answers(bot: layout.Bot, other: Other) -> None:
    over = threading.Event()

    def hang(name: str) -> None:
        over.wait(2 * PATIENCE)

    engine = Talking(lambda: other.process([answer(1)]))
    engine.ensure_network = hang  # type: ignore[method-assign]
    began = time.monotonic()
    with witness.conversation(bot, other.journal, Clock(), engine) as talk:
        assert time.monotonic() - began < PATIENCE, "it begins while the engine hangs"
        with pytest.raises(Unanswered, match="did not start the witness in time"):
            talk.ask("balances", soon(0.2))
        over.set()
        assert talk.ask("balances", soon()) == 1
    assert time.monotonic() - began < PATIENCE
