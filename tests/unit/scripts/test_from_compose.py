"""Configurations of docker compose as an inventory: each thing in its place, no secret elsewhere, all of it said."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base import durable
from freqops.core.base.errors import Refused
from freqops.core.bot import configuration
from freqops.core.preflight import judge
from freqops.core.preflight.fleet import Fleet
from freqops.plays import inventory_files, preflight
from scripts import add_bot, compose_bot, compose_inventory, from_compose
from tests.unit.plays.test_preflight import hostvars

ROOT = Path(__file__).parents[3]
PRICING = {"price_side": "same", "use_order_book": True, "order_book_top": 1}
TOKEN = "123456789:AAF0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6"
DISCORD = "https://discord.com/api/webhooks/998877665544/QwErTyUiOpAsDfGhJkLz"
HOOK = "https://maker.hooks.test/trigger/with/key/dQw4w9WgXcQzz"
KEY, SECRET, PASSPHRASE, UID = "0f1e2d3c-4b5a-6978", "9C8B7A6F5E4D3C2B1A09", "pAss{#Phrase!9", "4815162342"
OF_COMPOSE = ("SuperSecurePassword", "somethingrandomsomethingrandom12", "hunter22", "sosecret-ws")
SECRET_WORDS = (TOKEN, "-1001234567890", DISCORD, HOOK, KEY, SECRET, PASSPHRASE, UID, *OF_COMPOSE)
API = {
    "enabled": True, "listen_ip_address": "127.0.0.1", "listen_port": 8085, "verbosity": "error",
    "jwt_secret_key": OF_COMPOSE[1], "ws_token": [OF_COMPOSE[3]], "CORS_origins": [], "username": "me",
    "password": OF_COMPOSE[0],
}  # fmt: skip
FULL = """
/* everything at once */
{
    "$schema": "https://schema.freqtrade.io/schema.json",
    "max_open_trades": 3, "stake_currency": "USDT", "stake_amount": 0.05, "tradable_balance_ratio": 0.99,
    "fiat_display_currency": "USD", "amount_reserve_percent": 0.05, "available_capital": 5000,
    "dry_run": true, "dry_run_wallet": 1000, "cancel_open_orders_on_exit": true, "timeframe": "5m",
    "trailing_stop": false, "use_exit_signal": true, "exit_profit_only": false, "stoploss": -0.10,
    "minimal_roi": {"40": 0.0, "30": 0.01, "0": 0.04}, // as a table
    "unfilledtimeout": {"entry": 10, "exit": 10, "exit_timeout_count": 0, "unit": "minutes"},
    "entry_pricing": {"price_side": "same", "use_order_book": true, "order_book_top": 1, "price_last_balance": 0.0,
        "check_depth_of_market": {"enabled": false, "bids_to_ask_delta": 1}},
    "exit_pricing": {"price_side": "same", "use_order_book": true, "order_book_top": 1},
    "order_types": {"entry": "limit", "exit": "limit", "stoploss": "market", "stoploss_on_exchange": false},
    "order_time_in_force": {"entry": "GTC", "exit": "GTC"},
    "pairlists": [{"method": "VolumePairList", "number_assets": 20, "sort_key": "quoteVolume", "refresh_period": 1800},
        {"method": "AgeFilter", "min_days_listed": 10}],
    "exchange": {"name": "binance", "key": "your_exchange_key", "secret": "your_exchange_secret", "password": "",
        "log_responses": false, "ccxt_config": {"enableRateLimit": true, "headers": {"X-Key": "hunter22"}},
        "ccxt_async_config": {}, "pair_whitelist": ["ALGO/USDT", "BTC/USDT"], "pair_blacklist": ["DOGE/USDT"],
        "outdated_offset": 5, "markets_refresh_interval": 60},
    "telegram": {"enabled": false, "token": "your_telegram_token", "chat_id": "your_telegram_chat_id",
        "notification_settings": {"status": "on", "entry": {"x": "off"}}, "reload": true, "balance_dust_level": 0.01},
    "api_server": API,
    "external_message_consumer": {"enabled": false,
        "producers": [{"name": "default", "host": "127.0.0.2", "port": 8080, "ws_token": "sosecret-ws"}]},
    "bot_name": "freqtrade", "db_url": "sqlite:///user_data/tradesv3.sqlite", "initial_state": "running",
    "force_entry_enable": true, "internals": {"process_throttle_secs": 5, "heartbeat_interval": 60},
    "disable_dataframe_checks": false, "strategy": "SampleStrategy", "strategy_path": "user_data/strategies/",
    "recursive_strategy_search": false, "add_config_files": [], "reduce_df_footprint": false, "logfile": "/a/b.log",
    "dataformat_ohlcv": "feather", "protections": [], "user_data_dir": "/freqtrade/user_data",
    "position_adjustment_enable": false,
}
""".replace("API", json.dumps(API))
MINIMAL = {
    "dry_run": True, "stake_currency": "USDT", "stake_amount": 100, "max_open_trades": 3,
    "exchange": {"name": "kraken"}, "entry_pricing": PRICING, "exit_pricing": PRICING,
}  # fmt: skip
MESSENGERS = {
    **MINIMAL, "dry_run_wallet": 500, "exchange": {"name": "bybit", "pair_whitelist": ["BTC/USDT"]},
    "telegram": {"enabled": True, "token": TOKEN, "chat_id": "-1001234567890", "authorized_users": ["1"]},
    "webhook": {"enabled": True, "url": HOOK, "format": "json", "status": {"text": "Status: {status}"},
                "entry": {"text": "{# no comment #} of {pair}\nsecond line"}},
    "discord": {"enabled": True, "webhook_url": DISCORD, "exit_fill": [{"Trade ID": "{trade_id}"}]},
    "db_url": "postgresql+psycopg2://ft:hunter22@db/ft", "initial_state": "paused", "api_server": API,
}  # fmt: skip
FREQAI = {
    **MINIMAL, "trading_mode": "futures", "margin_mode": "isolated", "freqaimodel": "LightGBMRegressor",
    "freqaimodel_path": "/freqtrade/models", "freqai": {"enabled": True, "identifier": "x", "train_period_days": 15,
    "feature_parameters": {"include_timeframes": ["3m", "1h"], "label_period_candles": 20},
    "data_split_parameters": {"test_size": 0.25}, "model_training_parameters": {"n_estimators": 800}},
    "exchange": {"name": "binance", "ccxt_config": {"apiKey": "${KEY}", "proxies": {"https": "http://me:hunter22@p:1"}}},
}  # fmt: skip
LIVE = {
    **MINIMAL, "dry_run": False, "order_types": {"stoploss_on_exchange": True},
    "exchange": {"name": "okx", "key": KEY, "secret": SECRET, "password": PASSPHRASE, "uid": UID,
                 "ccxt_config": {"enableRateLimit": True}, "pair_whitelist": ["BTC/USDT"]},
}  # fmt: skip


class _Loader(yaml.SafeLoader):
    """YAML with the one tag of Ansible that is written."""


_Loader.add_constructor("!unsafe", lambda _, node: str(node.value))


def _plain(said: dict[str, Any]) -> Any:
    """Return a value; a text that is no template is marked as none in Ansible's JSON."""
    return said["__ansible_unsafe"] if list(said) == ["__ansible_unsafe"] else said


class Made:
    """The command, what it says, and the inventory that it made."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str], later: str = "", **bots: Any) -> None:
        """Make an inventory of bots: for each, by ``host__bot`` or with ``__Strategy``, its configurations."""
        words = []
        for name, configs in bots.items():
            host, _, bot = name.partition("__")
            bot, _, strategy = bot.partition("__")
            files = []
            for number, config in enumerate(configs if isinstance(configs, list) else [configs]):
                files.append(home / f"{bot}-{number}.json")
                files[-1].write_text(config if isinstance(config, str) else json.dumps(config, indent=1))
            colon = f":{strategy}" if strategy else ""
            words.append(f"{host}/{bot}{colon}={','.join(map(str, files))}")
        self.path, self.words = home / "mine", " ".join(words)
        self.status = from_compose.main(["--inventory", str(self.path), "--bots", self.words, "--later", later])
        said = capsys.readouterr()
        self.out, self.err = said.out, said.err

    @property
    def hosts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(json.dumps(add_bot.hosts_of(str(self.path))), object_hook=_plain)
        return found

    @property
    def secrets(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.load((self.path / "secrets.yml").read_text(), Loader=_Loader)  # noqa: S506
        return found

    def bot(self, host: str, name: str) -> dict[str, Any]:
        return next(dict(bot) for bot in self.hosts[host]["freqtrade_bots"] if bot["name"] == name)

    def fleet(self) -> Fleet:
        """Return the inventory as the preflight takes it from Ansible, templated."""
        loaded: dict[str, Any] = {}
        if (self.path / "secrets.yml").exists():
            loader = DataLoader()
            found = loader.load_from_file(str(self.path / "secrets.yml"), trusted_as_template=True)
            loaded = preflight.plain(Templar(loader=loader).template(found))
        fleet, unread = preflight.read(hostvars(self.path), ROOT / "roles", loaded)
        assert unread == []
        return fleet

    def refused(self) -> list[str]:
        """Return for what the preflight refuses it, but for the images that nobody has chosen yet."""
        lines = [refusal.line for refusal in judge.judge(self.fleet())]
        return [line for line in lines if "placeholder of the example as its digest" not in line]

    def config(self, host: str, name: str) -> dict[str, Any]:
        """Return what the inventory says of a bot's configuration."""
        bot = next(bot for bot in self.fleet().bots if (bot.host, bot.name) == (host, name))
        return configuration.merged(bot.shared, bot.entry.get("config") or {})


def test_realistic_configurations_become_an_inventory_that_the_preflight_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Made(
        tmp_path, capsys, vps1__alpha=FULL, vps1__beta__Mini=MINIMAL, vps2__gamma__M=MESSENGERS, vps2__delta__F=FREQAI
    )
    assert (made.status, made.err) == (0, "")
    assert made.refused() == []
    assert list(inventory_files.judge([made.path])) == []
    assert list(yaml.safe_load((made.path / "hosts.yml").read_text().replace("!unsafe", ""))) == ["paper"]
    ports = {bot["name"]: bot["api_port"] for host in made.hosts.values() for bot in host["freqtrade_bots"]}
    assert ports == {"alpha": 8085, "beta": 8086, "gamma": 8085, "delta": 8086}
    alpha, gamma = made.bot("vps1", "alpha"), made.bot("vps2", "gamma")
    assert (alpha["strategy"], alpha["database"], alpha["initial_state"]) == ("SampleStrategy", "sqlite", "running")
    assert (gamma["strategy"], gamma["database"], gamma["initial_state"]) == ("M", "postgresql", "paused")
    assert made.bot("vps1", "beta")["initial_state"] == "stopped"
    assert made.config("vps2", "gamma")["webhook"]["entry"]["text"] == "{# no comment #} of {pair}\nsecond line"
    assert made.config("vps1", "alpha")["minimal_roi"] == {"40": 0.0, "30": 0.01, "0": 0.04}


def test_what_a_bot_trades_by_is_in_its_configuration_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Made(tmp_path, capsys, vps1__alpha=FULL, vps1__beta__Mini=MINIMAL)
    full = json.loads(json.dumps(from_compose.bots_of(made.words)[0].config))
    assert made.config("vps1", "alpha") == full
    kept = set(full)
    gone = {
        line.split(": ")[1] for line in made.out.splitlines() if line.startswith("alpha: ") and ": dropped: " in line
    }
    everything = set(compose_bot.merged([tmp_path / "alpha-0.json"])[0])
    assert everything - kept == {
        *("$schema", "cancel_open_orders_on_exit", "force_entry_enable", "api_server", "logfile", "bot_name"),
        *("protections", "strategy_path", "user_data_dir", "db_url", "dry_run", "initial_state", "strategy"),
    }
    assert {"protections", "strategy_path", "exchange.ccxt_config.headers.X-Key", "telegram.token"} <= gone


def test_a_secret_is_in_the_file_of_secrets_or_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = Made(
        tmp_path, capsys, vps1__alpha=FULL, vps2__gamma__M=MESSENGERS, vps2__delta__F=FREQAI, vps3__omega__L=LIVE
    )
    plain = [(made.path / name).read_text() for name in ("hosts.yml", "group_vars/all.yml")]
    for word in SECRET_WORDS:
        assert not [text for text in (*plain, made.out, made.err) if word in text], word
    assert made.fleet().secrets["omega"]["password"] == PASSPHRASE
    of_delta = {"ccxt_config": {"proxies": {"https": "http://me:hunter22@p:1"}}}
    assert made.secrets == {
        "secrets_exchange": {
            "omega": {"key": KEY, "secret": SECRET, "password": PASSPHRASE, "uid": UID},
            "delta": of_delta,
        },
        "secrets_notify": {
            "gamma": {
                "telegram": {"token": TOKEN, "chat_id": "-1001234567890"},
                "webhook": {"url": HOOK},
                "discord": {"webhook_url": DISCORD},
            }
        },
    }
    assert stat.S_IMODE((made.path / "secrets.yml").stat().st_mode) == 0o600
    assert made.out.splitlines()[-1] == f"  ansible-vault encrypt {made.path}/secrets.yml"
    assert "omega: exchange.uid: moved to secrets.yml: secrets_exchange.omega.uid" in made.out.splitlines()


def test_without_secrets_there_is_no_file_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = Made(tmp_path, capsys, vps1__alpha=FULL)
    assert sorted(file.name for file in made.path.rglob("*")) == ["all.yml", "group_vars", "hosts.yml"]
    assert "ansible-vault" not in made.out
    assert "exchange.key: dropped: a paper bot does not need it" in made.out


def test_a_live_bot_is_declared_as_one_and_what_that_means_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Made(tmp_path, capsys, vps1__alpha=FULL, vps2__omega__L=LIVE)
    assert made.bot("vps2", "omega")["mode"] == "live"
    text = (made.path / "hosts.yml").read_text()
    assert list(yaml.safe_load(text)) == ["paper", "live"]
    assert "# live bots are refused until promotion exists: take it out" in text
    [said] = [line for line in made.out.splitlines() if line.startswith("omega: dry_run: ")]
    assert said.startswith("omega: dry_run: moved to mode: live; live bots are refused until promotion exists")
    assert "keep it with compose" in said
    assert next(line for line in made.refused() if "omega" in line) in made.out
    assert "adopt.yml -e bot=alpha" in made.out
    assert "bot=omega" not in made.out


@given(
    st.lists(
        st.recursive(
            st.dictionaries(
                st.sampled_from("abc"), st.sampled_from([0, 1, 1.0, True, None, "x", [], [1], {}]), max_size=3
            ),
            lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_common_and_what_is_its_own_are_the_whole(configs: list[dict[str, Any]]) -> None:
    bots = [
        compose_bot.ComposeBot(f"b{n}", "h", "paper", "S", "sqlite", "running", None, c) for n, c in enumerate(configs)
    ]
    shared = compose_inventory.common(bots)
    for config in configs:
        own = compose_inventory.without(config, shared)
        whole = configuration.merged(shared, own)
        assert json.dumps(whole, sort_keys=True) == json.dumps(config, sort_keys=True)
        assert not [name for name in own if name in shared and not isinstance(own[name], dict)]


def test_what_all_bots_have_alike_stands_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = {**MINIMAL, "max_open_trades": 3.0, "exchange": {"name": "kraken", "pair_whitelist": ["BTC/USD"]}}
    made = Made(tmp_path, capsys, vps1__alpha__S=MINIMAL, vps2__beta__S=other)
    shared = {
        "stake_currency": "USDT", "stake_amount": 100, "exchange": {"name": "kraken"}, "entry_pricing": PRICING,
        "exit_pricing": PRICING,
    }  # fmt: skip
    assert {host: said["freqtrade_config"] for host, said in made.hosts.items()} == {"vps1": shared, "vps2": shared}
    assert made.bot("vps1", "alpha")["config"] == {"max_open_trades": 3}
    assert made.bot("vps2", "beta")["config"] == {"max_open_trades": 3.0, "exchange": {"pair_whitelist": ["BTC/USD"]}}
    assert "all bots: stake_currency, stake_amount, exchange, " in made.out


def test_several_files_are_merged_as_freqtrade_merges_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "private.json").write_text(
        '{"exchange": {"name": "kraken", "pair_blacklist": ["X/Y"]}, "add_config_files": ["../deep.json"]}'
    )
    (tmp_path / "deep.json").write_text('{"timeframe": "1h", "max_open_trades": 9, "exchange": {"pair_blacklist": []}}')
    first = {
        **MINIMAL,
        "exchange": {"name": "okx", "pair_whitelist": ["A/B", "C/D"]},
        "add_config_files": ["sub/private.json"],
    }
    second = {"exchange": {"pair_whitelist": ["E/F"]}, "stake_amount": 7, "entry_pricing": {"price_side": "other"}}
    made = Made(tmp_path, capsys, vps1__alpha__S=[first, second])
    config = made.config("vps1", "alpha")
    assert config["exchange"] == {"name": "okx", "pair_whitelist": ["E/F"], "pair_blacklist": ["X/Y"]}
    assert (config["stake_amount"], config["timeframe"], config["max_open_trades"]) == (7, "1h", 3)
    assert config["entry_pricing"] == {**PRICING, "price_side": "other"}
    assert f"alpha: add_config_files: taken in: {tmp_path}/sub/private.json" in made.out


def test_files_that_lead_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"add_config_files": ["a.json"]}')
    with pytest.raises(Refused, match="leads in a circle"):
        compose_bot.merged([tmp_path / "a.json"])
    (tmp_path / "a.json").write_text('{"add_config_files": "a.json"}')
    with pytest.raises(Refused, match="must be a list of files"):
        compose_bot.merged([tmp_path / "a.json"])


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ([8080, 8080, 8080], [8080, 8081, 8082]),
        ([None, 8081, 8082], [8083, 8081, 8082]),
        ([80, True, 70000], [8081, 8082, 8083]),
    ],
)
def test_a_port_is_kept_where_it_can_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ports: list[Any], expected: list[int]
) -> None:
    configs = [{**MINIMAL, "api_server": {"listen_port": port}} if port else MINIMAL for port in ports]
    bots: dict[str, Any] = {f"vps1__{name}__S": each for name, each in zip("abc", configs, strict=True)}
    made = Made(tmp_path, capsys, **bots)
    assert [bot["api_port"] for bot in made.hosts["vps1"]["freqtrade_bots"]] == expected
    assert "the port that compose published may have been another one" in made.out


def test_variables_and_templates_are_dropped_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exchange = {"name": "okx", "key": "${KEY}", "pair_whitelist": ["${A}", "B/C", "{{ pair }}"]}
    other = {"user_data_dir": "${HOME}", "log_config": {"x": "$LOG"}, "telegram": {"enabled": True, "token": "$TOKEN"}}
    made = Made(tmp_path, capsys, vps1__alpha__S={**MINIMAL, **other, "exchange": exchange})
    assert made.config("vps1", "alpha")["exchange"] == {"name": "okx", "pair_whitelist": ["B/C"]}
    assert "alpha: log_config (x): dropped: freqops sets it for every bot\n" in made.out
    for what in ("exchange.key", "exchange.pair_whitelist[0]", "telegram.token"):
        assert f"alpha: {what}: dropped: it holds a variable that stays as it is written" in made.out
    assert "alpha: exchange.pair_whitelist[2]: dropped: it holds a template that is never filled in" in made.out
    assert "vps1 alpha: telegram is enabled and has no secrets" in made.out


@pytest.mark.parametrize(
    ("bots", "why"),
    [
        ("", "BOTS names no bot; write HOST/BOT=FILE"),
        ("'x", "BOTS has a quote without its end"),
        ("alpha=config.json", "'alpha=config.json' is no bot; write HOST/BOT=FILE"),
        ("vps-1/alpha", "'vps-1/alpha' is no bot"),
        ("localhost/alpha=config.json", "'localhost' is no name for a host"),
        ("paper/alpha=config.json", "'paper' is no name for a host"),
        ("a[1]/alpha=config.json", "'a[1]' is no name for a host"),
        ("vps-1/alpha:S=absent.json", "absent.json cannot be read: No such file"),
        ("vps-1/alpha=config.json", "alpha: no strategy is said; write alpha:ItsClass="),
        ("vps-1/Alpha:S=config.json", "'Alpha' is no name for a bot"),
        ("vps-1/postgres:S=config.json", "a name that is the host's own"),
        ("vps-1/alpha:S-x=config.json", "'S-x' is no name of a class"),
        ("vps-1/alpha:S=config.json vps-1/alpha:S=config.json", "vps-1 has a bot alpha already"),
        ("vps-1/alpha:S=config.json vps-2/alpha:S=config.json", "vps-1 has a bot alpha already: -e bots=alpha"),
        ("vps-1/alpha:S=twice.json", "twice.json:2: it says 'a' twice, on line 1, too"),
        ("vps-1/alpha:S=word.json", "alpha: dry_run is neither true nor false"),
        ("vps-1/alpha:S=mysql.json", "alpha: db_url leads to a database of another kind"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bots: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(MINIMAL))
    (tmp_path / "twice.json").write_text('{"a": 1,\n"a": 2}')
    (tmp_path / "word.json").write_text('{"dry_run": "hunter22"}')
    (tmp_path / "mysql.json").write_text('{"db_url": "mysql://ft:hunter22@db/x"}')
    before = sorted(tmp_path.iterdir())
    assert from_compose.main(["--inventory", "mine", "--bots", bots]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("from-compose: refused, nothing was made: ")
    assert why in said.err
    assert "hunter22" not in said.err
    assert sorted(tmp_path.iterdir()) == before


def test_what_is_there_already_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    made = Made(tmp_path, capsys, vps1__alpha=FULL)
    assert made.status == 1
    assert "mine is there already; it is not touched" in made.err
    assert list(made.path.iterdir()) == []
    absent, nothing = "there is no directory", "INVENTORY names no new directory"
    home = str(tmp_path)
    for path, why in (
        (f"{home}/dangling", "is there already"),
        (f"{home}/no/mine", absent),
        ("", nothing),
        (".", nothing),
    ):
        assert from_compose.main(["--inventory", path, "--bots", made.words]) == 1
        assert why in capsys.readouterr().err


def test_a_disk_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, data: bytes, mode: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "write_new", full)
    made = Made(tmp_path, capsys, vps1__alpha=FULL)
    assert made.status == 1
    assert "mine cannot be made: No space left on device" in made.err
    assert [path.name for path in tmp_path.iterdir()] == ["alpha-0.json"]


def test_a_bot_that_is_left_for_later_is_no_bot_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No deploy could bring it up beside the old one, its secrets stay where they are, and its entry waits."""
    later = "vps2/gamma=/opt/gamma/docker-compose.yml"
    made = Made(tmp_path, capsys, later=later, vps2__alpha=FULL, vps2__gamma__M=MESSENGERS)
    assert made.status == 0
    assert made.refused() == []
    host = made.hosts["vps2"]
    assert [bot["name"] for bot in host["freqtrade_bots"]] == ["alpha"]
    assert host["host_left_alone"] == [{"project": "/opt/gamma/docker-compose.yml", "reason": "adopted later"}]
    assert list(inventory_files.judge([made.path])) == []
    assert not (made.path / "secrets.yml").exists()
    assert "gamma: telegram.token: left where it is: its adoption takes it along from there" in made.out.splitlines()
    assert "-e bot=gamma" not in made.out
    text = (made.path / "later-gamma.txt").read_text()
    assert TOKEN not in text
    entry = yaml.load(text, Loader=_Loader)[0]  # noqa: S506
    assert (entry["name"], entry["api_port"], entry["strategy"]) == ("gamma", 8086, "M")
    both = made.fleet().hosts["vps2"]
    whole = configuration.merged(both["freqtrade_config"], entry["config"])
    assert whole == json.loads(json.dumps(from_compose.bots_of(made.words)[1].config))


@pytest.mark.parametrize(
    ("later", "why"),
    [
        ("'x", "LATER has a quote without its end"),
        ("vps1/alpha=opt", "'vps1/alpha=opt' is no bot for later; write HOST/BOT=PROJECT"),
        ("alpha=/opt", "'alpha=/opt' is no bot for later"),
        ("vps2/alpha=/opt", "BOTS has no such bot"),
        ("vps1/alpha=/opt vps1/alpha=/other", "LATER names alpha twice"),
        ("vps1/alpha=/opt vps1/beta=/other", "LATER names every bot of BOTS"),
    ],
)
def test_who_is_no_bot_cannot_be_left_for_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], later: str, why: str
) -> None:
    made = Made(tmp_path, capsys, later=later, vps1__alpha=FULL, vps1__beta__Mini=MINIMAL)
    assert made.status == 1
    assert why in made.err
    assert not made.path.exists()


def test_an_image_of_postgres_is_wanted_where_a_bot_is_on_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "first").mkdir()
    without = Made(tmp_path / "first", capsys, vps1__alpha__S=MINIMAL)
    assert "postgres" not in (without.path / "group_vars/all.yml").read_text()
    assert "postgres_image" not in without.out
    assert without.refused() == []
    later = "vps1/beta=/opt/beta/docker-compose.yml"
    waits = Made(tmp_path, capsys, later, vps1__alpha__S=MINIMAL, vps1__beta__M=MESSENGERS)
    assert "postgres_image: postgres@sha256:" in (waits.path / "group_vars/all.yml").read_text()


def test_a_proxy_with_a_password_is_moved_and_its_adoption_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sync = {"proxies": {"http": "http://me:hunter22@10.0.0.9:3128", "https": "http://10.0.0.9:3128"}}
    over = {**MINIMAL, "exchange": {"name": "kraken", "ccxt_config": {"wsProxy": "socks5://me:hunter22@p:1"},
            "ccxt_sync_config": sync}}  # fmt: skip
    later = "vps1/beta=/opt/beta/docker-compose.yml"
    made = Made(tmp_path, capsys, later, vps1__alpha__S=over, vps1__beta__S=over)
    alpha = {
        "ccxt_config": {"wsProxy": "socks5://me:hunter22@p:1"},
        "ccxt_sync_config": {"proxies": {"http": sync["proxies"]["http"]}},
    }
    assert made.fleet().secrets == {"alpha": alpha}
    assert made.config("vps1", "alpha")["exchange"]["ccxt_sync_config"] == {
        "proxies": {"https": "http://10.0.0.9:3128"}
    }
    assert made.refused() == []
    place = "secrets_exchange.alpha.ccxt_config.wsProxy"
    assert f"alpha: exchange.ccxt_config.wsProxy: moved to secrets.yml: {place}" in made.out
    dropped = "exchange.ccxt_config.wsProxy,exchange.ccxt_sync_config.proxies.http"
    assert any(set(line.split("accept_dropped=")[1].split()[0].split(",")) == set(dropped.split(","))
               for line in made.out.splitlines() if "accept_dropped=" in line)  # fmt: skip
    assert "beta: exchange.ccxt_config.wsProxy: left where it is: it goes into secrets_exchange.beta." in made.out
    assert "hunter22" not in made.out
    live = {**LIVE, "exchange": {"name": "okx", "ccxt_config": {"httpsProxy": "http://me:hunter22@p:1"}}}
    (tmp_path / "live").mkdir()
    assert (
        "httpsProxy: dropped: a live bot reaches its exchange" in Made(tmp_path / "live", capsys, vps1__o__L=live).out
    )
