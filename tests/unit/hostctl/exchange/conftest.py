"""A bot whose witness asks the lab's real exchange, through a server that can be told to lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.hostctl.exchange.contracted import Contracting, Liar, entry_of
from tests.unit.lab.exchange.harness import Server


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Contracting]:
    """BTC stands at 60,000, the account has 10,000 USDT."""
    with Server(tmp_path / "exchange.sqlite") as server, Liar(server.base) as liar, entry_of(monkeypatch) as entry:
        server.script("BTCUSDT", [0, 60000])
        server.time.advance(1)
        yield Contracting(tmp_path / "host", server, liar, entry, monkeypatch)
