"""What is let through to a host: `validate_release.py` in the image, run as the role runs it."""

from __future__ import annotations

import json
import shutil
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from docker.models.containers import Container

from freqops.core.deploy.release import PACKAGE
from lab.base.paths import ROOT
from tests.contract.deployed import Files, compose_service, container_options, effective_config
from tests.contract.realistic import REALISTIC, TELEGRAM
from tests.contract.stack import Stack, finished

STRATEGY = "MaCrossoverStrategy"
SHIPPED = ROOT / "strategies" / f"{STRATEGY}.py"
VALIDATOR = ROOT / "roles" / "freqtrade" / "files" / "validate_release.py"
JUDGE = Path(__file__).parent / "judge_releases.py"
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
MORE = "strategies/more.json"
MARK, CAUTION = "freqops-lint: ", "freqops-remark: "


@dataclass(frozen=True)
class Release:
    """One release to judge: the lab's configuration and the shipped strategy, changed."""

    strategy: str = STRATEGY
    source: str | None = None
    drop: tuple[str, ...] = ()
    own: dict[str, Any] = field(default_factory=dict)
    database: str = "sqlite"
    live: bool = False
    more: dict[str, Any] | None = None


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
    "read-by-the-strategy": Release("Reading", READING, own={"my_own_key": 1}),
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
Verdicts = dict[str, tuple[int, str]]


def _write(home: Path, release: Release) -> Files:
    files = Files(home)
    config = effective_config("judged", release.strategy, release.own, live=release.live)
    for dotted in release.drop:
        section, _, key = dotted.rpartition(".")
        del (config[section] if section else config)[key]
    files.put_release(config, SHIPPED)
    shutil.copy(VALIDATOR, files.release)
    if release.more is not None:
        (files.release / MORE).write_text(json.dumps(release.more))
    if release.source is not None:
        (files.release / "strategies" / f"{release.strategy}.py").write_text(release.source)
    return files


def _confined(stack: Stack, files: Files, entrypoint: str, command: list[str], **environment: str) -> Container:
    options = container_options(compose_service(files.home, "judged", stack.image))
    options["environment"] = {**options["environment"], **environment}
    return stack.run(stack.image, **{**options, "entrypoint": entrypoint, "command": command})


@pytest.fixture(scope="module")
def verdicts(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """Judge all bad releases in one container: it is Freqtrade's imports that take the time."""
    releases = tmp_path_factory.mktemp("releases") / "all"
    judged = {name: bad[0] for name, bad in (BAD | IGNORED | OTHERWISE).items()} | GOOD | UNGATED | NOTHING_TO_SAY
    for name, release in judged.items():
        files = _write(releases / name, release)
        (files.release / "database").write_text(release.database)
    shutil.copy(JUDGE, releases)
    container = stack.run(
        stack.image,
        entrypoint="python3",
        command=["/releases/judge_releases.py"],
        environment={"PYTHONPATH": f"/releases/{next(iter(GOOD))}/release/{PACKAGE}"},
        volumes=[f"{releases}:/releases:ro"],
        read_only=True,
        tmpfs={"/tmp": ""},  # noqa: S108  the container's own
    )
    status, said = finished(container)
    assert status == 0, said
    return {name: (int(code), str(text)) for name, (code, text) in json.loads(said.splitlines()[-1]).items()}


def test_a_good_release_is_named_by_its_strategy(stack: Stack, tmp_path: Path) -> None:
    """Freqtrade's own checks name the strategy that would trade.

    So a release is what they say, before it reaches a host.
    """
    files = _write(tmp_path / "home", Release())
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
    files = _write(tmp_path / "home", Release())
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
    assert verdicts[name] == (0, f"{GOOD[name].strategy}\n")


@pytest.mark.parametrize("name", UNGATED)
def test_a_live_strategy_that_increases_positions_without_the_gate_is_named(verdicts: Verdicts, name: str) -> None:
    """A strategy increases positions where it, or the configuration, says so, and its class tells whether it is gated.

    So freqops names live bots of which a hold needs the API, and deploys them.
    """
    status, output = verdicts[name]
    caution = {"kind": "ungated", "strategy": "Increasing"}
    assert (status, sorted(output.splitlines())) == (0, ["Increasing", f"{CAUTION}{json.dumps(caution)}"])


@pytest.mark.parametrize("name", NOTHING_TO_SAY)
def test_nothing_is_said_of_a_gated_strategy_nor_of_one_that_increases_nothing(verdicts: Verdicts, name: str) -> None:
    """A class that inherits the gate, wherever it stands among its bases, is behind it."""
    assert verdicts[name] == (0, "Increasing\n")


def test_show_config_ends_with_0_where_freqtrade_would_not_trade(stack: Stack, tmp_path: Path) -> None:
    """The command show-config ends with 0 for configurations with which it would not trade.

    So freqops does not validate with it.
    """
    files = _write(tmp_path / "home", Release("NobodyWroteThis", drop=("stake_currency", "entry_pricing")))
    command = ["show-config", "--config", "/freqops/release/config.json", "--userdir", "/freqops/var"]
    assert finished(_confined(stack, files, "freqtrade", command))[0] == 0


def test_a_command_that_freqtrade_does_not_have_ends_with_0(stack: Stack, tmp_path: Path) -> None:
    """A command that it does not have ends with 0.

    So every order goes over the API.
    """
    status, said = finished(_confined(stack, Files(tmp_path / "home"), "freqtrade", ["stopentry"]))
    assert (status, "invalid choice" in said) == (0, True)
