"""Numbers as they stand on a page: fractions as percent, amounts with as many digits as their currency needs."""

from __future__ import annotations

from dataclasses import dataclass

from freqops.core.base.page_parts import MINUS, NOTHING
from freqops.core.results.backtest_archive import Backtest

LARGE = 1e15  # from here on the digits say less than the exponent


def plain(value: float | None, places: int | None = None, sign: str = "") -> str:
    """Return a number; a dash where there is none.

    Args:
        value: The number.
        places: Digits after the point; None for six significant digits.
        sign: ``+`` where one above 0 has a sign, too.
    """
    if value is None or value != value:  # noqa: PLR0124  not a number
        return NOTHING
    if places is None or abs(value) >= LARGE:
        text = f"{value:{sign},.6g}"
    else:
        text = f"{round(value, places) or 0:{sign if round(value, places) else ''},.{places}f}"
    return text.replace("-", MINUS)


def percent(value: float | None, sign: str = "+") -> str:
    """Return a fraction as percent; see `plain`."""
    text = plain(None if value is None else value * 100, 2, sign)
    return text if text == NOTHING else f"{text} %"


@dataclass(frozen=True)
class Money:
    """Amounts of a currency.

    Attributes:
        currency: Its name.
        places: Digits after the point.
    """

    currency: str
    places: int

    def text(self, value: float | None, sign: str = "") -> str:
        """Return an amount without its currency; see `plain`."""
        return plain(value, self.places, sign)


def money_of(backtest: Backtest) -> Money:
    """Return how amounts of a backtest are written: small balances, as of Bitcoin, need every digit."""
    return Money(backtest.stake_currency, 2 if backtest.starting_balance >= 10 else 8)
