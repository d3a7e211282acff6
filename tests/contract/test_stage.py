"""The overlay of a stage, laid over what the real Freqtrade reads: no entry gets more than its share."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from freqops.core.deploy.release import PACKAGE
from freqops.core.promotion import stage
from freqops.core.promotion.stage import SHARES, SmallestOrder
from tests.contract.judged import Release, write
from tests.contract.stack import Stack, finished

STAKES = Path(__file__).parent / "stakes.py"
NAME = "Staking"
SOURCE = """
from freqtrade.strategy import IStrategy
class Staking(IStrategy):
    minimal_roi = {"0": 1}
    stoploss = -0.1
    def populate_indicators(self, dataframe, metadata): return dataframe
    def populate_entry_trend(self, dataframe, metadata): return dataframe
    def populate_exit_trend(self, dataframe, metadata): return dataframe
"""
GREEDY = """
    def custom_stake_amount(self, proposed_stake, max_stake, **kwargs): return max_stake
"""
PROPERTY = """
    @property
    def stake_amount(self): return 400
    @stake_amount.setter
    def stake_amount(self, value): pass
"""
WALLET = {"stake_currency": "USDT", "dry_run_wallet": 10000, "max_open_trades": 4}
STAKES_OF: dict[str, dict[str, Any]] = {
    "number": {"stake_amount": 1000},
    "fraction": {"stake_amount": 333.3, "tradable_balance_ratio": 0.7},
    "unlimited": {"stake_amount": "unlimited"},
    "capital": {"stake_amount": "unlimited", "available_capital": 5000},
    "number-of-capital": {"stake_amount": 1000, "available_capital": 5000},
}
SOURCES = {"proposed": SOURCE, "greedy": SOURCE + GREEDY}
BOUNDED = [f"{how}-{kind}" for how in SOURCES for kind in STAKES_OF]
ON_TOP = "capital-and-profit"
PROFIT = 500
SMALL = "small"
CASES: dict[str, tuple[str, dict[str, Any], list[tuple[float, ...]]]] = {
    **{f"{how}-{kind}": (source, own, []) for how, source in SOURCES.items() for kind, own in STAKES_OF.items()},
    "greedy-with-a-trade": (SOURCES["greedy"], {"stake_amount": 1000}, [(200.0,)]),
    ON_TOP: (SOURCES["greedy"], {"stake_amount": "unlimited", "available_capital": 5000}, [(200.0, PROFIT)]),
    SMALL: (SOURCE, {"stake_amount": 100}, []),
    "property": (SOURCE + PROPERTY, {"stake_amount": 1000}, []),
}
Staked = dict[str, dict[str, dict[str, float]]]


def _overlay(share: Decimal) -> str:
    return f"stage-{int(share * 100):03}"


@pytest.fixture(scope="module")
def staked(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Staked:
    """What is staked by each case, without and with each overlay."""
    releases = tmp_path_factory.mktemp("stakes") / "all"
    for name, (source, own, trades) in CASES.items():
        files = write(
            releases / name, Release(NAME, source, own={**WALLET, **own}, drop=("log_config", "logfile", "api_server"))
        )
        (files.home / "case.json").write_text(json.dumps({"trades": trades}))
        for share in SHARES:
            (files.home / f"{_overlay(share)}.json").write_text(json.dumps(stage.overlay(own, share)))
    shutil.copy(STAKES, releases)
    container = stack.run(
        stack.image,
        entrypoint="python3",
        command=["/releases/stakes.py"],
        environment={"PYTHONPATH": f"/releases/{SMALL}/release/{PACKAGE}"},
        volumes=[f"{releases}:/releases:ro"],
        read_only=True,
        tmpfs={"/tmp": ""},  # noqa: S108  the container's own
    )
    status, said = finished(container)
    assert status == 0, said
    found: Staked = json.loads(said.splitlines()[-1])
    return found


def _most(before: float, share: Decimal) -> float:
    return before * float(share) * (1 + 1e-12)  # floats lose as much


def _of(found: Mapping[str, dict[str, float]], share: Decimal) -> dict[str, float]:
    return found[_overlay(share)]


@pytest.mark.parametrize("share", SHARES, ids=str)
@pytest.mark.parametrize("name", [*BOUNDED, "greedy-with-a-trade"])
def test_a_stage_gives_no_entry_more_than_its_share(staked: Staked, name: str, share: Decimal) -> None:
    """It takes the last configuration's stake, and gives a strategy no more than the ratio or the capital allows.

    So freqops scales all three, and a strategy that takes whatever it is given gets its share.
    """
    before, after = staked[name]["without"], _of(staked[name], share)
    for what in ("available", "proposed", "entered"):
        assert 0 < after[what] <= _most(before[what], share), what
    if share == 1:
        assert after == before


def test_a_greedy_strategy_is_what_it_is_called(staked: Staked) -> None:
    """A strategy may stake all that is available, whatever is proposed.

    So the stake alone would bound nothing.
    """
    found = staked["greedy-number"]["without"]
    assert found["entered"] == found["available"] > found["proposed"]


def test_what_was_earned_is_added_to_the_capital_whole(staked: Staked) -> None:
    """It adds the closed profit to the capital, whatever the share is.

    So a stage bounds the capital, and what the bot has earned comes on top of it.
    """
    before = staked[ON_TOP]["without"]["available"]
    for share in SHARES:
        after = _of(staked[ON_TOP], share)["available"]
        assert after == pytest.approx((before - PROFIT) * float(share) + PROFIT)


def test_a_property_of_a_strategy_is_beyond_a_stage(staked: Staked) -> None:
    """A property of a strategy beats every configuration.

    So freqops gives no stage to a strategy that settles its stake so.
    """
    found = staked["property"]
    assert {found[name]["proposed"] for name in ("without", _overlay(SHARES[0]))} == {400}


def test_the_smallest_entry_is_that_of_freqtrade(staked: Staked) -> None:
    """It reserves for amount and stop, and raises a stake that is a little below the smallest order to that.

    So freqops reckons with its smallest entry, and refuses a stage that is below.
    """
    smallest = SmallestOrder("BTC/USDT", Decimal(50000), Decimal(10), Decimal("0.00001"))
    config = {**WALLET, "stake_amount": 100, "stoploss": -0.1}
    least = stage.least(config, SHARES[0], [smallest])
    found = _of(staked[SMALL], SHARES[0])
    assert float(least.entry) == pytest.approx(found["smallest"])
    assert not least.works
    assert found["proposed"] < found["smallest"] == found["entered"], "it takes more than the share"
    assert least.share == SHARES[1]
    assert _of(staked[SMALL], SHARES[1])["entered"] == _of(staked[SMALL], SHARES[1])["proposed"]
