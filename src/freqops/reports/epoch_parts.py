"""The part of a page that says what a hyperopt tried: its losses, and its best epoch with the parameters of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from freqops.core.base.markup import Markup, element
from freqops.core.base.page_parts import count
from freqops.core.results.document import Document
from freqops.core.results.hyperopt_file import Epoch

from . import asked, figures
from .drawn import plot
from .numbers import percent, plain
from .tables import only, table_of

NO_RESULT = 100_000.0  # the loss that Freqtrade gives an epoch of too few trades: MAX_LOSS of its hyperopt_optimizer
LOWEST = 20  # epochs in the table


def best_of(epochs: Sequence[Epoch]) -> Epoch | None:
    """Return the epoch with the smallest loss, of equal ones the first; None where none has a result."""
    return min(_with_result(epochs), key=lambda epoch: (epoch.loss, epoch.number), default=None)


def epochs(document: Document) -> list[Markup]:
    """Return the losses of epochs as a plot, the smallest as a table, and the parameters of the best."""
    found = document.epochs
    if not found:
        return [element("p", "No epoch was finished.")]
    good = sorted(_with_result(found), key=lambda epoch: epoch.number)
    every = max(len(found), int(document.metrics.get("epochs", 0)))
    left = (
        f" {count(len(found), 'epoch')} of them are here, those with the smallest loss." if every > len(found) else ""
    )
    without = f"{count(len(found) - len(good), 'epoch')} here had no result, as of too few trades."
    said = f"{count(every, 'epoch')} finished.{left} {without}"
    best = best_of(found)
    if best is None:
        return [element("p", said)]
    lowest = sorted(good, key=lambda epoch: (epoch.loss, epoch.number))
    kept = {id(epoch) for epoch in lowest[: figures.MOST_POINTS]}
    shown = [epoch for epoch in good if id(epoch) in kept]
    rows = [
        (f"{epoch.number}", plain(epoch.loss), plain(epoch.trades, 0), percent(epoch.profit))
        for epoch in lowest[:LOWEST]
    ]  # fmt: skip
    headings = ("parameter", "value")
    values = [
        (element("code", name), element("code", value)) for name, value in sorted(asked.flat(best.parameters).items())
    ]
    drawn = figures.losses(shown, best)
    caption = f"The {count(len(rows), 'epoch')} with the smallest loss"
    return [
        element("p", said),
        element("p", f"The best is epoch {best.number}: loss {plain(best.loss)}, {count(best.trades, 'trade')}, profit "
                     f"{percent(best.profit)}."),
        plot("epochs", drawn, "The loss of each epoch, the smallest until then, and the best epoch"),
        *only(len(shown), len(good), "epoch", "those with the smallest loss"),
        element(
            "div",
            element("div", table_of(caption, ("epoch", "loss", "trades", "profit"), rows)),
            element("div", table_of(f"The parameters of epoch {best.number}", headings, values, text=("value",))),
            class_="beside",
        ),
    ]  # fmt: skip


def _with_result(epochs: Sequence[Epoch]) -> list[Epoch]:
    return [epoch for epoch in epochs if math.isfinite(epoch.loss) and epoch.loss < NO_RESULT]
