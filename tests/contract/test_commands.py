"""Exit statuses of its commands, and configurations that end a start."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.contract.bot import Bot
from tests.contract.exchange import Exchange
from tests.contract.stack import Stack, finished

CONFIG = "/freqops/release/config.json"
BROKEN = "class Broken(IStrategy):\n    timeframe = nothing_of_that_name\n"
STRATEGIES = "/freqops/release/strategies"
API = {"username": "freqops", "password": "0" * 43, "jwt_secret_key": "0" * 43}
ELSEWHERE = {"api_server": API, "db_url": "sqlite:////freqops/var/gone/trades.sqlite"}


@dataclass(frozen=True)
class Command:
    """A command to run with a bot's files, one of which may be replaced."""

    arguments: list[str] | None = None
    own: dict[str, Any] | None = None
    replaced: tuple[str, bytes] | None = None


COMMANDS = {
    "list-strategies": Command(["list-strategies", "--strategy-path", STRATEGIES, "--userdir", "/freqops/var"]),
    "show-broken": Command(["show-config", "--config", "/freqops/conf/state.json"], replaced=("state.json", b"{")),
    "trade-broken": Command(replaced=("state.json", b'{"initial_state": ')),
    "trade-protections": Command(own={"protections": [{"method": "CooldownPeriod"}]}),
    "trade-database": Command(replaced=("secrets.json", json.dumps(ELSEWHERE).encode())),
}
Ended = dict[str, tuple[int, str]]


@pytest.fixture(scope="module")
def ended(stack: Stack, exchange: Exchange, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Run all commands side by side: it is Freqtrade's imports that take the time."""
    home = tmp_path_factory.mktemp("commands")
    started = {name: _started(stack, exchange, home / name, command) for name, command in COMMANDS.items()}
    return {name: finished(bot.container) for name, bot in started.items()}


def _started(stack: Stack, exchange: Exchange, home: Path, command: Command) -> Bot:
    bot = Bot(stack, home, exchange)
    bot.files.put_state("running")
    bot.configure(**(command.own or {}))
    (bot.files.release / "strategies" / "Broken.py").write_text(BROKEN)
    if command.replaced is not None:
        bot.files.put_conf(*command.replaced)
    bot.service["entrypoint"] = []
    if command.arguments is not None:
        bot.service["command"] = ["freqtrade", *command.arguments]
    bot.create()
    return bot


def test_a_broken_strategy_is_listed_with_0(ended: Ended) -> None:
    """A strategy that cannot be loaded is listed as such, and the command ends with 0.

    So freqops loads the strategy that would trade, in the image, before it deploys it.
    """
    status, said = ended["list-strategies"]
    assert status == 0
    assert "LOAD FAILED" in said


@pytest.mark.parametrize("name", ["show-broken", "trade-broken"])
def test_broken_json_ends_with_0(ended: Ended, name: str) -> None:
    """A configuration that is not JSON ends a start with status 0, as if all were well.

    So a container that is gone is a failure to freqops, whatever its exit status.
    """
    status, said = ended[name]
    assert status == 0
    assert "Configuration error" in said


def test_protections_in_a_configuration_end_a_start(ended: Ended) -> None:
    """Protections in a configuration, which show-config accepts, end a start.

    So freqops refuses them before they reach a host.
    """
    said = ended["trade-protections"][1]
    assert "rotections" in said
    assert "Changing state" not in said


def test_a_database_that_is_gone_ends_a_start(ended: Ended) -> None:
    """A database that cannot be opened ends a start with an error.

    So the gate counts it as a crash, and the fifth is the last.
    """
    status, said = ended["trade-database"]
    assert status in {1, 2}, said
    assert "unable to open database file" in said
