"""Limits are refused for a strategy that certainly has no entry gate."""

from __future__ import annotations

import pytest

from freqops.core.preflight import bot_limits
from tests.unit.core.preflight.fleets import bot, fleet, inventory


@pytest.mark.parametrize(("gated", "refused"), [(False, True), (True, False), (None, False)])
def test_a_limit_that_nothing_would_keep_is_refused(gated: bool | None, refused: bool) -> None:
    hosts = inventory()
    bot(hosts, "gamma")["risk_live_max_concurrent_trades"] = 5
    found = bot_limits.without_gate(fleet(hosts), {("prod-1", "gamma"): gated, ("paper-1", "alpha"): False})
    lines = [
        (
            "prod-1 gamma: risk_live_max_concurrent_trades acts through the entry gate, and Some has none; give it "
            "freqops.strategy.EntryGate, see docs/strategies.md, or take the limit out"
        )
    ]
    assert [refusal.line for refusal in found] == (lines if refused else [])
