"""What is let through to a host: `validate_release.py` in the image, run as the role runs it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from docker.models.containers import Container

from freqops.core.base import remarks
from tests.contract.deployed import Files, compose_service, container_options
from tests.contract.judged import MORE, STRATEGY, Release, Verdicts, judge, write
from tests.contract.realistic import REALISTIC, TELEGRAM
from tests.contract.stack import Stack, finished

SECRET = "a-secret-that-nobody-may-see"
WITHOUT_STOPLOSS = """
from freqtrade.strategy import IStrategy
class Bare(IStrategy):
    timeframe = "1m"
    minimal_roi = {}
    def populate_indicators(self, dataframe, metadata): return dataframe
    def populate_entry_trend(self, dataframe, metadata): return dataframe
    def populate_exit_trend(self, dataframe, metadata): return dataframe
"""


READING = """
from freqtrade.strategy import IStrategy
class Reading(IStrategy):
    timeframe = "1m"
    minimal_roi = {"0": 1}
    stoploss = -0.1
    def populate_indicators(self, dataframe, metadata):
        dataframe["mine"] = self.config["my_own_key"]
        return dataframe
    def populate_entry_trend(self, dataframe, metadata): return dataframe
    def populate_exit_trend(self, dataframe, metadata): return dataframe
"""
NAMING = """
from freqtrade.strategy import IStrategy
class Naming(IStrategy):
    SETTINGS = ["first_setting", "second_setting"]
    timeframe = "1m"
    minimal_roi = {"0": 1}
    stoploss = -0.1
    def __init__(self, config):
        super().__init__(config)
        for name in self.SETTINGS:
            if name in config: setattr(self, name, config[name])
    def populate_indicators(self, dataframe, metadata): return dataframe
    def populate_entry_trend(self, dataframe, metadata): return dataframe
    def populate_exit_trend(self, dataframe, metadata): return dataframe
"""
SPEAKING = """
from freqtrade.strategy import IStrategy
class Speaking(IStrategy):
    minimal_roi = {"0": 1}
    stoploss = -0.1
    def populate_indicators(self, dataframe, metadata): return dataframe
    def populate_entry_trend(self, dataframe, metadata): return dataframe
    def populate_exit_trend(self, dataframe, metadata): return dataframe
"""
SETTLED = """
    timeframe = "15m"
    max_open_trades = 7
    stake_amount = 50
    unfilledtimeout = {"entry": 4, "exit": 5}
"""
PROPERTY = """
    @property
    def timeframe(self): return "15m"
    @timeframe.setter
    def timeframe(self, value): pass
"""
INCREASING = """
from freqtrade.strategy import IStrategy
from freqops.strategy import EntryGate
class Increasing({bases}):
    timeframe = "1m"
    minimal_roi = {{"0": 1}}
    stoploss = -0.1
    position_adjustment_enable = {enabled}
    def populate_indicators(self, dataframe, metadata): return dataframe
    def populate_entry_trend(self, dataframe, metadata): return dataframe
    def populate_exit_trend(self, dataframe, metadata): return dataframe
    def {method}(self, **kwargs): return 10
"""
CHANGING = """
from freqtrade.strategy import IStrategy
class Changing(IStrategy):
    timeframe = "1m"
    minimal_roi = {{"0": 1}}
    stoploss = -0.1
    def populate_indicators(self, dataframe, metadata): return dataframe
    def populate_entry_trend(self, dataframe, metadata): return dataframe
    def populate_exit_trend(self, dataframe, metadata): return dataframe
    {own}
"""
WITHOUT_STOPS = """
    @property
    def order_types(self):
        return {"entry": "limit", "exit": "limit", "stoploss": "limit", "stoploss_on_exchange": False}
    @order_types.setter
    def order_types(self, value): pass
"""
STOPS = {"order_types": {"entry": "limit", "exit": "limit", "stoploss": "limit", "stoploss_on_exchange": True}}
MARK, CAUTION = "freqops-lint: ", "freqops-remark: "


def _with_key(**own: Any) -> dict[str, Any]:
    return {"exchange": {"key": SECRET, "secret": SECRET}, **own}


BAD = {
    "broken": (Release("Broken", "import a_module_that_is_not_there\n"), "Impossible to load Strategy 'Broken'"),
    "no-python": (Release("Broken", "class Broken(:\n"), "Impossible to load Strategy 'Broken'"),
    "unknown": (Release("NobodyWroteThis"), "NobodyWroteThis"),
    "no-stoploss": (Release("Bare", WITHOUT_STOPLOSS), "stoploss"),
    "no-pairs": (Release(drop=("exchange.pair_whitelist",), own=_with_key()), "pair_whitelist"),
    "no-stake": (Release(drop=("stake_currency",), own=_with_key()), "stake_currency"),
    "no-entry-pricing": (Release(drop=("entry_pricing",)), "entry_pricing"),
    "protections": (Release(own=_with_key(protections=[{"method": "CooldownPeriod"}])), "rotections"),
    "wrong-type": (Release(own=_with_key(stake_currency=5)), "5 is not of type 'string'"),
    "no-driver": (Release(database="postgresql"), "psycopg2"),
}
IGNORED = {
    "misspelt": (Release(own={"max_open_trade": 3}), ["max_open_trade"], "max_open_trades"),
    "misplaced": (Release(own={"stoploss_on_exchange": True}), ["stoploss_on_exchange"], "order_types"),
    "misplaced-pairs": (Release(own={"pair_blacklist": []}), ["pair_blacklist"], "exchange.pair_blacklist"),
    "unread": (Release(own={"exchange": {"sandbox": True}}), ["exchange", "sandbox"], "unknown"),
    "quoted": (Release(own={"max_open_trades": "3"}), ["max_open_trades"], "integer"),
    "quoted-stake": (Release(own={"stake_amount": "100"}), ["stake_amount"], "the text unlimited"),
    "yaml-on": (
        Release(own={"telegram": {**TELEGRAM, "notification_settings": {"status": True}}}),
        ["telegram", "notification_settings", "status"],
        "string",
    ),
    "roi": (Release(own={"minimal_roi": {"0": 0.1, "x": 1}}), ["minimal_roi", "x"], "unknown"),
}
GOOD = {
    "realistic": Release(own=REALISTIC),
    "messengers-with-secrets": Release(own={name: {"enabled": True} for name in ("telegram", "webhook", "discord")}),
    "messenger-that-is-off": Release(own={"telegram": {"enabled": False}}),
    "read-by-the-strategy": Release("Reading", READING, own={"my_own_key": 1}),
    "answered-by-the-inventory": Release(
        own={"my_own_key": 1, "exchange": {"sandbox": True}}, known=("my_own_key", "exchange.sandbox")
    ),
}
NAMED = {"named-in-a-list": Release("Naming", NAMING, own={"first_setting": 1, "second_setting": 2})}
BROKEN: dict[str, dict[str, Any]] = {
    "broken": {
        "path": [],
        "file": "Broken.py",
        "line": 1,
        "why": "ModuleNotFoundError: No module named 'a_module_that_is_not_there'",
        "kind": "missing",
        "module": "a_module_that_is_not_there",
    },
    "no-python": {"file": "Broken.py", "line": 1, "kind": "broken"},
    "unknown": {"path": [], "kind": "absent", "strategy": "NobodyWroteThis", "names": [STRATEGY]},
}


def _increasing(
    bases: str, *, enabled: bool = False, method: str = "leverage", live: bool = True, **own: Any
) -> Release:
    source = INCREASING.format(bases=bases, enabled=enabled, method=method)
    return Release("Increasing", source, own=own, live=live)


def _changing(own: str, **config: Any) -> Release:
    return Release("Changing", CHANGING.format(own=own), own=config, live=True)


def _including(**more: Any) -> Release:
    return Release(own={"add_config_files": [MORE]}, more=more, live=True)


def _in_base64() -> Release:
    source = CHANGING.format(own="")
    return Release(f"Changing:{urlsafe_b64encode(source.encode()).decode()}")


def _speaking(settled: str, parameters: dict[str, Any] | None = None, **own: Any) -> Release:
    return Release("Speaking", SPEAKING + settled, own=own, parameters=parameters)


EFFECTIVE: dict[str, tuple[Release, dict[str, Any]]] = {
    "the-strategys-word": (
        _speaking(SETTLED),
        {
            "timeframe": {"is": "15m", "from": "strategy"},
            "max_open_trades": {"is": 7, "from": "strategy"},
            "stake_amount": {"is": 50, "from": "strategy"},
            "unfilledtimeout": {
                "is": {"entry": 4, "exit": 5, "exit_timeout_count": 0, "unit": "minutes"},
                "from": "strategy",
            },
            "stoploss": {"is": -0.1, "from": "strategy"},
            "minimal_roi": {"is": {"0": 1}, "from": "strategy"},
            "use_exit_signal": {"is": True, "from": "Freqtrade"},
        },
    ),
    "the-inventorys-word": (
        _speaking(SETTLED, timeframe="5m", max_open_trades=-1, stake_amount=50, stoploss=-0.2),
        {
            "timeframe": {"is": "5m", "from": "configuration", "strategy": "15m"},
            "max_open_trades": {"is": -1, "from": "configuration", "strategy": 7},
            "stake_amount": {"is": 50, "from": "configuration"},
            "stoploss": {"is": -0.2, "from": "configuration", "strategy": -0.1},
        },
    ),
    "nobodys-word": (
        _speaking(""),
        {
            "timeframe": {"is": "5m", "from": "configuration"},
            "max_open_trades": {"is": 3, "from": "configuration"},
            "stake_currency": {"is": "USDT", "from": "configuration"},
            "process_only_new_candles": {"is": True, "from": "Freqtrade"},
        },
    ),
    "a-property": (
        _speaking(PROPERTY, timeframe="1m"),
        {"timeframe": {"is": "15m", "from": "strategy", "configuration": "1m"}},
    ),
    "a-parameter-file": (
        _speaking("", {"strategy_name": "Speaking", "params": {"stoploss": {"stoploss": -0.3}, "buy": {}}}),
        {
            "stoploss": {"is": -0.3, "from": "parameter file"},
            "max_open_trades": {"is": 3, "from": "configuration"},
            "minimal_roi": {"is": {"0": 1}, "from": "strategy"},
        },
    ),
}
INCLUDED = {"path": ["add_config_files"], "kind": "files"}
OTHERWISE: dict[str, tuple[Release, list[dict[str, Any]]]] = {
    "nothing-included": (_including(), [INCLUDED]),
    "an-exchange-included": (
        _including(exchange={"ccxt_sync_config": {"urls": {"api": "http://10.9.9.9"}}}),
        [INCLUDED, {"path": ["exchange", "ccxt_sync_config"], "kind": "taken_in"}],
    ),
    "an-account-included": (
        _including(exchange={"apiKey": SECRET}),
        [INCLUDED, {"path": ["exchange", "apiKey"], "kind": "taken_in"}],
    ),
    "pairs-included": (
        _including(pairs=["DOGE/USDT"]),
        [
            INCLUDED,
            {"path": ["pairs"], "kind": "taken_in"},
            {
                "path": ["exchange", "pair_whitelist"],
                "kind": "resolved",
                "why": "the exchange is asked there, with that key",
            },
        ],
    ),
    "stops-taken-away": (
        _changing(WITHOUT_STOPS, **STOPS),
        [
            {
                "path": ["order_types", "stoploss_on_exchange"],
                "kind": "resolved",
                "why": "a stop on the exchange outlives the bot",
            }
        ],
    ),
    "entries-forced": (
        _changing("def __init__(self, config): super().__init__(config); config['force_entry_enable'] = True"),
        [{"path": ["force_entry_enable"], "kind": "resolved", "why": "no hold stops an entry that is forced"}],
    ),
    "a-backtest-to-the-gate": (
        _changing(
            "def __init__(self, config): super().__init__(config); self.config = {**config, 'runmode': 'backtest'}"
        ),
        [{"path": ["runmode"], "kind": "resolved", "why": "behind the entry gate no hold counts in a backtest"}],
    ),
    "code-in-its-name": (_in_base64(), [{"path": ["strategy"], "kind": "elsewhere"}]),
}
UNGATED = {
    "ungated-enabled": _increasing("IStrategy", enabled=True),
    "ungated-by-configuration": _increasing("IStrategy", position_adjustment_enable=True),
    "ungated-by-method": _increasing("IStrategy", method="adjust_trade_position"),
}
NOTHING_TO_SAY = {
    "gated": _increasing("EntryGate, IStrategy", enabled=True, method="adjust_trade_position"),
    "gated-last": _increasing("IStrategy, EntryGate", enabled=True),
    "ungated-on-paper": _increasing("IStrategy", enabled=True, live=False),
    "ungated-and-not-increasing": _increasing("IStrategy"),
}


def _confined(stack: Stack, files: Files, entrypoint: str, command: list[str], **environment: str) -> Container:
    options = container_options(compose_service(files.home, "judged", stack.image))
    options["environment"] = {**options["environment"], **environment}
    return stack.run(stack.image, **{**options, "entrypoint": entrypoint, "command": command})


@pytest.fixture(scope="module")
def verdicts(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """Judge all bad releases in one container: it is Freqtrade's imports that take the time."""
    judged = {name: case[0] for name, case in (BAD | IGNORED | OTHERWISE | EFFECTIVE).items()}
    judged |= GOOD | NAMED | UNGATED | NOTHING_TO_SAY
    return judge(stack, tmp_path_factory.mktemp("releases") / "all", judged)


def _remarks(output: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix(CAUTION)) for line in output.splitlines() if line.startswith(CAUTION)]


def _but_for_effective_values(verdict: tuple[int, str]) -> tuple[int, list[str]]:
    """Return how it ended, and what was said: what it would trade by is said of each that is accepted."""
    status, output = verdict
    effective = [remark for remark in _remarks(output) if remark["kind"] == "effective"]
    assert len(effective) == 1
    kept = {line for line in remarks.lines(output) if line not in remarks.cautions(output)}
    assert len(kept) == len(remarks.KEPT)
    kept.add(f"{CAUTION}{json.dumps(effective[0])}")
    return status, [line for line in output.splitlines() if line not in kept]


def test_a_good_release_is_named_by_its_strategy(stack: Stack, tmp_path: Path) -> None:
    """Freqtrade's own checks name the strategy that would trade.

    So a release is what they say, before it reaches a host.
    """
    files = write(tmp_path / "home", Release())
    container = _confined(stack, files, "python3", ["/freqops/release/validate_release.py", "sqlite"])
    status, said = finished(container)
    assert status == 0, said
    assert container.logs(stdout=True, stderr=False) == f"{STRATEGY}\n".encode()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_release_is_refused_with_its_reason(verdicts: Verdicts, name: str) -> None:
    """Freqtrade's own checks, called in its order, refuse what it would not trade with.

    So freqops calls them in the image.
    """
    status, said = verdicts[name]
    assert status == 1
    assert BAD[name][1] in said


@pytest.mark.parametrize("name", BAD)
def test_a_refusal_tells_no_secret(verdicts: Verdicts, name: str) -> None:
    """A configuration that it refuses is printed whole, secrets too.

    So freqops validates with made-up secrets and passes on the reason alone.
    """
    assert SECRET not in verdicts[name][1]
    assert "0" * 43 not in verdicts[name][1]


@pytest.mark.parametrize("name", IGNORED)
def test_what_freqtrade_would_ignore_is_found_in_its_place(verdicts: Verdicts, name: str) -> None:
    """It accepts keys that it never reads, and says of values of the wrong kind only the first.

    So freqops holds each configuration against the image's own schema and sources.
    """
    _, path, said = IGNORED[name]
    status, output = verdicts[name]
    assert status == 1
    [line] = [line for line in output.splitlines() if line.startswith(MARK)]
    [finding] = [finding for finding in json.loads(line.removeprefix(MARK)) if finding["path"] == path]
    assert said in json.dumps(finding)


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_it_would_run_with_and_the_release_does_not_say_is_found(verdicts: Verdicts, name: str) -> None:
    """It reads files that a configuration names, takes pairs from elsewhere, and lets strategies overrule both.

    So freqops holds what it built against the release, and refuses every difference without saying the value.
    """
    status, output = verdicts[name]
    assert status == 1
    [line] = [line for line in output.splitlines() if line.startswith(MARK)]
    assert json.loads(line.removeprefix(MARK)) == OTHERWISE[name][1]


def test_a_variable_of_the_image_is_found(stack: Stack, tmp_path: Path) -> None:
    """It lays variables of its environment over every configuration, the state at the start included.

    So freqops refuses an image that sets one.
    """
    files = write(tmp_path / "home", Release())
    variable = {"FREQTRADE__INITIAL_STATE": "running"}
    container = _confined(stack, files, "python3", ["/freqops/release/validate_release.py", "sqlite"], **variable)
    status, said = finished(container)
    assert status == 1
    assert json.loads(said.partition(MARK)[2]) == [
        {"path": [], "kind": "environment", "names": list(variable)},
        {"path": ["initial_state"], "kind": "taken_in"},
    ]


@pytest.mark.parametrize("name", GOOD)
def test_what_freqtrade_or_the_strategy_reads_is_no_finding(verdicts: Verdicts, name: str) -> None:
    """It reads keys that its schema does not have, and so do strategies.

    So freqops looks for a key in their sources before it calls it ignored.
    """
    assert _but_for_effective_values(verdicts[name]) == (0, [GOOD[name].strategy])


@pytest.mark.parametrize("name", NAMED)
def test_what_only_the_strategy_names_is_said(verdicts: Verdicts, name: str) -> None:
    """Strategies take settings from lists of names, which no source of Freqtrade has.

    So freqops looks for the name anywhere in the strategy, and says where nothing else can be known.
    """
    status, output = verdicts[name]
    assert status == 0
    named = [remark["path"] for remark in _remarks(output) if remark["kind"] == "named"]
    assert named == [["second_setting"]]  # the first one looks like a subscript


@pytest.mark.parametrize("name", EFFECTIVE)
def test_what_it_would_trade_by_is_told_with_whose_word_it_is(verdicts: Verdicts, name: str) -> None:
    """The configuration beats the strategy, a property beats both, and files of parameters are the strategy's word.

    So freqops notes what each says before Freqtrade lays one over the other, and leaves to the strategy what it can.
    """
    status, output = verdicts[name]
    assert status == 0, output
    [effective] = [remark["values"] for remark in _remarks(output) if remark["kind"] == "effective"]
    expected = EFFECTIVE[name][1]
    assert {key: effective.get(key) for key in expected} == expected


@pytest.mark.parametrize("name", BROKEN)
def test_why_a_strategy_cannot_be_had_is_found(verdicts: Verdicts, name: str) -> None:
    """Of a strategy that cannot be imported it says that it does not exist, or contains errors.

    So freqops imports its files once more, and names the line, the missing module, or the classes that there are.
    """
    [line] = [line for line in verdicts[name][1].splitlines() if line.startswith(MARK)]
    [found] = json.loads(line.removeprefix(MARK))
    assert {key: found[key] for key in BROKEN[name]} == BROKEN[name]


@pytest.mark.parametrize("name", UNGATED)
def test_a_live_strategy_that_increases_positions_without_the_gate_is_named(verdicts: Verdicts, name: str) -> None:
    """A strategy increases positions where it, or the configuration, says so, and its class tells whether it is gated.

    So freqops names live bots of which a hold needs the API, and deploys them.
    """
    status, output = verdicts[name]
    caution = {"kind": "ungated", "strategy": "Increasing"}
    said = _but_for_effective_values((status, output))
    assert (said[0], sorted(said[1])) == (0, ["Increasing", f"{CAUTION}{json.dumps(caution)}"])


@pytest.mark.parametrize("name", NOTHING_TO_SAY)
def test_nothing_is_said_of_a_gated_strategy_nor_of_one_that_increases_nothing(verdicts: Verdicts, name: str) -> None:
    """A class that inherits the gate, wherever it stands among its bases, is behind it."""
    assert _but_for_effective_values(verdicts[name]) == (0, ["Increasing"])


def test_show_config_ends_with_0_where_freqtrade_would_not_trade(stack: Stack, tmp_path: Path) -> None:
    """The command show-config ends with 0 for configurations with which it would not trade.

    So freqops does not validate with it.
    """
    files = write(tmp_path / "home", Release("NobodyWroteThis", drop=("stake_currency", "entry_pricing")))
    command = ["show-config", "--config", "/freqops/release/config.json", "--userdir", "/freqops/var"]
    assert finished(_confined(stack, files, "freqtrade", command))[0] == 0


def test_a_command_that_freqtrade_does_not_have_ends_with_0(stack: Stack, tmp_path: Path) -> None:
    """A command that it does not have ends with 0.

    So every order goes over the API.
    """
    status, said = finished(_confined(stack, Files(tmp_path / "home"), "freqtrade", ["stopentry"]))
    assert (status, "invalid choice" in said) == (0, True)
