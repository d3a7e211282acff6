"""What keeps a run from beginning on a host: the drawdown of backtests before it, and the load beside a live bot."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

import pytest

from tests.support.field import until
from tests.support.research import Research

RISK = "/etc/freqops/risk.json"
BUSY = "freqops-test-busy"
BURNING = "for each in 1 2 3 4; do while :; do :; done & done; wait"
LOAD = 1.6  # of two processors, of which the limit is 0.75 each
CANDLES = {"timeframe": "", "timeframes": "1h", "pairs": "BTC/USDT", "timerange": "20260101-20260103"}


@pytest.fixture
def busy_live_host() -> Iterator[Research]:
    """The host of a live bot, whose processors have more to do than they can; it ends by itself, too."""
    host = Research("prod-1", "gamma")
    host.ready()
    own = "systemd-run --quiet --collect --property RuntimeMaxSec=300"
    host.sh(f"{own} --unit {BUSY} sh -c {shlex.quote(BURNING)}")
    yield host
    host.sh(f"systemctl stop {BUSY} 2>/dev/null; true")


def test_the_drawdown_of_the_last_backtest_keeps_another_from_beginning(host: Research) -> None:
    first = host.begun("backtest", fee="0.05")  # with which each trade loses
    assert host.end_of(first)["status"] == "finished"
    before = host.sh(f"cat {RISK}").strip()
    declared = {**json.loads(before), "max_backtest_drawdown": 0.01}
    host.sh(f"printf %s {shlex.quote(json.dumps(declared))} > {RISK}")
    try:
        rc, answer = host.start("backtest")
    finally:
        host.sh(f"printf '%s\\n' {shlex.quote(before)} > {RISK}")
    assert rc == 1, answer
    assert "recent_drawdown_exceeded: " in answer["refused"], answer
    assert host.free("backtest")


def test_a_busy_host_takes_no_run_beside_its_live_bot_unless_it_is_forced(busy_live_host: Research) -> None:
    host = busy_live_host
    until("its load is above the limit", lambda: float(host.sh("cut -d' ' -f1 /proc/loadavg")) > LOAD)
    rc, answer = host.start("download", **CANDLES)
    assert rc == 1, answer
    assert "load_exceeded: " in answer["refused"], answer
    assert "beside gamma" in answer["refused"], answer
    run = host.begun("download", **CANDLES, force=True)
    host.sh(f"systemctl stop {BUSY}")
    end = host.end_of(run)
    assert end["status"] == "finished", (end, host.log(run))
    assert "forced in spite of load_exceeded" in host.row(run)["overridden"]
