"""By what an installed bot runs: Freqtrade's order of files, who says each value, and nothing of a secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from freqops.core.base import remarks
from freqops.core.bot import configuration, layout
from freqops.core.deploy import config_origins, installed_config, release
from freqops.core.deploy.config_origins import GONE, OTHERWISE
from freqops.core.deploy.installed_config import ConfigUnreadable
from freqops.hostctl import cli
from tests.unit.fakes import make_bot

CANARY = "canary-3f9a1c-of-alpha"
BOT: dict[str, Any] = {
    "name": "alpha", "mode": "paper", "api_port": 18080, "strategy": "S",
    "config": {"max_open_trades": 5, "exchange": {"pair_whitelist": ["BTC/USDT"]}},
}  # fmt: skip
SHARED = {"exchange": {"name": "binance", "pair_whitelist": ["ETH/USDT"]}, "max_open_trades": 4}
EFFECTIVE = {
    "stoploss": {"is": -0.1, "from": "strategy"},
    "minimal_roi": {"is": {"0": 0.1}, "from": "parameter file"},
    "max_open_trades": {"is": 5, "from": "configuration"},
    "unfilledtimeout": {"is": {"entry": 10, "exit": 10, "unit": "minutes", "count": 0}, "from": "configuration"},
    "use_exit_signal": {"is": True, "from": "Freqtrade"},
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a bot as a deploy of the inventory leaves it."""
    made = make_bot(tmp_path)
    write(made, configuration.effective(SHARED, BOT))
    secrets = {"api_server": {"username": "u", "password": CANARY}, "db_url": f"postgresql://x:{CANARY}@db/alpha"}
    (made / "conf" / "secrets.json").write_text(json.dumps(secrets))
    remark = json.dumps({"kind": remarks.EFFECTIVE, "values": EFFECTIVE})
    (made / "release" / "f00" / release.VALIDATED).write_text(f"by Freqtrade\n{remarks.MARK}{remark}\n")
    return made


def write(home: Path, config: dict[str, Any]) -> None:
    (home / "release" / "f00" / "config.json").write_text(json.dumps(config))


def lines(home: Path, shared: Any = None, **bot: Any) -> dict[str, str]:
    """Return each line by its key."""
    values = installed_config.values(layout.load_bot(home))
    said = config_origins.lines(values, config_origins.wanted(SHARED if shared is None else shared, {**BOT, **bot}))
    return {line.removeprefix("# ").split(":")[0].split(" ")[0]: line for line in said}


@pytest.mark.parametrize(
    "line",
    [
        'stake_currency: "USDT"  # freqops\' default',
        'exchange.name: "binance"  # freqtrade_config',
        'exchange.pair_whitelist: ["BTC/USDT"]  # its config',
        "max_open_trades: 5  # its config",
        "force_entry_enable: false  # freqops, fixed",
        "dry_run: true  # its declaration",
        'api_server.password: "[not shown]"  # secrets of the host',
        'db_url: "[not shown]"  # secrets of the host',
        'initial_state: "running"  # its holds, and initial_state',
        "stoploss: -0.1  # strategy",
        "minimal_roi.0: 0.1  # parameter file of the strategy",
        "unfilledtimeout.entry: 10  # freqops' default",
        "unfilledtimeout.count: 0  # Freqtrade's default",
        "use_exit_signal: true  # Freqtrade's default",
    ],
)
def test_each_value_has_its_origin(home: Path, line: str) -> None:
    found = lines(home)
    key = line.split(":", maxsplit=1)[0]
    assert found.get(key, found.get(f'"{key}"')) in (line, f'"{key}"{line[len(key) :]}')


def test_they_are_one_document_of_yaml(home: Path) -> None:
    document = yaml.safe_load("\n".join(lines(home).values()))
    assert (document["max_open_trades"], document["exchange.pair_whitelist"]) == (5, ["BTC/USDT"])


def test_what_the_inventory_says_otherwise_is_marked_and_not_shown(home: Path) -> None:
    found = lines(home, shared={"exchange": {"name": "kraken"}, "new_key": 7})
    assert found["exchange.name"] == f'exchange.name: "binance"  # freqtrade_config; {OTHERWISE}'
    assert found["new_key"] == "# new_key is not deployed yet  # freqtrade_config"


def test_what_the_inventory_does_not_say_any_more_is_marked(home: Path) -> None:
    config = configuration.effective({**SHARED, "old_one": 1}, BOT)
    write(home, config)
    assert lines(home)["old_one"] == f"old_one: 1  # {GONE}"


def test_a_deployed_bot_differs_in_nothing(home: Path) -> None:
    found = "\n".join(lines(home).values())
    assert (OTHERWISE in found, GONE in found, "not deployed" in found) == (False, False, False)


def test_what_is_left_to_the_strategy_is_no_difference(home: Path) -> None:
    write(home, configuration.effective(SHARED, BOT, {"timeframe"}))
    assert "timeframe" not in lines(home)


def test_a_settled_value_takes_the_place_of_what_the_files_say(home: Path) -> None:
    write(home, {**configuration.effective(SHARED, BOT), "minimal_roi": {"0": 9, "60": 9}})
    found = [each for each in installed_config.values(layout.load_bot(home)) if each.path[0] == "minimal_roi"]
    assert [(each.path, each.value) for each in found] == [(("minimal_roi", "0"), 0.1)]


@pytest.mark.parametrize(
    "config",
    [
        {"telegram": {"token": CANARY}},
        {"harmless": f"so {CANARY} it is"},
        {"harmless": {"deep": [{"in": CANARY}]}},
        {"things": [{"api_token": "short"}]},
    ],
)
def test_no_secret_is_shown_wherever_it_stands(home: Path, config: dict[str, Any]) -> None:
    write(home, config)
    said = json.dumps([each.to_json() for each in installed_config.values(layout.load_bot(home))])
    assert CANARY not in said
    assert '"short"' not in said
    assert release.HIDDEN in said


def test_no_secret_of_the_inventory_is_shown_either(home: Path) -> None:
    found = lines(home, shared={**SHARED, "telegram": {"token": CANARY}}, config={"exchange": {"name": CANARY}})
    assert CANARY not in "\n".join(found.values())


@pytest.mark.parametrize("name", ["release/f00/config.json", "conf/secrets.json", "conf/state.json"])
def test_a_file_that_cannot_be_read_refuses_it(home: Path, name: str) -> None:
    (home / name).write_text("[]")
    with pytest.raises(ConfigUnreadable, match=f"{name} cannot be read"):
        installed_config.values(layout.load_bot(home))


def test_the_command_answers_without_secrets(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["config", "alpha"], home.parent.parent)
    said = capsys.readouterr().out
    assert (status, CANARY in said) == (0, False)
    [row] = json.loads(said)["bots"]
    assert (row["bot"], row["release"]) == ("alpha", "f00")
    assert {"path": ["stoploss"], "value": -0.1, "said": "strategy"} in row["values"]


def test_the_command_refuses_an_unknown_bot(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "gamma"], home.parent.parent) == 1
    assert "unknown bot gamma" in json.loads(capsys.readouterr().out)["refused"]
