"""The answers of a witness, read as typed facts. They are what an exchange said: what is malformed is no fact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Callable, TypeVar

from ..base import kinds
from ..base.kinds import Malformed
from ..base.visible import visible
from .account import Market

AMOUNT = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
WORD = re.compile(r"[!-~]{1,100}")  # ids and names: nothing that cannot be seen, and no blank
PAIR = re.compile(r"[A-Za-z0-9]{1,20}/[A-Za-z0-9]{1,20}")
SIDES = ("buy", "sell")
SHOWN = 60
MOST_ROWS = 20_000

Row = TypeVar("Row")


@dataclass(frozen=True)
class About:
    """What asks the exchange.

    Attributes:
        exchange: The exchange, as ccxt calls it.
        ccxt: The version of ccxt.
        steps: Whether its precision is a step, as the rules take it, and not a number of digits.
        spot: Whether a pair is traded at spot, by pair.
    """

    exchange: str
    ccxt: str
    steps: bool
    spot: Mapping[str, bool]


@dataclass(frozen=True)
class Balance:
    """One coin of an account: its free part, the part in orders, and what the exchange says is the sum."""

    free: Decimal
    used: Decimal
    total: Decimal


@dataclass(frozen=True)
class Order:
    """An order of the account; ``price`` is None where it has none, ``client_id`` where the exchange names none."""

    id: str
    client_id: str | None
    pair: str
    side: str
    status: str
    amount: Decimal
    filled: Decimal
    price: Decimal | None


@dataclass(frozen=True)
class Fill:
    """One execution of an order."""

    id: str
    order: str
    pair: str
    side: str
    amount: Decimal
    price: Decimal
    at_ms: int


def about(value: Any) -> About:
    """Return what asks the exchange; this and all below raise `Malformed`."""
    document = _object(value)
    spot = kinds.value(document, "spot", kinds.object_)
    if not all(PAIR.fullmatch(str(pair)) and kinds.truth(said) for pair, said in spot.items()):
        raise Malformed("spot does not say yes or no for each pair")
    steps = bool(kinds.value(document, "steps", kinds.truth))
    return About(_word(document, "exchange"), _word(document, "ccxt"), steps, dict(spot))


def moment(value: Any) -> int:
    """Return a moment in milliseconds."""
    if not kinds.count(value):
        raise Malformed(f"a moment is '{_short(value)}'")
    return int(value)


def exchange_time(value: Any) -> int:
    """Return the time of an exchange, in milliseconds."""
    return moment(_object(value).get("exchange_ms"))


def markets(value: Any) -> dict[str, Market]:
    """Return markets by pair."""
    return {_pair(pair): _market(pair, said) for pair, said in _object(value).items()}


def balances(value: Any) -> dict[str, Balance]:
    """Return what an account has, by coin, with the sums as the exchange says them."""
    return {coin: Balance(*(_amount(_object(part), name) for name in ("free", "used", "total")))
            for coin, part in _object(value).items()}  # fmt: skip


def halves(value: Any) -> dict[str, tuple[Decimal, Decimal]]:
    """Return the free part and the part in orders, by coin."""
    return {coin: (_amount(_object(part), "free"), _amount(_object(part), "used"))
            for coin, part in _object(value).items()}  # fmt: skip


def placed(value: Any) -> str:
    """Return the number of an order from the answer to placing it: some exchanges say no more of it then."""
    return _word(_object(value), "id")


def order(value: Any) -> Order:
    """Return one order."""
    found = _object(value)
    client_id = found.get("client_id")
    price = None if found.get("price") is None else _amount(found, "price")
    return Order(
        _word(found, "id"), None if client_id is None else _word(found, "client_id"), _pair(found.get("pair")),
        _side(found), _word(found, "status"), _amount(found, "amount"), _amount(found, "filled"), price,
    )  # fmt: skip


def order_or_none(value: Any) -> Order | None:
    """Return one order, or None where the exchange knows none."""
    return None if value is None else order(value)


def orders(value: Any) -> list[Order]:
    """Return orders, by their numbers; none stands there twice."""
    found = _rows(value, order)
    kinds.refuse_twice([each.id for each in found])
    return sorted(found, key=lambda each: each.id)


def fills(value: Any) -> list[Fill]:
    """Return fills, the oldest first; none stands there twice."""
    found = _rows(value, _fill)
    kinds.refuse_twice([each.id for each in found])
    return sorted(found, key=lambda each: (each.at_ms, each.id))


def _market(pair: str, value: Any) -> Market:
    found = _object(value)
    base, quote = pair.split("/")
    if (found.get("base"), found.get("quote")) != (base, quote):
        raise Malformed(f"{pair} trades '{_short(found.get('base'))}' for '{_short(found.get('quote'))}'")
    return Market(base, *(_amount(found, name) for name in ("min_amount", "min_cost", "step", "price")))


def _fill(value: Any) -> Fill:
    found = _object(value)
    return Fill(
        _word(found, "id"), _word(found, "order"), _pair(found.get("pair")), _side(found), _amount(found, "amount"),
        _amount(found, "price"), moment(found.get("at_ms")),
    )  # fmt: skip


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) > MOST_ROWS:
        raise Malformed(f"an answer is '{_short(value)}'")
    return value


def _rows(value: Any, read: Callable[[Any], Row]) -> list[Row]:
    if not isinstance(value, list) or len(value) > MOST_ROWS:
        raise Malformed(f"an answer is '{_short(value)}'")
    return [read(each) for each in value]


def _amount(found: Mapping[str, Any], name: str) -> Decimal:
    text = found.get(name)
    if not isinstance(text, str) or not AMOUNT.fullmatch(text):
        raise Malformed(f"{name} is '{_short(text)}'")
    return Decimal(text)


def _word(found: Mapping[str, Any], name: str) -> str:
    text = found.get(name)
    if not isinstance(text, str) or not WORD.fullmatch(text):
        raise Malformed(f"{name} is '{_short(text)}'")
    return text


def _pair(value: Any) -> str:
    if not isinstance(value, str) or not PAIR.fullmatch(value):
        raise Malformed(f"pair is '{_short(value)}'")
    return value


def _side(found: Mapping[str, Any]) -> str:
    if found.get("side") not in SIDES:
        raise Malformed(f"side is '{_short(found.get('side'))}'")
    return str(found["side"])


def _short(value: Any) -> str:
    return visible(value, SHOWN)
