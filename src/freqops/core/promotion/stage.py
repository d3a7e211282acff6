"""The stage of a promotion: the share of the stake that it allows, as an overlay over a bot's configuration.

Freqtrade takes what it stakes from three values, and each is scaled: ``stake_amount``, where it is a number;
``tradable_balance_ratio``, of which it reckons what is available to a strategy that names its own stake; and
``available_capital``, which stands in the place of that ratio. So no entry gets more than the share of what it would
have got, with two limits. To ``available_capital`` Freqtrade adds what the bot has earned, whole. And it raises a stake
below the exchange's smallest order to that order, by 30 % at most; `refuse` refuses a stage with such a stake.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, localcontext
from typing import Any, Union

from ..base import kinds
from ..base.errors import Refused
from ..base.visible import visible
from .built_configuration import Stake

SHARES = (Decimal("0.1"), Decimal("0.5"), Decimal(1))
AMOUNT, RATIO, CAPITAL = "stake_amount", "tradable_balance_ratio", "available_capital"
UNLIMITED = "unlimited"
DEFAULT_RATIO = 0.99  # of Freqtrade
DEFAULT_RESERVE = Decimal("0.05")  # of Freqtrade: amount_reserve_percent
LARGEST_RESERVE = Decimal("1.5")  # of Freqtrade, for amount and stop together
PRECISION = 60  # digits, so that nothing is rounded but what a text says
STEP = Decimal("0.00000001")
SHOWN = 60

Number = Union[int, float]


@dataclass(frozen=True)
class SmallestOrder:
    """The smallest order of an exchange in a pair.

    Attributes:
        pair: The pair.
        price: The price of an entry, in the stake currency.
        cost: The least cost of an order, in the stake currency; None where there is none.
        amount: The least amount of an order, in the coin; None where there is none.
    """

    pair: str
    price: Decimal
    cost: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class Least:
    """The least that works, where a stage is asked for.

    Attributes:
        pair: The pair whose smallest order is the largest; empty where no pair has one.
        entry: The least stake of an entry that Freqtrade makes there without raising it.
        stake: The stake of an entry in the stage; None where it is not known.
        share: The least of `SHARES` that works; None where none does, or it is not known.
        stake_amount: The least ``stake_amount`` with which the stage that is asked for works.
    """

    pair: str
    entry: Decimal
    stake: Decimal | None
    share: Decimal | None
    stake_amount: Decimal

    @property
    def works(self) -> bool:
        """Whether the stage works."""
        return self.stake is not None and self.stake >= self.entry


def overlay(config: Mapping[str, Any], share: Decimal) -> dict[str, Number]:
    """Return the overlay of a stage: what it lays over a configuration as the last of all.

    Args:
        config: The values that Freqtrade built; what is not in `AMOUNT`, `RATIO` or `CAPITAL` is not looked at.
        share: One of `SHARES`.

    Raises:
        Refused: The share is none, or a value is none that can be scaled.
    """
    _refuse_share(share)
    values: dict[str, Any] = {RATIO: DEFAULT_RATIO}
    values.update((name, config[name]) for name in (RATIO, CAPITAL) if name in config)
    if config.get(AMOUNT) != UNLIMITED:
        values[AMOUNT] = config.get(AMOUNT)
    _number(RATIO, values[RATIO], Decimal(1))
    return {name: _scaled(name, value, share) for name, value in values.items()}


def refuse_fixed(stake: Stake) -> None:
    """Refuse a strategy that settles its stake itself: no overlay reaches it.

    Args:
        stake: The stake, as the mark of the release has it.

    Raises:
        Refused: It does.
    """
    if stake.fixed:
        raise Refused(
            f"its strategy settles {', '.join(visible(name, SHOWN) for name in stake.fixed)} itself, so no stage can "
            "lower it; leave it to the configuration"
        )


def least(
    config: Mapping[str, Any], share: Decimal, smallest_orders: Iterable[SmallestOrder], balance: Decimal | None = None
) -> Least:
    """Return whether a stage works with the smallest orders of an exchange, and the least that does.

    Args:
        config: The configuration that Freqtrade built, ``stoploss`` with it.
        share: One of `SHARES`.
        smallest_orders: Those of all pairs that the bot may trade.
        balance: All that the bot has in its stake currency, what is in trades with it; for an unlimited stake only.

    Raises:
        Refused: The share is none, or a value is none to reckon with.
    """
    _refuse_share(share)
    with localcontext() as context:
        context.prec = PRECISION
        entries = [(_entry(config, order), order.pair) for order in smallest_orders]
        entry, pair = max(entries, default=(Decimal(0), ""))
        whole = _stake(config, balance)
        works = [each for each in SHARES if whole is not None and whole * each >= entry]
        amount = (entry / share).quantize(STEP, ROUND_CEILING)
        stake = None if whole is None else whole * share
        return Least(pair, entry, stake, works[0] if works else None, amount)


def refuse(
    config: Mapping[str, Any], share: Decimal, smallest_orders: Iterable[SmallestOrder], balance: Decimal | None = None
) -> None:
    """Refuse a stage whose entries would be below the smallest order of the exchange; the arguments are of `least`.

    Raises:
        Refused: They would, or nobody knows; the text has the least share or the least stake that works.
    """
    found = least(config, share, smallest_orders, balance)
    if found.works:
        return
    percent, pair = f"{share * 100:f} %".replace(".0 %", " %"), visible(found.pair, SHOWN)
    if found.stake is None:
        raise Refused(f"the stake of a stage of {percent} is not known: it is unlimited, and no balance is known")
    wrong = (
        f"a stage of {percent} stakes {_text(found.stake)}, and the smallest entry in {pair} is {_text(found.entry)}"
    )
    if found.share is not None:
        raise Refused(f"{wrong}; the least stage that works is {found.share * 100:f} %".replace(".0 %", " %"))
    raise Refused(f"{wrong}; the least stake_amount that works with it is {_text(found.stake_amount)}")


def _refuse_share(share: Decimal) -> None:
    if share not in SHARES:
        known = ", ".join(f"{float(each):.0%}" for each in SHARES)
        raise Refused(f"{visible(str(share), SHOWN)} is no stage; there are: {known}")


def _number(name: str, value: object, most: Decimal | None = None) -> Decimal:
    """Return a value as the decimal number that its text says."""
    if not kinds.number(value) or Decimal(str(value)) <= 0 or (most is not None and Decimal(str(value)) > most):
        raise Refused(f"{name} is {visible(str(value), SHOWN)}; it must be a number above 0")
    return Decimal(str(value))


def _scaled(name: str, value: Any, share: Decimal) -> Number:
    """Return the share of a value: never more, and the value itself for all of it."""
    number = _number(name, value)
    if share == 1:
        return int(value) if isinstance(value, int) else float(value)
    with localcontext() as context:
        context.prec = PRECISION
        exact = number * share
        if isinstance(value, int) and exact == exact.to_integral_value():
            return int(exact)
        near = float(exact)
        return near if Decimal(str(near)) <= exact else math.nextafter(near, 0.0)


def _stake(config: Mapping[str, Any], balance: Decimal | None) -> Decimal | None:
    """Return what an entry stakes without a stage; None where nobody knows."""
    if config.get(AMOUNT) != UNLIMITED:
        return _number(AMOUNT, config.get(AMOUNT))
    trades = config.get("max_open_trades")
    if not kinds.whole(trades) or int(str(trades)) < 1:
        raise Refused(f"max_open_trades is {visible(str(trades), SHOWN)}; an unlimited stake needs a limit of trades")
    if CAPITAL in config:
        return _number(CAPITAL, config[CAPITAL]) / int(str(trades))
    if balance is None:
        return None
    return balance * _number(RATIO, config.get(RATIO, DEFAULT_RATIO), Decimal(1)) / int(str(trades))


def _entry(config: Mapping[str, Any], order: SmallestOrder) -> Decimal:
    """Return the least stake with which Freqtrade enters a pair, with what it reserves for the amount and the stop."""
    margin = 1 + _reserve(config)
    stop = abs(Decimal(str(config["stoploss"]))) if kinds.number(config.get("stoploss")) else None
    if stop is None:
        raise Refused(f"stoploss is {visible(str(config.get('stoploss')), SHOWN)}; it must be a number")
    with_stop = LARGEST_RESERVE if stop == 1 else max(min(margin / (1 - stop), LARGEST_RESERVE), Decimal(1))
    by_cost = Decimal(0) if order.cost is None else order.cost * with_stop
    return max(by_cost, Decimal(0) if order.amount is None else order.amount * order.price * margin)


def _reserve(config: Mapping[str, Any]) -> Decimal:
    value = config.get("amount_reserve_percent", DEFAULT_RESERVE)
    reserve = Decimal(str(value)) if kinds.number(value) or value is DEFAULT_RESERVE else Decimal(-1)
    if not 0 <= reserve <= Decimal("0.5"):
        raise Refused(f"amount_reserve_percent is {visible(str(value), SHOWN)}; it must be a number from 0 to 0.5")
    return reserve


def _text(value: Decimal) -> str:
    """Return a number of the stake currency for a sentence, rounded up: what is said to work does."""
    return f"{value.quantize(STEP, ROUND_CEILING).normalize():f}"
