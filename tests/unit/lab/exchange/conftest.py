"""A running exchange and accounts on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests.unit.lab.exchange.harness import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import ccxt


settings.register_profile("freqops", max_examples=50, deadline=None)
settings.load_profile("freqops")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """An exchange whose clock stands at noon until the test moves it."""
    with Server(tmp_path / "exchange.sqlite") as running:
        yield running


@pytest.fixture
def key(server: Server) -> dict[str, Any]:
    """The key of an account with 10,000 USDT."""
    return server.account()


@pytest.fixture
def bot(server: Server, key: dict[str, Any]) -> ccxt.binance:
    """The ccxt client of that account."""
    return server.client(key)
