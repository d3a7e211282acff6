"""The stage of a promotion: its overlay never allows more than its share, and one that cannot trade is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base.errors import Refused
from freqops.core.promotion import stage
from freqops.core.promotion.built_configuration import Stake
from freqops.core.promotion.stage import SHARES, SmallestOrder, least, overlay

TENTH, HALF, ALL = SHARES
amounts = st.one_of(
    st.integers(1, 10**9), st.floats(1e-6, 1e9, allow_nan=False), st.decimals("0.00000001", "1e9", places=8).map(float)
)
ratios = st.one_of(st.floats(1e-4, 1.0), st.sampled_from([0.99, 1, 0.5, 0.1]))
shares = st.sampled_from(SHARES)
configs = st.fixed_dictionaries(
    {"stake_amount": st.one_of(amounts, st.just("unlimited")), "stoploss": st.floats(-1.0, -0.001)},
    optional={
        "tradable_balance_ratio": ratios,
        "available_capital": amounts,
        "amount_reserve_percent": st.floats(0.0, 0.5),
    },
).map(lambda config: {**config, "max_open_trades": 3})
prices = st.decimals("0.0001", "100000", places=4)
orders = st.lists(
    st.builds(
        SmallestOrder,
        pair=st.just("BTC/USDT"),
        price=prices,
        cost=st.one_of(st.none(), st.decimals("0.01", "1000", places=2)),
        amount=st.one_of(st.none(), st.decimals("0.00001", "10", places=5)),
    ),
    max_size=4,
)


def exact(value: Any) -> Decimal:
    return Decimal(str(value))


@given(configs, shares)
def test_no_value_is_more_than_its_share(config: dict[str, Any], share: Decimal) -> None:
    """What its file says is at most the share of what the configuration says, and hardly less."""
    read = json.loads(json.dumps(overlay(config, share)))
    for name, value in read.items():
        whole = exact(config.get(name, stage.DEFAULT_RATIO))
        assert exact(value) <= whole * share
        assert exact(value) >= whole * share * Decimal("0.999999999999999")
    assert ("stake_amount" in read) is (config["stake_amount"] != "unlimited")
    assert ("available_capital" in read) is ("available_capital" in config)
    assert "tradable_balance_ratio" in read


@given(configs)
def test_all_of_it_is_the_values_themselves(config: dict[str, Any]) -> None:
    found = overlay(config, ALL)
    assert found == {name: config.get(name, stage.DEFAULT_RATIO) for name in found}
    assert [type(value) for value in found.values()] == [type(config.get(name, stage.DEFAULT_RATIO)) for name in found]


@given(configs)
def test_a_lower_stage_allows_no_more_than_a_higher_one(config: dict[str, Any]) -> None:
    low, middle, high = (overlay(config, share) for share in SHARES)
    assert all(low[name] <= middle[name] <= high[name] for name in high)


@pytest.mark.parametrize(
    ("value", "share", "expected"),
    [(100, TENTH, 10), (100, HALF, 50), (33.3, TENTH, 3.33), (5, TENTH, 0.5), (0.07, TENTH, 0.007), (7, HALF, 3.5)],
)
def test_what_is_written_is_what_a_person_reckons(value: Any, share: Decimal, expected: Any) -> None:
    found = overlay({"stake_amount": value}, share)["stake_amount"]
    assert repr(found) == repr(expected)
    assert repr(overlay({"stake_amount": "unlimited"}, TENTH)) == "{'tradable_balance_ratio': 0.099}"


@pytest.mark.parametrize("share", [Decimal("0.2"), Decimal(0), Decimal(2), Decimal("NaN"), Decimal(-1)])
def test_another_share_is_no_stage(share: Decimal) -> None:
    with pytest.raises(Refused, match=r"is no stage; there are: 10%, 50%, 100%$"):
        overlay({"stake_amount": 100}, share)
    with pytest.raises(Refused, match="is no stage"):
        least({"stake_amount": 100, "stoploss": -0.1}, share, [])


@pytest.mark.parametrize("value", [None, True, "100", "Unlimited", 0, -1, float("nan"), float("inf"), [100], {}])
@pytest.mark.parametrize("name", ["stake_amount", "tradable_balance_ratio", "available_capital"])
def test_a_value_that_cannot_be_scaled_is_refused(name: str, value: Any) -> None:
    for share in SHARES:
        with pytest.raises(Refused, match=rf"{name} is .*; it must be a number above 0"):
            overlay({"stake_amount": 100, name: value}, share)


def test_a_ratio_above_1_is_refused() -> None:
    with pytest.raises(Refused, match=r"tradable_balance_ratio is 1\.5"):
        overlay({"stake_amount": 100, "tradable_balance_ratio": 1.5}, TENTH)


def test_no_stake_at_all_is_refused() -> None:
    with pytest.raises(Refused, match="stake_amount is None"):
        overlay({}, TENTH)


def test_a_stake_that_no_overlay_reaches_is_refused() -> None:
    stage.refuse_fixed(Stake({"stake_amount": 100}))
    with pytest.raises(Refused, match="its strategy settles stake_amount itself, so no stage can lower it"):
        stage.refuse_fixed(Stake({"stake_amount": 100}, ("stake_amount",)))


# --- the smallest order


def freqtrades(config: dict[str, Any], order: SmallestOrder) -> float:
    """Return the smallest entry as `Exchange._get_stake_amount_limit` of Freqtrade 2026.9 reckons it."""
    stoploss, limits = config["stoploss"], []
    margin = 1.0 + config.get("amount_reserve_percent", 0.05)
    with_stop = margin / (1 - abs(stoploss)) if abs(stoploss) != 1 else 1.5
    with_stop = max(min(with_stop, 1.5), 1)
    if order.cost is not None:
        limits.append(float(order.cost) * with_stop)
    if order.amount is not None:
        limits.append(float(order.amount) * float(order.price) * margin)
    return max(limits, default=0.0)


@given(configs, shares, orders)
def test_the_smallest_entry_is_that_of_freqtrade(
    config: dict[str, Any], share: Decimal, smallest: list[SmallestOrder]
) -> None:
    found = least(config, share, smallest, Decimal(1000))
    assert float(found.entry) == pytest.approx(max((freqtrades(config, order) for order in smallest), default=0.0))


@given(configs, shares, orders, st.decimals("0.01", "1e6", places=2))
def test_what_is_said_to_work_works_and_nothing_less_does(
    config: dict[str, Any], share: Decimal, smallest: list[SmallestOrder], balance: Decimal
) -> None:
    found = least(config, share, smallest, balance)
    works = {each: least(config, each, smallest, balance).works for each in SHARES}
    assert found.share == next((each for each in SHARES if works[each]), None)
    assert found.works is works[share]
    if found.stake_amount > 0:
        assert least({**config, "stake_amount": float(found.stake_amount * 2)}, share, smallest).works
        less = float(found.stake_amount - 2 * stage.STEP)
        assert less <= 0 or not least({**config, "stake_amount": less}, share, smallest).works


@given(configs, shares, orders, st.decimals("0.01", "1e6", places=2))
def test_a_stage_is_refused_just_where_it_does_not_work(
    config: dict[str, Any], share: Decimal, smallest: list[SmallestOrder], balance: Decimal
) -> None:
    if least(config, share, smallest, balance).works:
        stage.refuse(config, share, smallest, balance)
    else:
        with pytest.raises(Refused):
            stage.refuse(config, share, smallest, balance)


CONFIG: dict[str, Any] = {"stake_amount": 100, "stoploss": -0.1, "max_open_trades": 4}
TEN = SmallestOrder("BTC/USDT", Decimal(50000), cost=Decimal(10), amount=Decimal("0.00001"))


def refused(config: dict[str, Any], share: Decimal, *smallest: SmallestOrder, balance: Decimal | None = None) -> str:
    with pytest.raises(Refused) as error:
        stage.refuse({**CONFIG, **config}, share, smallest or (TEN,), balance)
    return str(error.value)


def test_the_least_stage_that_works_is_said() -> None:
    assert refused({}, TENTH) == (
        "a stage of 10 % stakes 10, and the smallest entry in BTC/USDT is 11.66666667; "
        "the least stage that works is 50 %"
    )
    stage.refuse(CONFIG, HALF, [TEN])
    assert refused({"stake_amount": 20}, HALF).endswith("the least stage that works is 100 %")


def test_the_least_stake_is_said_where_no_stage_works() -> None:
    said = refused({"stake_amount": 11}, TENTH)
    assert said.endswith("; the least stake_amount that works with it is 116.66666667")
    stage.refuse({**CONFIG, "stake_amount": 116.66666667}, TENTH, [TEN])
    assert refused({"stake_amount": 116.66666}, TENTH)


def test_the_pair_that_demands_most_counts() -> None:
    large = SmallestOrder("ETH/USDT", Decimal(3000), amount=Decimal("0.02"))
    assert "the smallest entry in ETH/USDT is 63" in refused({}, HALF, TEN, large)
    stage.refuse(CONFIG, ALL, [large, TEN])


def test_the_reserve_of_freqtrade_counts() -> None:
    stage.refuse({**CONFIG, "stoploss": -0.001, "amount_reserve_percent": 0}, HALF, [TEN])
    exactly = {"amount_reserve_percent": 0, "stoploss": -0.5}
    assert refused({**exactly, "stake_amount": 29.99}, HALF).endswith("the least stage that works is 100 %")
    stage.refuse({**CONFIG, **exactly, "stake_amount": 30}, HALF, [TEN])
    assert refused({"stoploss": -1, "stake_amount": 29}, HALF)


def test_without_limits_every_stage_works() -> None:
    stage.refuse(CONFIG, TENTH, [])
    stage.refuse(CONFIG, TENTH, [SmallestOrder("BTC/USDT", Decimal(1))])


def test_an_unlimited_stake_is_a_part_of_what_is_there() -> None:
    unlimited = {"stake_amount": "unlimited", "tradable_balance_ratio": 0.5}
    assert "is not known: it is unlimited, and no balance is known" in refused(unlimited, TENTH)
    assert least({**CONFIG, **unlimited}, TENTH, [TEN], Decimal(1000)).stake == Decimal("12.5")
    stage.refuse({**CONFIG, **unlimited}, TENTH, [TEN], Decimal(1000))
    assert "a stage of 10 % stakes 11.25" in refused(unlimited, TENTH, balance=Decimal(900))
    capital = {"stake_amount": "unlimited", "available_capital": 400}
    assert least({**CONFIG, **capital}, HALF, [TEN]).stake == 50
    assert "max_open_trades is -1" in refused({**unlimited, "max_open_trades": -1}, TENTH)
    assert "max_open_trades is <inf>" in refused({**unlimited, "max_open_trades": "<inf>"}, TENTH)


@pytest.mark.parametrize("value", [None, "x", True, float("nan")])
def test_what_cannot_be_reckoned_with_is_refused(value: Any) -> None:
    assert "stoploss is" in refused({"stoploss": value}, TENTH)
    assert "amount_reserve_percent is" in refused({"amount_reserve_percent": value}, TENTH)
    assert "amount_reserve_percent is 0.6" in refused({"amount_reserve_percent": 0.6}, TENTH)
    assert "stake_amount is" in refused({"stake_amount": value}, TENTH)


def test_a_pair_of_others_is_shown_visibly() -> None:
    assert "\\x1b" in refused({}, TENTH, SmallestOrder("\x1b[2J", Decimal(1), cost=Decimal(10)))
