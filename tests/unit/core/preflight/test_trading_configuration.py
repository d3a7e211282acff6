"""What `validate_release.py` says in the image of what decides trades: the same for the same, and nothing secret."""

from __future__ import annotations

import hashlib
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

import pytest

from freqops.core.base import remarks
from freqops.core.bot import proxies
from freqops.core.promotion import built_configuration, stage
from tests.unit.core.preflight import validator

SECRET = "a-secret-that-nobody-may-see"
BUILT: dict[str, Any] = {
    "strategy": "Mine",
    "timeframe": "5m",
    "stake_amount": 100,
    "tradable_balance_ratio": 0.99,
    "max_open_trades": float("inf"),
    "minimal_roi": {"0": 0.1, "30": 0.05},
    "exchange": {"name": "binance", "pair_whitelist": ["BTC/USDT"], "ccxt_config": {"options": {"a": 1}}},
    "pairlists": [{"method": "RemotePairList", "bearer_token": SECRET, "pairlist_url": "https://192.0.2.1/"}],
    "external_message_consumer": {"producers": [{"name": "default", "host": "a", "ws_token": SECRET}]},
    "internals": {"process_throttle_secs": 5},
    "coingecko": {"is_demo": True, "api_key": SECRET},
}
SAME: dict[str, dict[str, Any]] = {
    "api": {"api_server": {"listen_port": 9999, "password": SECRET}},
    "messengers": {"telegram": {"token": SECRET}, "webhook": {"url": SECRET}, "discord": {"webhook_url": SECRET}},
    "logging": {"logfile": "/x", "log_config": {"version": 1}, "verbosity": 3, "print_colorized": False},
    "stake": {"stake_amount": "unlimited", "tradable_balance_ratio": 0.1, "available_capital": 5},
    "mode": {"dry_run": False, "dry_run_wallet": 5, "runmode": "live", "initial_state": "stopped"},
    "place": {"bot_name": "other", "db_url": f"postgresql://a:{SECRET}@b/c", "user_data_dir": Path("/elsewhere")},
    "files": {"config_files": ["/x"], "original_config": {"a": SECRET}, "strategy_path": "/x", "datadir": Path("/x")},
    "results": {"exportdirectory": Path("/x"), "exportfilename": Path("/x")},
    "key": {"exchange": {**BUILT["exchange"], "key": SECRET, "secret": SECRET, "password": None, "uid": SECRET}},
    "log of the exchange": {"exchange": {**BUILT["exchange"], "log_responses": True}},
    "proxy": {"exchange": {**BUILT["exchange"], "ccxt_sync_config": {"httpsProxy": "http://proxy:1"}}},
    "heartbeat": {"internals": {"process_throttle_secs": 5, "heartbeat_interval": 1, "sd_notify": True}},
    "order": {"minimal_roi": {"30": 0.05, "0": 0.1}},
}
ANOTHER: dict[str, dict[str, Any]] = {
    "timeframe": {"timeframe": "1m"},
    "pairs": {"exchange": {**BUILT["exchange"], "pair_whitelist": ["ETH/USDT"]}},
    "pair list": {"pairlists": [{"method": "StaticPairList"}]},
    "place of a pair list": {"pairlists": [{**BUILT["pairlists"][0], "pairlist_url": "https://192.0.2.2/"}]},
    "producer": {"external_message_consumer": {"producers": [{"name": "default", "host": "b", "ws_token": SECRET}]}},
    "options of the exchange": {"exchange": {**BUILT["exchange"], "ccxt_config": {"options": {"a": 2}}}},
    "throttle": {"internals": {"process_throttle_secs": 6}},
    "roi": {"minimal_roi": {"0": 0.2, "30": 0.05}},
    "trades": {"max_open_trades": 3},
    "a new key": {"nobody_knew_this_key": False},
    "a new key inside": {"exchange": {**BUILT["exchange"], "nobody_knew": 1}},
}


class Mode(StrEnum):
    """A mode, as Freqtrade has them."""

    LIVE = "live"


@pytest.fixture
def trading(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The module of the validator."""
    loaded = validator.load(monkeypatch)
    loaded.place.RELEASE = tmp_path
    (tmp_path / "config.json").write_text("{}")
    return sys.modules["freqops_validation.trading"]


def text(trading: Any, **changed: Any) -> str:
    return str(trading.canonical(trading.deciding({**BUILT, **changed})))


@pytest.mark.parametrize("what", SAME)
def test_what_decides_no_trades_changes_nothing(trading: Any, what: str) -> None:
    assert text(trading, **SAME[what]) == text(trading)


@pytest.mark.parametrize("what", ANOTHER)
def test_what_may_decide_trades_changes_it(trading: Any, what: str) -> None:
    assert text(trading, **ANOTHER[what]) != text(trading)


def test_no_secret_is_in_it(trading: Any) -> None:
    for changed in ({}, *SAME.values()):
        assert SECRET not in text(trading, **changed)


def test_a_section_with_nothing_but_a_proxy_is_as_none(trading: Any) -> None:
    """One with a password stands among the secrets of the bot, where no validation sees it."""
    for name in proxies.NAMES:
        section = {name: "http://proxy:1"}
        with_one = {**BUILT["exchange"], **dict.fromkeys(proxies.SECTIONS[1:], section)}
        assert text(trading, exchange=with_one) == text(trading), name
    assert (*trading.SECTIONS,) == proxies.SECTIONS
    assert set(trading.PROXIES) == {*proxies.NAMES, proxies.BY_SCHEME}


@pytest.mark.parametrize(
    "value", [object(), print, Mode, {3, 1, 2}, frozenset({"b", "a"}), float("nan"), Path("/x"), b"x"]
)
def test_what_json_cannot_say_is_said_the_same_each_time(trading: Any, value: Any) -> None:
    said = json.loads(text(trading, mine=value))["mine"]
    assert "0x" not in str(said)
    assert said == json.loads(text(trading, mine=value))["mine"]
    assert text(trading, mine=value) != text(trading)


def test_sets_have_one_order_and_objects_of_a_kind_are_one(trading: Any) -> None:
    assert json.loads(text(trading, mine={"b", "c", "a"}))["mine"] == ["a", "b", "c"]
    assert text(trading, mine=object()) == text(trading, mine=object())
    assert text(trading, mine=Mode.LIVE) == text(trading, mine="live")
    assert text(trading, mine=b"x") != text(trading, mine=b"y")
    assert text(trading, mine={1: "a", "0": "b"}) == text(trading, mine={"0": "b", 1: "a"})


def test_what_leads_back_to_itself_ends(trading: Any) -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    assert "<deeper>" in text(trading, mine=endless)


# --- the remarks


def test_the_mark_is_read_as_the_image_says_it(trading: Any, tmp_path: Path) -> None:
    found = [*trading.remarks(BUILT), trading.stake(BUILT, BUILT, object())]
    output = "".join(f"{remarks.MARK}{json.dumps(each)}\n" for each in found)
    said = built_configuration.said_in(output)
    assert said is not None
    assert said.values == trading.deciding(BUILT)
    assert said.digest == hashlib.sha256(text(trading).encode()).hexdigest()
    assert said.source == hashlib.sha256((tmp_path / "config.json").read_bytes()).hexdigest()
    assert said.stake.values == {"stake_amount": 100, "tradable_balance_ratio": 0.99}
    assert [each["kind"] for each in found] == list(remarks.KEPT)
    assert remarks.cautions(f"{output}{remarks.MARK}no JSON\n") == [f"{remarks.MARK}no JSON"]


def test_of_what_is_too_long_the_digest_is_told(trading: Any) -> None:
    pairs = [f"COIN{number:06}/USDT" for number in range(trading.LONGEST // 10)]
    long = {**BUILT, "exchange": {**BUILT["exchange"], "pair_whitelist": pairs}}
    output = "".join(
        f"{remarks.MARK}{json.dumps(each)}\n" for each in [*trading.remarks(long), trading.stake({}, {}, 1)]
    )
    assert len(output) < 1000
    said = built_configuration.said_in(output)
    assert said is not None
    assert said.values is None
    assert said.digest == hashlib.sha256(trading.canonical(trading.deciding(long)).encode()).hexdigest()


class Computed:
    """A strategy whose stake no configuration reaches."""

    @property
    def stake_amount(self) -> int:
        """Its own."""
        return 50


class Said:
    """A strategy with a stake of its own that a configuration overrules."""

    stake_amount: ClassVar[int] = 50


def test_a_stake_that_the_strategy_settles_is_named(trading: Any) -> None:
    assert trading.stake({}, {"stake_amount": 50}, Computed())["fixed"] == ["stake_amount"]
    assert trading.stake({}, {"stake_amount": 50}, Said())["fixed"] == []
    before, after = {"tradable_balance_ratio": 0.1}, {"tradable_balance_ratio": 1.0}
    assert trading.stake(before, after, Said())["fixed"] == ["tradable_balance_ratio"]
    assert trading.stake({}, {"tradable_balance_ratio": 0.99}, Said())["fixed"] == [], "Freqtrade fills it in"
    assert trading.STAKE == built_configuration.STAKE_VALUES == (stage.AMOUNT, stage.RATIO, stage.CAPITAL)
