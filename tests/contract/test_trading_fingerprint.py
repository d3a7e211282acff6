"""The trading fingerprint of releases that the real Freqtrade built: what changes it, and what does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import remarks
from freqops.core.deploy import release
from freqops.core.promotion import trading_fingerprint
from freqops.core.promotion.trading_fingerprint import PARTS, TradingFingerprint
from tests.contract.judged import Release, Verdicts, judge
from tests.contract.stack import Stack

IMAGE = f"registry.example.com/freqtrade@sha256:{'0' * 64}"
NAME = "Trading"
SOURCE = """
from freqtrade.strategy import IStrategy, IntParameter
class Trading(IStrategy):
    timeframe = "5m"
    minimal_roi = {"0": 0.1}
    stoploss = -0.1
    length = IntParameter(2, 9, default=3, space="buy")
    def __init__(self, config):
        super().__init__(config)
        config["levels"] = {"b", "a", "d", "c"}
        config["helper"] = object()
    def populate_indicators(self, dataframe, metadata): return dataframe
    def populate_entry_trend(self, dataframe, metadata): return dataframe
    def populate_exit_trend(self, dataframe, metadata): return dataframe
"""
PARAMETERS = {"strategy_name": NAME, "params": {"stoploss": {"stoploss": -0.1}, "buy": {"length": 3}}}
OTHER_PARAMETERS = {"strategy_name": NAME, "params": {"stoploss": {"stoploss": -0.1}, "buy": {"length": 4}}}
OTHER_STOP = {"strategy_name": NAME, "params": {"stoploss": {"stoploss": -0.2}, "buy": {"length": 3}}}
ORDER_TYPES = {"entry": "limit", "exit": "limit", "stoploss": "limit", "stoploss_on_exchange": True}
FIXED = """
    @property
    def stake_amount(self): return 50
    @stake_amount.setter
    def stake_amount(self, value): pass
"""


def _release(
    source: str = SOURCE, parameters: dict[str, Any] = PARAMETERS, *, live: bool = False, **own: Any
) -> Release:
    return Release(NAME, source, own={"timeframe": "5m", **own}, parameters=parameters, live=live)


BASE = _release()
SAME = {
    "live": _release(live=True),
    "built-again": _release(),
    "api-port": _release(api_server={"listen_port": 9999, "verbosity": "info"}),
    "telegram": _release(telegram={"enabled": True, "allow_custom_messages": False}),
    "stake": _release(stake_amount=5, tradable_balance_ratio=0.5, available_capital=500),
    "unlimited": _release(live=True, stake_amount="unlimited"),
    "wallet": _release(dry_run_wallet=5),
    "database": _release(db_url="sqlite:////freqops/var/other.sqlite"),
    "logging": _release(verbosity=2, log_config={"root": {"level": "WARNING"}}),
    "heartbeat": _release(internals={"heartbeat_interval": 5}),
    "proxy": _release(exchange={"ccxt_config": {"httpsProxy": "http://192.0.2.1:8080"}}),
}
ANOTHER = {
    "roi": (_release(SOURCE.replace('{"0": 0.1}', '{"0": 0.2}')), ["configuration", "strategies"]),
    "parameter": (_release(parameters=OTHER_PARAMETERS), ["parameters"]),
    "stop": (_release(parameters=OTHER_STOP), ["configuration", "parameters"]),
    "pairs": (_release(exchange={"pair_whitelist": ["BTC/USDT"]}), ["configuration"]),
    "pair-list": (
        _release(pairlists=[{"method": "StaticPairList"}, {"method": "SpreadFilter", "max_spread_ratio": 0.01}]),
        ["configuration"],
    ),
    "timeframe": (_release(timeframe="15m"), ["configuration"]),
    "trades": (_release(max_open_trades=-1), ["configuration"]),
    "throttle": (_release(internals={"process_throttle_secs": 9}), ["configuration"]),
    "stops-on-exchange": (_release(order_types=ORDER_TYPES), ["configuration"]),
}


@pytest.fixture(scope="module")
def places(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The directory of each release, marked as the role marks it; one was built once more, in another container."""
    judged = {
        "base": BASE,
        **SAME,
        **{name: case[0] for name, case in ANOTHER.items()},
        "fixed": _release(SOURCE + FIXED),
    }
    found: dict[str, Path] = {}
    for name, cases in (("all", judged), ("elsewhere", {"in-another-container": BASE})):
        home = tmp_path_factory.mktemp("releases") / name
        found |= _marked(home, judge(stack, home, cases))
    return found


def _marked(home: Path, verdicts: Verdicts) -> dict[str, Path]:
    found = {}
    for name, (status, output) in verdicts.items():
        assert status == 0, output
        place = home / name / "release"
        (place / release.DECLARATION).write_text(json.dumps({"image": IMAGE, "packages": ""}))
        said = "\n".join(remarks.lines(output))
        (place / release.VALIDATED).write_text(f"by Freqtrade of {IMAGE}\n{said}")
        found[name] = place
    return found


def _differing(one: TradingFingerprint, other: TradingFingerprint) -> list[str]:
    return sorted(part for part in PARTS if one.parts[part] != other.parts[part])


@pytest.mark.parametrize("name", [*SAME, "in-another-container"])
def test_what_decides_no_trades_changes_no_trading_fingerprint(places: dict[str, Path], name: str) -> None:
    """It builds the same configuration on paper and live, and each time, but for what decides no trades.

    So a live bot has the trading fingerprint of the paper bot that it follows.
    """
    one, other = (trading_fingerprint.of_release(places[each]) for each in ("base", name))
    assert trading_fingerprint.changes(places["base"], places[name]) == []
    assert one == other


@pytest.mark.parametrize("name", ANOTHER)
def test_what_decides_trades_changes_the_trading_fingerprint(places: dict[str, Path], name: str) -> None:
    """What it trades by stands in its files and in the configuration that it builds.

    So a bot that trades otherwise has another trading fingerprint.
    """
    one, other = (trading_fingerprint.of_release(places[each]) for each in ("base", name))
    assert one.fingerprint != other.fingerprint
    assert _differing(one, other) == ANOTHER[name][1]
    assert trading_fingerprint.changes(places["base"], places[name])


def test_it_builds_the_stake_beside_it(places: dict[str, Path]) -> None:
    """It fills in its own default for the ratio, and a property of a strategy beats the configuration.

    So freqops reads the stake from what was built, and no stage is given to a strategy that settles it.
    """
    built = {name: trading_fingerprint.built(places[name]).stake for name in ("base", "stake", "fixed")}
    assert built["base"].values == {"stake_amount": 100, "tradable_balance_ratio": 0.99}
    expected = {"stake_amount": 5, "tradable_balance_ratio": 0.5, "available_capital": 500}
    assert built["stake"].values == expected
    assert [stake.fixed for stake in built.values()] == [(), (), ("stake_amount",)]
