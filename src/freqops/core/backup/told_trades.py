"""The trades that a bot's API lists, compared with those in its database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed
from ..base.visible import visible

OPEN = "select id, pair, amount from trades where is_open order by id"
CLOSED = "select count(*) as closed from trades where not is_open"
PLACES = 8  # to which Freqtrade rounds an amount where it tells it
SHOWN = 60
TRADE: dict[str, kinds.Kind] = {"trade_id": kinds.count, "pair": kinds.text, "amount": kinds.number}


def of_database(rows: Sequence[Sequence[Any]]) -> list[tuple[int, str, float]]:
    """Return the open trades that `OPEN` finds, as an API tells them."""
    return sorted((int(number), str(pair), round(float(amount), PLACES)) for number, pair, amount in rows)


def of_api(trades: Sequence[Any]) -> list[tuple[int, str, float]]:
    """Return the open trades that an API tells.

    Raises:
        Malformed: One of them has no number, pair or amount.
    """
    told = [kinds.checked(trade, TRADE, tuple(TRADE)) for trade in trades]
    return sorted((trade["trade_id"], trade["pair"], round(float(trade["amount"]), PLACES)) for trade in told)


def closed(history: object) -> int:
    """Return how many closed trades an API counts in its history.

    Raises:
        Malformed: It does not say.
    """
    if not isinstance(history, dict):
        raise Malformed("the history of trades is no object")
    return int(kinds.value(history, "total_trades", kinds.count))


def differences(held: Sequence[tuple[int, str, float]], told: Sequence[tuple[int, str, float]]) -> list[str]:
    """Return the differences between an API and the database, a line each."""
    there, said = ({trade[0]: trade for trade in trades} for trades in (held, told))
    lines = [f"trade {number} is told twice" for number in sorted(said) if [t[0] for t in told].count(number) > 1]
    for number in sorted(there.keys() | said.keys()):
        one, other = there.get(number), said.get(number)
        if one != other:
            lines.append(f"trade {number}: the database has {_shown(one)}, the bot tells {_shown(other)}")
    return lines


def _shown(trade: tuple[int, str, float] | None) -> str:
    return "none" if trade is None else f"{trade[2]} of {visible(trade[1], SHOWN)}"
