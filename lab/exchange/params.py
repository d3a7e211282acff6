"""Reading request parameters, with Binance's refusals for those that are missing or misshapen."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from lab.exchange.errors import bad_symbol, bad_value, illegal, missing, too_precise
from lab.exchange.markets import MARKETS, PLACES

if TYPE_CHECKING:
    from lab.exchange.markets import Market

_NUMBER = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
_SYMBOL = r"[A-Z0-9]+"
_WHOLE = r"^[0-9]{1,20}$"


class Params:
    """The parameters of one request, from its query string and its form body."""

    def __init__(self, *encoded: str) -> None:
        self._values = {name: value for part in encoded for name, value in parse_qsl(part, keep_blank_values=True)}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def find(self, name: str) -> str | None:
        """Return a parameter, or None if it was not sent or was empty."""
        return self._values.get(name) or None

    def text(self, name: str) -> str:
        """Return a parameter that must be there."""
        value = self.find(name)
        if value is None:
            raise missing(name)
        return value

    def find_whole(self, name: str) -> int | None:
        """Return a whole number, or None."""
        value = self.find(name)
        if value is None:
            return None
        if not re.match(_WHOLE, value):
            raise illegal(name, _WHOLE)
        return int(value)

    def whole(self, name: str) -> int:
        """Return a whole number that must be there."""
        self.text(name)
        return self.find_whole(name) or 0

    def limit(self, default: int, most: int) -> int:
        """Return the number of answers that are wanted; Binance cuts larger numbers silently."""
        value = self.find_whole("limit")
        if value == 0:
            raise bad_value("limit")
        return min(value or default, most)

    def amount(self, name: str) -> Decimal:
        """Return an amount of money that must be there."""
        value = self.text(name)
        if not re.match(_NUMBER, value):
            raise illegal(name, _NUMBER)
        amount = Decimal(value)
        if amount != round(amount, PLACES):
            raise too_precise(name)
        return amount

    def market(self) -> Market:
        """Return the pair that `symbol` names."""
        symbol = self.text("symbol")
        if symbol not in MARKETS:
            raise bad_symbol()
        return MARKETS[symbol]

    def named_symbols(self) -> tuple[str, ...]:
        """Return the pairs that the request names, whether they exist or not."""
        named = f"{self.find('symbol') or ''} {self.find('symbols') or ''}"
        return tuple(re.findall(_SYMBOL, named))

    def symbols(self) -> list[str]:
        """Return the pairs that `symbol` or `symbols` names, or all of them."""
        if self.find("symbol"):
            return [self.market().symbol]
        if not self.find("symbols"):
            return list(MARKETS)
        try:
            wanted = json.loads(self.text("symbols"))
        except ValueError as error:
            raise illegal("symbols", '^\\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}\\]$') from error
        if not isinstance(wanted, list) or not wanted or any(symbol not in MARKETS for symbol in wanted):
            raise bad_symbol()
        return wanted
