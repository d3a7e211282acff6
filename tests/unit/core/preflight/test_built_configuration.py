"""What `validate_release.py` finds where Freqtrade would run with something else than the release says.

Freqtrade itself is in the image only; here its configuration and its strategy are what each test says.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.core.preflight import validator
from tests.unit.core.preflight.fleets import linted

SECRET = "a-secret-that-nobody-may-see"
OWN: dict[str, Any] = {
    "dry_run": True,
    "stake_currency": "USDT",
    "trading_mode": "spot",
    "force_entry_enable": False,
    "order_types": {"entry": "limit", "stoploss_on_exchange": True},
    "exchange": {"name": "binance", "ccxt_config": {"urls": {"api": "http://10.0.0.1"}}},
    "minimal_roi": {"0": 0.1},
}
OVERLAYS: list[dict[str, Any]] = [
    {"api_server": {"password": "0" * 43}, "db_url": "sqlite://"},
    {"initial_state": "paused"},
]
Change = Callable[["Image"], Any]


def _merge(source: dict[str, Any], destination: dict[str, Any]) -> dict[str, Any]:
    for key, value in source.items():
        if isinstance(value, dict):
            _merge(value, destination.setdefault(key, {}))
        else:
            destination[key] = value
    return destination


class Image:
    """The validator beside a Freqtrade that a test has say what it likes."""

    def __init__(self, home: Path, validator: Any) -> None:
        self.validator = validator
        validator.place.RELEASE = home / "release"
        files = [home / "config.json", home / "secrets.json", home / "state.json"]
        self.taken_in: dict[str, Any] = {"internals": {}}
        for file, said in zip(files, (OWN, *OVERLAYS), strict=True):
            file.write_text(json.dumps(said))
            _merge(copy.deepcopy(said), self.taken_in)
        self.files, self.read = files, [str(file) for file in reversed(files)]
        self.words: dict[str, Any] = dict.fromkeys(validator.built.OF_STRATEGY, (1, "strategy"))
        self.strategy = SimpleNamespace(
            __file__=str(home / "release" / "strategies" / "mine.py"),
            order_types=copy.deepcopy(OWN["order_types"]),
            config={"runmode": "dry_run"},
        )
        self.final = {**copy.deepcopy(self.taken_in), "max_open_trades": float("inf"), "runmode": "dry_run"}

    def findings(self) -> list[dict[str, Any]]:
        """Return what is found."""
        built = object.__new__(self.validator.Built)
        built._files, built.strategy, built._words = self.files, self.strategy, self.words
        original = {**self.taken_in, "config_files": self.read}
        built._config = {**self.final, "original_config": original, "config_files": self.read}
        return list(built.differences())


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Image:
    values = {
        "ENV_VAR_PREFIX": "FREQTRADE__",
        "FreqtradeException": Exception,
        "deep_merge_dicts": _merge,
        "load_config_file": lambda path: json.loads(Path(path).read_text()),
    }
    return Image(tmp_path, validator.load(monkeypatch, **values))


def test_what_the_files_say_is_no_finding(image: Image) -> None:
    image.final["exchange"]["pair_whitelist"] = []  # what Freqtrade fills in
    assert image.findings() == []


def _put(config: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        config = config[key]
    config[path[-1]] = value


def taken_in(*path: str, value: Any) -> Change:
    def change(image: Image) -> None:
        _put(image.taken_in, path, value)
        _put(image.final, path, value)

    return change


def resolved(*path: str, value: Any) -> Change:
    def change(image: Image) -> None:
        _put(image.final, path, value)

    return change


FOUND: dict[str, tuple[Change, list[dict[str, Any]]]] = {
    "an exchange's other settings": (
        taken_in("exchange", "ccxt_sync_config", value={"urls": SECRET}),
        [{"path": ["exchange", "ccxt_sync_config"], "kind": "taken_in"}],
    ),
    "another account": (
        taken_in("exchange", "apiKey", value=SECRET),
        [{"path": ["exchange", "apiKey"], "kind": "taken_in"}],
    ),
    "another exchange": (
        taken_in("exchange", "name", value="kraken"),
        [{"path": ["exchange", "name"], "kind": "taken_in"}],
    ),
    "another password": (
        taken_in("api_server", "password", value=SECRET),
        [{"path": ["api_server", "password"], "kind": "taken_in"}],
    ),
    "another state at the start": (
        taken_in("initial_state", value="running"),
        [{"path": ["initial_state"], "kind": "taken_in"}],
    ),
    "what no rule relies on": (taken_in("my_own_key", value=1), [{"path": ["my_own_key"], "kind": "taken_in"}]),
    "a section in place of a value": (
        taken_in("stake_currency", value={}),
        [{"path": ["stake_currency"], "kind": "taken_in"}],
    ),
    "1 for true": (taken_in("dry_run", value=1), [{"path": ["dry_run"], "kind": "taken_in"}]),
    "a file that says nothing": (
        lambda image: image.read.append("/more.json"),
        [{"path": ["add_config_files"], "kind": "files"}],
    ),
    "a strategy from elsewhere": (
        lambda image: setattr(image.strategy, "__file__", "/tmp/strategy/mine.py"),  # noqa: S108
        [{"path": ["strategy"], "kind": "elsewhere"}],
    ),
    "real orders by a strategy": (
        resolved("dry_run", value=False),
        [{"path": ["dry_run"], "kind": "resolved", "why": "it says whether orders are real"}],
    ),
    "a strategy that forces entries": (
        resolved("force_entry_enable", value=True),
        [{"path": ["force_entry_enable"], "kind": "resolved", "why": "no hold stops an entry that is forced"}],
    ),
    "an exchange by a strategy": (
        resolved("exchange", "ccxt_config", "urls", "api", value=SECRET),
        [
            {
                "path": ["exchange", "ccxt_config", "urls", "api"],
                "kind": "resolved",
                "why": "the exchange is asked there, with that key",
            }
        ],
    ),
    "no stop on the exchange by a strategy": (
        lambda image: image.strategy.order_types.update(stoploss_on_exchange=False),
        [
            {
                "path": ["order_types", "stoploss_on_exchange"],
                "kind": "resolved",
                "why": "a stop on the exchange outlives the bot",
            }
        ],
    ),
    "no order types by a strategy": (
        lambda image: setattr(image.strategy, "order_types", None),
        [
            {
                "path": ["order_types", "stoploss_on_exchange"],
                "kind": "resolved",
                "why": "a stop on the exchange outlives the bot",
            }
        ],
    ),
    "a strategy behind the entry gate that calls it a backtest": (
        lambda image: image.strategy.config.update(runmode="backtest"),
        [{"path": ["runmode"], "kind": "resolved", "why": "behind the entry gate no hold counts in a backtest"}],
    ),
    "a strategy without a configuration": (
        lambda image: setattr(image.strategy, "config", None),
        [{"path": ["runmode"], "kind": "resolved", "why": "behind the entry gate no hold counts in a backtest"}],
    ),
    "a timeframe without a value": (
        lambda image: image.words.pop("timeframe"),
        [{"path": ["timeframe"], "kind": "open"}],
    ),
    "Freqtrade alone says how many trades": (
        lambda image: image.words.update(max_open_trades=(None, "Freqtrade")),
        [{"path": ["max_open_trades"], "kind": "open"}],
    ),
    "a section that a strategy takes out": (
        lambda image: image.final.pop("api_server"),
        [{"path": ["api_server"], "kind": "resolved", "why": "the bot is halted and read over it"}],
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_a_bot_would_run_with_and_the_release_does_not_say_is_found(image: Image, name: str) -> None:
    change, found = FOUND[name]
    change(image)
    assert image.findings() == found


@pytest.mark.parametrize("name", FOUND)
def test_no_finding_has_a_value(image: Image, name: str) -> None:
    FOUND[name][0](image)
    assert SECRET not in json.dumps(image.findings())


def test_a_variable_of_the_image_is_found_also_where_it_says_the_same(
    image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FREQTRADE__INITIAL_STATE", "paused")
    assert image.findings() == [{"path": [], "kind": "environment", "names": ["FREQTRADE__INITIAL_STATE"]}]


def test_what_the_release_leaves_to_the_strategy_is_the_strategys(image: Image) -> None:
    own = {key: value for key, value in OWN.items() if key != "order_types"}
    image.files[0].write_text(json.dumps(own))
    del image.taken_in["order_types"]
    image.strategy.order_types["stoploss_on_exchange"] = False
    assert image.findings() == []


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (
            {"path": [], "kind": "environment", "names": ["FREQTRADE__DRY_RUN", "FREQTRADE__EXCHANGE__NAME"]},
            (
                "its image sets FREQTRADE__DRY_RUN, FREQTRADE__EXCHANGE__NAME, which Freqtrade lays over every "
                "configuration; take an image that sets none of them, and write here what they say"
            ),
        ),
        (
            {"path": ["add_config_files"], "kind": "files"},
            "Freqtrade read other configuration files than those of the release; take out add_config_files",
        ),
        (
            {"path": ["strategy"], "kind": "elsewhere"},
            "its strategy was loaded from elsewhere than the release; have its class stand in a file of strategy_dir",
        ),
        (
            {"path": ["exchange", "name"], "kind": "taken_in"},
            (
                "exchange.name is another one in the configuration that Freqtrade built than in the release; take out "
                "what brings it in: add_config_files, or a variable of the image"
            ),
        ),
        (
            {"path": ["dry_run"], "kind": "resolved", "why": "it says whether orders are real"},
            (
                "dry_run is another one once its strategy is loaded than in the release, and freqops relies on it: it "
                "says whether orders are real; take out what changes it: a property or __init__ of the strategy, or "
                "another key of its configuration"
            ),
        ),
    ],
)
def test_a_difference_is_a_line_without_a_value(found: dict[str, Any], line: str) -> None:
    assert linted("beta", [found]) == [f"paper-1 beta: {line}"]
