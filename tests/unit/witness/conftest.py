"""The lab's exchange in a thread, and the witness of an account on it, both on one clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from freqops.witness.exchange import Exchange
from tests.unit.hostctl.exchange.contracted import entry_of
from tests.unit.lab.exchange.harness import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """BTC stands at 60,000: the best bid is 59,999.50, the best ask 60,000.50."""
    with Server(tmp_path / "exchange.sqlite") as running:
        running.script("BTCUSDT", [0, 60000])
        running.time.advance(1)
        yield running


@pytest.fixture
def key(server: Server) -> dict[str, Any]:
    return server.account()


@pytest.fixture
def witness(server: Server, key: dict[str, Any]) -> Exchange:
    """The witness of the account, as its bot is configured."""
    asked = Exchange(config_of(server, key))
    asked._api.nonce = server.time
    return asked


def config_of(server: Server, key: dict[str, Any]) -> dict[str, Any]:
    settings = server.options()
    exchange = {"name": "binance", "ccxt_config": settings, "key": key["api_key"], "secret": key["secret"]}
    return {"stake_currency": "USDT", "exchange": exchange}


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """``python3 -m freqops.witness`` as a module; the database's library is only in a bot's image."""
    with entry_of(monkeypatch) as found:
        yield found
