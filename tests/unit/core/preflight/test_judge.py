"""Each rule of the preflight refuses what it must, names host, bot, value and cure, and accepts what is sound."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freqops.core.preflight import judge
from freqops.core.preflight import names as preflight_names
from freqops.core.preflight.fleet import Way
from tests.unit.core.preflight.fleets import IMAGE, STOPS, Inventory, bot, credential, fleet, inventory, judged

Change = Callable[[Inventory], Any]


def of(name: str, /, **changed: Any) -> Change:
    return lambda hosts: bot(hosts, name).update(changed)


def without(name: str, key: str) -> Change:
    return lambda hosts: bot(hosts, name).pop(key)


def host(name: str, /, **changed: Any) -> Change:
    return lambda hosts: hosts[name].update(changed)


def config(name: str, /, **changed: Any) -> Change:
    return lambda hosts: bot(hosts, name).setdefault("config", {}).update(changed)


def add(name: str, /, **changed: Any) -> Change:
    entry = {"name": "delta", "mode": "paper", "api_port": 8090, "strategy": "Some", **changed}
    return lambda hosts: hosts[name]["freqtrade_bots"].append(entry)


def many(count: int) -> Change:
    def change(hosts: Inventory) -> None:
        for number in range(count):
            add("paper-1", name=f"more{number}", api_port=9000 + number)(hosts)

    return change


def test_a_sound_inventory_is_accepted() -> None:
    assert judged() == []


REFUSED: dict[str, tuple[Change, str]] = {
    "a port twice": (
        of("beta", api_port=8081),
        "paper-1 beta: api_port 8081 is that of alpha, too; give each bot of a host a port of its own",
    ),
    "a port out of range": (of("beta", api_port=80), "paper-1 beta: api_port 80 is out of range; from 1024 to 65535"),
    "a port too high": (of("beta", api_port=65536), "paper-1 beta: api_port 65536 is out of range; from 1024 to 65535"),
    "a port as text": (
        of("beta", api_port="8082"),
        "paper-1 beta: api_port: '8082' is not a whole number; it must be a whole number, without quotes",
    ),
    "a port that is true": (
        of("beta", api_port=True),
        "paper-1 beta: api_port: True is not a whole number; it must be a whole number",
    ),
    "no port": (without("beta", "api_port"), "paper-1 beta: api_port is missing; each bot needs api_port"),
    "a name with a capital": (
        of("beta", name="Beta"),
        (
            "paper-1 Beta: name 'Beta' is no name for a bot; lower-case letters, digits and dashes, a letter first, "
            "at most 31"
        ),
    ),
    "a name twice": (
        add("paper-1", name="alpha"),
        "paper-1 alpha: name 'alpha' stands twice on this host; give each bot of a host a name of its own",
    ),
    "a name twice, in two modes": (
        add("prod-1", name="gamma", mode="paper"),
        (
            "prod-1 gamma: name 'gamma' stands twice on this host, once live and once paper; give each bot of a host a "
            "name of its own"
        ),
    ),
    "a bot that is called postgres": (
        add("paper-1", name="postgres"),
        (
            "paper-1 postgres: name 'postgres': its container would be freqops-postgres, which is the host's own; give "
            "the bot another name"
        ),
    ),
    "a bot that is called shared": (
        add("paper-1", name="shared"),
        (
            "paper-1 shared: name 'shared': its Compose project would be freqops-shared, which is the host's own; give "
            "the bot another name"
        ),
    ),
    "a bot that is called database": (
        add("paper-1", name="database"),
        (
            "paper-1 database: name 'database': its network would be freqops-database, which is the host's own; give "
            "the bot another name"
        ),
    ),
    "a bot that is called witness": (
        add("paper-1", name="witness"),
        (
            "paper-1 witness: name 'witness': its network would be freqops-witness, which is the host's own; give "
            "the bot another name"
        ),
    ),
    "a database twice": (
        add("paper-1", name="alpha"),
        (
            "paper-1 alpha: database alpha_paper (postgresql) is that of alpha, too; two bots never share a database: "
            "give each a name of its own"
        ),
    ),
    "a database of one's own": (
        config("beta", db_url="postgresql://me:hunter2@db.example.com/trades"),
        (
            "paper-1 beta: db_url is postgresql://db.example.com/trades; leave db_url out: each bot and mode has a "
            "database of its own, chosen by its key 'database'"
        ),
    ),
    "two modes on one database": (
        lambda hosts: [config(name, db_url="sqlite:////t.sqlite")(hosts) for name in ("alpha", "gamma")],
        (
            "prod-1 gamma: db_url is sqlite:////t.sqlite, and so is alpha's on paper-1: two modes on one "
            "database; leave "
            "db_url out: each bot and mode has a database of its own, chosen by its key 'database'"
        ),
    ),
    "an account twice": (
        add("paper-1", name="gamma", mode="live", config={"order_types": STOPS}),
        (
            "prod-1 gamma: account 'gamma' of secrets_exchange is that of gamma on paper-1, too; one bot, one account: "
            "give live bots names that are unique in the whole inventory"
        ),
    ),
    "an unknown key": (of("beta", stratagy="x"), "paper-1 beta: stratagy is no key of a bot; did you mean strategy?"),
    "a bot that is none": (
        lambda hosts: hosts["paper-1"]["freqtrade_bots"].append("delta"),
        "paper-1: freqtrade_bots[2] is 'delta'; each bot is a mapping",
    ),
    "an unknown mode": (of("beta", mode="demo"), "paper-1 beta: mode: 'demo' is not allowed; allowed are paper, live"),
    "an unknown database": (
        of("beta", database="mysql"),
        "paper-1 beta: database: 'mysql' is not allowed; allowed are postgresql, sqlite",
    ),
    "a number as strategy": (of("beta", strategy=5), "paper-1 beta: strategy: 5 is not a text; write it in quotes"),
    "an empty strategy": (
        of("beta", strategy=None),
        "paper-1 beta: strategy: None is not a text; give it a value or leave it out",
    ),
    "a memory without unit": (
        of("beta", memory="lots"),
        "paper-1 beta: memory: 'lots' is no size; write one in quotes or with a unit, like 512m or 1g",
    ),
    "a reserve that is none": (
        host("paper-1", host_memory_reserve="much"),
        "paper-1: host_memory_reserve: 'much' is no size; write one in quotes or with a unit, like 512m or 1g",
    ),
    "a limit of connections that stops bots": (
        host("paper-1", postgres_connections=4),
        "paper-1: postgres_connections is 4; from 5 to 80 are allowed",
    ),
    "a limit of connections that leaves nothing to others": (
        host("paper-1", postgres_connections="81"),
        "paper-1: postgres_connections is 81; from 5 to 80 are allowed",
    ),
    "no limit of connections": (
        host("paper-1", postgres_connections=-1),
        "paper-1: postgres_connections is -1; from 5 to 80 are allowed",
    ),
    "a variable misspelt": (
        host("paper-1", freqtrade_imaeg=IMAGE),
        "paper-1: freqtrade_imaeg is no variable of any role; did you mean freqtrade_image?",
    ),
    "a variable of the wrong kind": (
        host("paper-1", host_clock_tolerance="soon"),
        "paper-1: host_clock_tolerance: 'soon' is not a whole number; it must be a whole number, without quotes",
    ),
    "futures, live": (
        config("gamma", trading_mode="futures"),
        (
            "prod-1 gamma: trading_mode is 'futures' in mode live; live bots trade spot only: set it to spot, or "
            "mode to "
            "paper"
        ),
    ),
    "live on another exchange": (
        config("gamma", exchange={"name": "kraken"}),
        (
            "prod-1 gamma: live bots are refused until promotion exists, unless they trade on a lab's exchange: "
            "exchange.name is 'kraken'; a lab's exchange is a binance; set its mode to paper"
        ),
    ),
    "live without a stop": (
        config("gamma", order_types={**STOPS, "stoploss_on_exchange": False}),
        (
            "prod-1 gamma: order_types.stoploss_on_exchange is False in mode live; set it to true, so that a stop "
            "outlives the bot, or say why not in its key stoploss_waiver"
        ),
    ),
    "live without order types": (
        of("gamma", config={}),
        (
            "prod-1 gamma: order_types.stoploss_on_exchange is not set in mode live; set it to true, so that a stop "
            "outlives the bot, or say why not in its key stoploss_waiver"
        ),
    ),
    "a waiver without a word": (
        of("gamma", stoploss_waiver=" "),
        "prod-1 gamma: stoploss_waiver is ' '; stoploss_waiver must be one line of 1 to 200 characters",
    ),
    "holdings that are no amount": (
        of("gamma", foreign_holdings={"BNB": "-1"}),
        "prod-1 gamma: foreign_holdings.BNB is '-1'; amounts are decimal numbers, quoted, like \"0.5\"",
    ),
    "an exposure in per cent": (
        of("alpha", risk_live_max_per_market_exposure=25),
        (
            "paper-1 alpha: risk_live_max_per_market_exposure: 25 is above 1, and thresholds are fractions; 25 % is "
            "written 0.25"
        ),
    ),
    "an exposure of nothing": (
        of("alpha", risk_live_max_per_market_exposure=0),
        (
            "paper-1 alpha: risk_live_max_per_market_exposure: 0 is no fraction; write a number above 0 and up to 1, "
            "like 0.25"
        ),
    ),
    "no concurrent trades": (
        of("alpha", risk_live_max_concurrent_trades=0),
        (
            "paper-1 alpha: risk_live_max_concurrent_trades: 0 is no number of trades; write a whole number from 1 to "
            "10000"
        ),
    ),
    "concurrent trades as a text": (
        of("alpha", risk_live_max_concurrent_trades="5"),
        (
            "paper-1 alpha: risk_live_max_concurrent_trades: '5' is not a whole number; it must be a whole number, "
            "without quotes"
        ),
    ),
    "too many on one address": (
        many(3),
        (
            "paper-1 more2: it is bot 5 on binance from the address of this host, which bears 4; move it to "
            "another host, "
            "or raise freqtrade_bots_per_address if this exchange allows more"
        ),
    ),
    "a floating tag": (
        host("paper-1", freqtrade_image="freqtradeorg/freqtrade:stable"),
        "paper-1: freqtrade_image is 'freqtradeorg/freqtrade:stable'; name the image by its digest: name@sha256:…",
    ),
    "a floating tag of one bot": (
        lambda hosts: bot(hosts, "beta").update(freqtrade_image="freqtradeorg/freqtrade:develop_freqai"),
        (
            "paper-1 beta: freqtrade_image is 'freqtradeorg/freqtrade:develop_freqai'; name the image by its digest: "
            "name@sha256:…"
        ),
    ),
    "the digest of the example for one bot": (
        lambda hosts: bot(hosts, "beta").update(freqtrade_image=f"freqtrade@sha256:{'0' * 64}"),
        (
            "paper-1 beta: freqtrade_image has the placeholder of the example as its digest; put in the digest of an "
            "image that you have looked at"
        ),
    ),
    "no text as the image of one bot": (
        lambda hosts: bot(hosts, "beta").update(freqtrade_image=5),
        "paper-1 beta: freqtrade_image: 5 is not a text; write it in quotes",
    ),
    "a floating database": (
        host("prod-1", postgres_image="postgres:17"),
        "prod-1: postgres_image is 'postgres:17'; name the image by its digest: name@sha256:…",
    ),
    "no image for the one bot on Postgres": (
        lambda hosts: hosts["paper-1"].pop("postgres_image"),
        "paper-1: postgres_image is not set; name the image by its digest: name@sha256:…",
    ),
    "the digest of the example": (
        host("prod-1", postgres_image=f"postgres@sha256:{'0' * 64}"),
        (
            "prod-1: postgres_image has the placeholder of the example as its digest; put in the digest of an "
            "image that "
            "you have looked at"
        ),
    ),
    "no image": (
        lambda hosts: hosts["prod-1"].pop("freqtrade_image"),
        "prod-1: freqtrade_image is not set; name the image by its digest: name@sha256:…",
    ),
    "a whitelist beside its exchange": (
        config("beta", pair_whitelist=["BTC/USDT"]),
        (
            "paper-1 beta: config.pair_whitelist is ignored there; Freqtrade reads exchange.pair_whitelist: move "
            "it into "
            "exchange"
        ),
    ),
    "a blacklist beside its exchange": (
        lambda hosts: hosts["prod-1"]["freqtrade_config"].update(pair_blacklist=[]),
        (
            "prod-1 gamma: freqtrade_config.pair_blacklist is ignored there; Freqtrade reads exchange.pair_blacklist: "
            "move it into exchange"
        ),
    ),
    "protections": (
        config("beta", protections=[{"method": "CooldownPeriod"}]),
        "paper-1 beta: config.protections is refused by Freqtrade; protections belong in the strategy, as a property",
    ),
    "files that Freqtrade reads beside the release": (
        config("beta", add_config_files=["/freqops/var/more.json"]),
        (
            "paper-1 beta: config.add_config_files takes in what the release does not have; write here what they say: "
            "bots of a host share freqtrade_config, and the config of a bot is laid over it"
        ),
    ),
    "files that Freqtrade reads beside the release, none of them": (
        lambda hosts: hosts["prod-1"]["freqtrade_config"].update(add_config_files=[]),
        (
            "prod-1 gamma: freqtrade_config.add_config_files takes in what the release does not have; write here what "
            "they say: bots of a host share freqtrade_config, and the config of a bot is laid over it"
        ),
    ),
    "a model from where the bot writes": (
        config("beta", freqaimodel_path="/freqops/var/freqaimodels"),
        (
            "paper-1 beta: config.freqaimodel_path takes in what the release does not have; put the model beside the "
            "strategy, and write /freqops/release/strategies"
        ),
    ),
    "strategies from directories below": (
        config("beta", recursive_strategy_search=True),
        (
            "paper-1 beta: config.recursive_strategy_search takes in what the release does not have; leave it out: "
            "strategies are in the files of strategy_dir itself; directories below it have their modules"
        ),
    ),
    "strategies from elsewhere": (
        config("beta", strategy_path="/freqops/var/strategies"),
        (
            "paper-1 beta: config.strategy_path is overruled by the command line of the bot's container; leave it out: "
            "strategies are the files of strategy_dir"
        ),
    ),
    "a directory of its own": (
        config("beta", user_data_dir="/freqops/var/mine"),
        (
            "paper-1 beta: config.user_data_dir is overruled by the command line of the bot's container; leave it out: "
            "it is /freqops/var"
        ),
    ),
    "data elsewhere": (
        config("beta", datadir="/freqops/var/mine"),
        "paper-1 beta: config.datadir is ignored by Freqtrade; leave it out: it lies below /freqops/var",
    ),
    "pairs that replace the whitelist": (
        config("beta", pairs=["BTC/USDT"]),
        ("paper-1 beta: config.pairs replaces exchange.pair_whitelist; write the pairs into exchange.pair_whitelist"),
    ),
    "a log of its own": (
        config("beta", log_config={"version": 1}),
        (
            "paper-1 beta: config.log_config may keep from the log what freqops reads there; leave it out: "
            "freqops sets it, so that the log is lines of JSON in /freqops/var/logs/freqtrade.log"
        ),
    ),
    "a strategy in base64": (
        of("beta", strategy="Some:Y2xhc3MgU29tZTogcGFzcw=="),
        (
            "paper-1 beta: strategy 'Some:Y2xhc3MgU29tZTogcGFzcw==' is no name of a class; name the class: its file "
            "belongs into strategy_dir"
        ),
    ),
    "another account of the same exchange, live": (
        config("gamma", exchange={"account_id": 7}),
        (
            "prod-1 gamma: live bots are refused until promotion exists, unless they trade on a lab's exchange: "
            "exchange.account_id may lead elsewhere; allowed are name, key, secret, password, uid, pair_whitelist, "
            "pair_blacklist, enable_ws, only_from_ccxt, log_responses, unknown_fee_rate, outdated_offset, "
            "markets_refresh_interval, skip_open_order_update, ccxt_config, ccxt_async_config; set its mode to paper"
        ),
    ),
    "a variable of a shell": (
        config("beta", bot_name="${NAME}"),
        (
            "paper-1 beta: config.bot_name holds a variable that stays as it is written; Freqtrade expands no "
            "variables: "
            "write the value, or have the inventory template it"
        ),
    ),
    "a variable without braces": (
        config("beta", internals={"words": ["$HOME"]}),
        (
            "paper-1 beta: config.internals.words[0] holds a variable that stays as it is written; Freqtrade "
            "expands no "
            "variables: write the value, or have the inventory template it"
        ),
    ),
    "a template that is never filled in": (
        config("beta", bot_name="{{ name }}"),
        (
            "paper-1 beta: config.bot_name holds a template that is never filled in; write the value; where Ansible "
            "is to fill it in, it must not be marked !unsafe"
        ),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_must_be_refused_is_refused_and_named(name: str) -> None:
    change, line = REFUSED[name]
    hosts = inventory()
    change(hosts)
    assert line in judged(hosts)


ACCEPTED: dict[str, Change] = {
    "the same port on another host": of("gamma", api_port=8082),
    "a name that begins like another": add("paper-1", name="alpha-two"),
    "a name that begins like one of the host": add("paper-1", name="postgres-two"),
    "what another bot would be called beside it, on another host": add("prod-1", name="alpha-witness-1"),
    "the same name on another host, on paper": add("prod-1", name="alpha"),
    "a waiver": lambda hosts: bot(hosts, "gamma").update(config={}, stoploss_waiver="the strategy sells by itself"),
    "a memory of its own": of("beta", memory="1.5g"),
    "holdings": of("gamma", foreign_holdings={"BNB": "0.5", "ETH": 2}),
    "limits": of("gamma", risk_live_max_concurrent_trades=5, risk_live_max_per_market_exposure=0.25),
    "the whole wallet in one market": of("gamma", risk_live_max_per_market_exposure=1),
    "orders as numbers": of("gamma", foreign_orders=[123, "456"]),
    "paper anywhere": config("beta", exchange={"name": "kraken"}, trading_mode="futures"),
    "four on one address": many(2),
    "five, where that was allowed": lambda hosts: (
        many(3)(hosts),
        hosts["paper-1"].update(freqtrade_bots_per_address={"binance": 5}),
    ),
    "any number elsewhere": lambda hosts: (
        many(6)(hosts),
        hosts["paper-1"].update(freqtrade_bots_per_address={"kraken": 1}),
    ),
    "a number from the command line": host("paper-1", host_clock_tolerance="7"),
    "a host without bots and images": lambda hosts: hosts.update({"monitor": {}}),
    "a variable that is not ours": host("paper-1", timezone="UTC"),
    "an image of its own": lambda hosts: bot(hosts, "beta").update(freqtrade_image=IMAGE.replace("freqtrade@", "ai@")),
    "a model beside the strategy": config("beta", freqaimodel_path="/freqops/release/strategies"),
    "strategies from no directory below": config("beta", recursive_strategy_search=False),
    "braces of a message": config("beta", webhook={"entry": {"value1": "Buying {pair} for $5"}}),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_sound_is_accepted(name: str) -> None:
    hosts = inventory()
    ACCEPTED[name](hosts)
    assert judged(hosts) == []


@pytest.mark.parametrize("named", [{}, {"postgres_image": f"postgres@sha256:{'0' * 64}"}])
def test_a_host_whose_bots_are_all_on_sqlite_needs_no_image_of_postgres(named: dict[str, Any]) -> None:
    hosts = inventory()
    del hosts["paper-1"]["postgres_image"]
    hosts["paper-1"].update(named)
    bot(hosts, "alpha")["database"] = "sqlite"
    assert judged(hosts) == []


def test_all_diseases_are_told_at_once_host_by_host() -> None:
    hosts = inventory()
    for name in ("a port twice", "an unknown key", "futures, live", "live without a stop", "a floating tag"):
        REFUSED[name][0](hosts)
    lines = judged(hosts)
    assert [line.split(":")[0] for line in lines] == [
        "paper-1",
        "paper-1 beta",
        "paper-1 beta",
        "prod-1 gamma",
        "prod-1 gamma",
    ]


def test_what_bots_of_a_host_share_is_told_once() -> None:
    hosts = inventory()
    hosts["paper-1"]["freqtrade_config"]["protections"] = []
    assert len(judged(hosts)) == 1


def test_two_names_of_one_machine_are_refused() -> None:
    refusals = judge.judge(dataclasses.replace(fleet(), ways=dict.fromkeys(inventory(), Way("192.0.2.10"))))
    assert [refusal.line for refusal in refusals] == [
        (
            "prod-1: its address 192.0.2.10, port 22, is that of paper-1, too; one machine has one name: take one of "
            "both out of the inventory"
        )
    ]


def test_an_old_name_is_refused_with_the_new_one() -> None:
    hosts = inventory()
    hosts["paper-1"]["freqtrade_img"] = IMAGE
    refusals = list(preflight_names.variables(fleet(hosts), {"freqtrade_img": "freqtrade_image"}))
    assert [refusal.line for refusal in refusals] == [
        "paper-1: freqtrade_img is the old name of freqtrade_image; rename it"
    ]


NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True)
PAIRS = st.lists(st.sampled_from(["BTC/USDT", "ETH/USDT", "SOL/USDT"]), unique=True)


@st.composite
def inventories(draw: st.DrawFn) -> tuple[Inventory, dict[str, Any]]:
    """Draw any inventory that breaks no rule, with the accounts of its live bots."""
    hosts: Inventory = {}
    accounts = {}
    names = iter(draw(st.lists(NAMES, min_size=9, max_size=9, unique=True)))
    for number in range(draw(st.integers(1, 3))):
        variables = inventory()["prod-1"]
        ports = draw(st.lists(st.integers(1024, 65535), max_size=3, unique=True))
        variables["freqtrade_bots"] = []
        for port in ports:
            entry: dict[str, Any] = {"name": next(names), "api_port": port, "strategy": "Some"}
            entry["mode"] = draw(st.sampled_from(["paper", "live"]))
            if entry["mode"] == "live":
                accounts[entry["name"]] = {word: credential(entry["name"] + word) for word in ("key", "secret")}
                entry["config"] = {"order_types": STOPS}
            optional = {
                "database": st.sampled_from(["postgresql", "sqlite"]),
                "initial_state": st.sampled_from(["running", "paused", "stopped"]),
                "memory": st.sampled_from(["512m", "1g", "2GB", "1.5g"]),
                "foreign_holdings": st.dictionaries(
                    st.sampled_from(["BNB", "ETH"]), st.decimals(0, 10, places=3).map(lambda amount: f"{amount:f}")
                ),
                "stoploss_waiver": st.sampled_from(["it sells by itself"]),
            }
            entry.update({key: draw(values) for key, values in optional.items() if draw(st.booleans())})
            if draw(st.booleans()):
                entry.setdefault("config", {})["exchange"] = {"pair_whitelist": draw(PAIRS)}
            variables["freqtrade_bots"].append(entry)
        hosts[f"host-{number}"] = variables
    return hosts, accounts


@given(inventories())
@settings(deadline=None, max_examples=200)
def test_any_sound_inventory_is_accepted(drawn: tuple[Inventory, dict[str, Any]]) -> None:
    assert judged(*drawn) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("name", "mode", "api_port", "strategy", "memory", "database", "config", "foreign_holdings", "stoploss_waiver")


@given(st.sampled_from(KEYS), JSON, st.sampled_from(["freqtrade_config", "freqtrade_bots", "freqtrade_memory"]), JSON)
@settings(deadline=None, max_examples=200)
def test_nothing_breaks_the_rules_themselves(key: str, value: Any, variable: str, other: Any) -> None:
    hosts = inventory()
    bot(hosts, "gamma")[key] = value
    hosts["paper-1"][variable] = other
    assert all(isinstance(line, str) for line in judged(hosts, {"gamma": other, "x": value} if other else value))
