"""A host with candles, which were downloaded once, and more than one slot for backtests."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.field import play
from tests.support.research import Research

SLOTS = "/srv/freqops/user_data/state/run_slots.json"


@pytest.fixture(scope="session")
def host() -> Iterator[Research]:
    """The host, with a week of candles and what a strategy wants before them, and three slots for backtests."""
    host = Research()
    words = ("-e", "pairs=BTC/USDT,ETH/USDT", "-e", "timeframes=5m", "-e", "timerange=20260101-20260111")
    done = play("download_data", "--limit", host.host.name, *words)
    assert done.rc == 0, done.out
    assert "download_data: done, 1 of 1 hosts" in done.out
    before = host.sh(f"cat {SLOTS}")
    declared = {**json.loads(before), "limits": {"backtest": 3}}
    host.sh(f"echo '{json.dumps(declared)}' > {SLOTS}")
    yield host
    host.sh(f"echo '{before.strip()}' > {SLOTS}")
