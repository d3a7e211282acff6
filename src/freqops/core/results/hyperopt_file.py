"""The epochs of a hyperopt, as Freqtrade writes them: a line of JSON for each, in a file that ends in ``.fthypt``.

Freqtrade appends a line when an epoch is over, so a file that is still written, or whose hyperopt was killed, may end
in the middle of one. The format is that of ``Hyperopt._save_result`` in Freqtrade's ``optimize/hyperopt``.

The file is read line by line: one of 10,000 epochs, of which each has all its trades, is larger than a host's memory.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ..base import kinds, plain_file
from ..base.kinds import Malformed
from ..base.visible import visible
from . import backtest_metrics
from .archive_file import MOST_VALUES, ResultUnreadable
from .moments import MILLISECONDS, SECONDS, moment, moment_or_none

LONGEST_LINE = 32 * 1024 * 1024  # bytes
LARGEST_NUMBER = 10**9  # of an epoch, or of its trades


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


@dataclass(frozen=True)
class Line:
    """A line of the file: an epoch, and what it says of the whole hyperopt.

    Attributes:
        epoch: The epoch.
        strategy: The class of the strategy.
        timeframe: Its timeframe.
        window_start: The first candle that was traded.
        window_end: The last one.
        started: When the epoch began; None where it does not say so.
        finished: When it was over; likewise.
        effective: All parameters that were in effect, by their spaces.
    """

    epoch: Epoch
    strategy: str
    timeframe: str
    window_start: datetime
    window_end: datetime
    started: datetime | None
    finished: datetime | None
    effective: dict[str, Any]


def epochs(path: Path) -> Iterator[Epoch]:
    """Yield the epochs in a file, in constant memory.

    Args:
        path: The file. No link is followed.

    Raises:
        ResultUnreadable: There is no such file, or a line is no epoch or not whole; all before it were yielded.
    """
    return (line.epoch for line in lines(path))


def lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a file, in constant memory; see `epochs`."""
    try:
        stream = plain_file.opened(path)
    except FileNotFoundError:
        raise ResultUnreadable(f"{path.name}: it is missing") from None
    except plain_file.NotRead as error:
        raise ResultUnreadable(f"{path.name}: {error}") from None
    with io.BufferedReader(stream) as file:  # type: ignore[type-var]
        number = before = 0
        try:
            while text := file.readline(LONGEST_LINE + 1):
                number += 1
                line = _line(text, before)
                before = line.epoch.number
                yield line
        except Malformed as error:
            raise ResultUnreadable(f"{path.name}: line {number}: {error}") from None
        except OSError as error:
            raise ResultUnreadable(f"{path.name}: it cannot be read: {error.strerror or error}") from None


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


class WholeLines:
    """The lines of a file until the first that cannot be read.

    Attributes:
        why: Why the others cannot be read; empty where all could, and until all were asked for.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.why = ""

    def __iter__(self) -> Iterator[Line]:
        """Yield them."""
        try:
            yield from lines(self._path)
        except ResultUnreadable as error:
            self.why = str(error)


def _line(text: bytes, before: int) -> Line:
    """Return what a line says, which stands behind that of epoch ``before``."""
    if not text.endswith(b"\n"):
        raise Malformed("it is cut off" if len(text) <= LONGEST_LINE else f"it has more than {LONGEST_LINE} bytes")
    if text.count(b",") + text.count(b"[") + text.count(b"{") > MOST_VALUES:
        raise Malformed(f"it has more than {MOST_VALUES} values")
    try:
        said = json.loads(text)  # a figure may be NaN or Infinity here
    except RecursionError:
        raise Malformed("it is nested too deeply") from None
    except ValueError as error:
        raise Malformed(f"it is no JSON: {visible(str(error), 120)}") from None
    if not isinstance(said, dict):
        raise Malformed("it is no object")
    result = kinds.value(said, "results_metrics", kinds.object_)
    if kinds.value(said, "current_epoch", _number) <= before:
        raise Malformed(f"epoch {said['current_epoch']} stands behind epoch {before}")
    return Line(
        epoch=_epoch(said, result),
        strategy=kinds.value(result, "strategy_name", lambda value: isinstance(value, str) and value.isidentifier()),
        timeframe=kinds.value(result, "timeframe", kinds.text),
        window_start=moment(result, "backtest_start_ts", MILLISECONDS),
        window_end=moment(result, "backtest_end_ts", MILLISECONDS),
        started=moment_or_none(result, "backtest_run_start_ts", SECONDS),
        finished=moment_or_none(result, "backtest_run_end_ts", SECONDS),
        effective=_effective(said),
    )


def _epoch(said: Mapping[str, Any], result: Mapping[str, Any]) -> Epoch:
    return Epoch(
        number=said["current_epoch"],
        loss=_figure(said, "loss"),
        best=kinds.value(said, "is_best", kinds.truth),
        trades=kinds.value(result, "total_trades", _number),
        profit=_figure(said, "total_profit"),
        parameters=kinds.value(said, "params_dict", kinds.object_),
        metrics=backtest_metrics.metrics(result),
    )


def _figure(said: Mapping[str, Any], name: str) -> float:
    """Return a figure; not a number where a loss function gave none."""
    value = said.get(name)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise Malformed(f"{name} is {visible(value, 60)}")
    return float(value) if kinds.number(value) else math.nan


def _number(value: object) -> bool:
    return kinds.count(value) and value < LARGEST_NUMBER  # type: ignore[operator]


def _effective(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was tried, over what was not, space by space."""
    found: dict[str, Any] = {}
    for name in ("params_not_optimized", "params_details"):
        for space, values in kinds.value(said, name, kinds.object_).items():
            both = isinstance(values, dict) and isinstance(found.get(space), dict)
            found[space] = {**found[space], **values} if both else values
    return {space: values for space, values in found.items() if values != {}}
