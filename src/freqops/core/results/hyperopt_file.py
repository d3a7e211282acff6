"""The epochs of a hyperopt, as Freqtrade writes them: a line of JSON for each, in a file that ends in ``.fthypt``.

Freqtrade appends a line when an epoch is over, so a file that is still written, or whose hyperopt was killed, may end
in the middle of one. The format is that of ``Hyperopt._save_result`` in Freqtrade's ``optimize/hyperopt``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Epoch:
    """One epoch of a hyperopt.

    Attributes:
        number: Its number, from 1 on.
        loss: What the hyperopt made as small as it could; not a number (nan) where the loss function gave none.
        best: Whether it was the best when it was over.
        trades: How many trades it made.
        profit: Its profit, as a fraction of the balance that it began with.
        parameters: The parameters that the hyperopt tried, by name.
        metrics: Further figures, by the names that a backtest has for them.
    """

    number: int
    loss: float
    best: bool
    trades: int
    profit: float
    parameters: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)


class Summary:
    """What is known of a hyperopt by its epochs, taken in one after the other."""

    def __init__(self) -> None:
        self._number = 0
        self._best: Epoch | None = None

    def take(self, epoch: Epoch) -> bool:
        """Take in an epoch, and return whether it is the best until now."""
        self._number += 1
        better = not math.isnan(epoch.loss) and (self._best is None or epoch.loss < self._best.loss)
        if better:
            self._best = epoch
        return better

    def metrics(self) -> dict[str, float]:
        """Return how many epochs there are, and the figures of the best one."""
        found = {"epochs": float(self._number)}
        if self._best is not None:
            found |= {**self._best.metrics, "loss": self._best.loss, "trades": float(self._best.trades)}
            if not math.isnan(self._best.profit):
                found["profit_total"] = self._best.profit
        return found
