"""freqops_live: passes on what the rule says, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from library import freqops_live
from tests.unit.core.test_live import lab_config
from tests.unit.library.conftest import Run


@pytest.mark.parametrize("check", [True, False])
def test_says_where_a_bot_would_trade(run: Run, check: bool) -> None:
    answer = run(freqops_live, check=check, bot="gamma", config=lab_config())
    assert (answer["changed"], answer["exchange"]) == (False, "10.20.30.3:8080")


@pytest.mark.parametrize("check", [True, False])
def test_refuses_by_name_and_with_the_reason(run: Run, check: bool) -> None:
    config: dict[str, Any] = {**lab_config(), "trading_mode": "futures"}
    answer = run(freqops_live, check=check, bot="gamma", config=config)
    assert answer["failed"] is True
    assert answer["msg"].startswith("gamma: live bots are refused")
    assert "'futures'" in answer["msg"]
