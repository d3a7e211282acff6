"""A strategy that imports what is not there."""

from __future__ import annotations

import a_module_that_nobody_has  # type: ignore[import-not-found]
from freqtrade.strategy import IStrategy


class BrokenStrategy(IStrategy):  # type: ignore[misc]
    """Is never loaded."""

    timeframe = "5m"
    stoploss = a_module_that_nobody_has.STOPLOSS
