"""The limits of a bot: the two RISK_LIVE_* values that act inside the bot, and when an entry is beyond them.

A deploy writes them into ``conf/limits.json``, and the entry gate reads them there each time that it is asked: a file
that is missing or cannot be read allows no entry. No limit is written as null, so that a lost file is never taken for
one that says so. This file is part of every release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..base import strict_json
from ..base.errors import Refused
from ..base.strict_json import Unreadable

FILE = "limits.json"
FORMAT = 1
MAX_BYTES = 4096
KEYS = ("risk_live_max_concurrent_trades", "risk_live_max_per_market_exposure")  # of a bot in freqtrade_bots
MOST_TRADES = 10_000
CONCURRENT, EXPOSURE = "live_concurrent_trades_exceeded", "per_market_exposure_exceeded"
ROUNDING = 1e-9  # relative; a stake that went through an amount and a price is not the same number any more


@dataclass(frozen=True)
class Limits:
    """The limits of one bot; None is no limit.

    Attributes:
        max_concurrent_trades: Trades that may be open at once.
        max_market_exposure: The share of the wallet's total stake that may be in one market, above 0 up to 1.
    """

    max_concurrent_trades: int | None = None
    max_market_exposure: float | None = None

    @property
    def declared(self) -> bool:
        """Whether there is a limit at all."""
        return self != Limits()

    def to_json(self) -> dict[str, Any]:
        """Return the limits as they stand in ``limits.json``."""
        return {"version": FORMAT, **asdict(self)}

    def __str__(self) -> str:
        """The limits in words."""
        return (
            f"concurrent trades {'unlimited' if self.max_concurrent_trades is None else self.max_concurrent_trades}, "
            f"exposure of a market {'unlimited' if self.max_market_exposure is None else self.max_market_exposure}"
        )


def declared(bot: Mapping[str, Any]) -> Limits:
    """Return the limits that the inventory declares for a bot, an item of ``freqtrade_bots``.

    Raises:
        Refused: One of them is no limit; the text says which and what is allowed.
    """
    key = KEYS[0]
    try:
        most = trades(bot.get(key))
        key = KEYS[1]
        share = fraction(bot.get(key))
    except Refused as refusal:
        raise Refused(f"{key}: {refusal}") from None
    return Limits(most, share)


def load(path: Path) -> Limits:
    """Return the limits at ``path``.

    Raises:
        Unreadable: They are missing, or not exactly what `Limits.to_json` gives.
    """
    try:
        return parse(strict_json.load(path, MAX_BYTES))
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}") from None


def parse(document: Any) -> Limits:
    """Return the limits that a document says.

    Raises:
        Unreadable: It is not exactly what `Limits.to_json` gives.
    """
    wanted = set(Limits().to_json())
    if not isinstance(document, dict) or set(document) != wanted:
        raise Unreadable(f"it is no object of {', '.join(sorted(wanted))}")
    version = document["version"]
    if isinstance(version, bool) or version != FORMAT:
        raise Unreadable(f"its format {version!r} is not {FORMAT}")
    try:
        return Limits(trades(document["max_concurrent_trades"]), fraction(document["max_market_exposure"]))
    except Refused as refusal:
        raise Unreadable(str(refusal)) from None


def trades(value: Any) -> int | None:
    """Return a number of concurrent trades, None where there is no limit.

    Raises:
        Refused: It is no whole number from 1 on.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_TRADES:
        raise Refused(f"{value!r} is no number of trades; write a whole number from 1 to {MOST_TRADES}")
    return value


def fraction(value: Any) -> float | None:
    """Return a fraction, None where there is none.

    Raises:
        Refused: It is no number above 0 and up to 1; where it looks like a percentage, the text shows its fraction.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise Refused(f"{value!r} is no fraction; write a number above 0 and up to 1, like 0.25")
    if value > 1:
        meant = f"; {value:g} % is written {value / 100:g}" if value <= 100 else ""
        raise Refused(f"{value:g} is above 1, and thresholds are fractions{meant}")
    return float(value)


def concurrent_exceeded(open_trades: int, most: int) -> str:
    """Return the reason why one more trade would be one too many beside ``open_trades``; empty where it would not."""
    return f"{CONCURRENT}: {open_trades}/{most}" if open_trades >= most else ""


def exposure_exceeded(market: str, share: float, most: float) -> str:
    """Return the reason why so large a share is too much for one market; empty where it is not.

    Args:
        market: The pair.
        share: Its part of the wallet's total stake; what is no number is too much.
        most: The part that it may have.
    """
    if share <= most * (1 + ROUNDING):
        return ""
    return f"{EXPOSURE}:{market}:{share:.6g}>{most:.6g}"
