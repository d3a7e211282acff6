"""The document of a run: all that a host says of it, for those who show it elsewhere.

It is made on the host, and read where nobody knows what the host is. A figure that is not known is null in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..base import iso_time, kinds
from ..base.kinds import Malformed
from . import analysis_file
from .analysis_file import Analysis
from .artifacts import Artifact
from .backtest_archive import Backtest, Trade
from .gaps import Gap
from .hyperopt_file import Epoch

VERSION = 1
MOST_TRADES, MOST_EPOCHS, MOST_GAPS = 50_000, 10_000, 10_000
TRADE: dict[str, kinds.Kind] = {
    **dict.fromkeys(("pair", "opened", "exit_reason", "enter_tag"), kinds.text),
    **dict.fromkeys(("profit_abs", "profit_ratio", "stake"), kinds.number),
    "closed": kinds.or_none(kinds.text),
}
BACKTEST: dict[str, kinds.Kind] = {
    **dict.fromkeys(("timeframe", "window_start", "window_end", "stake_currency"), kinds.text),
    "starting_balance": kinds.number,
    "trades": kinds.list_of(kinds.object_),
}
EPOCH: dict[str, kinds.Kind] = {
    **dict.fromkeys(("number", "trades"), kinds.count),
    **dict.fromkeys(("loss", "profit"), kinds.or_none(kinds.number)),
    "best": kinds.truth,
    "parameters": kinds.object_,
}
GAP: dict[str, kinds.Kind] = dict.fromkeys(("pair", "timeframe", "begins", "ends"), kinds.text)
ARTIFACT: dict[str, kinds.Kind] = dict.fromkeys(("name", "path", "sha256"), kinds.text)


@dataclass(frozen=True)
class Document:
    """What is known of a run.

    Attributes:
        run: Its row in the registry, every column.
        metrics: Its metrics.
        artifacts: The files that it left.
        backtest: Its result, where it is a backtest and can be read.
        epochs: Its epochs, where it is a hyperopt; where there are very many, those with the smallest loss.
        gaps: The gaps in its candles.
        notes: What is missing of it, and why.
        analysis: What it found, where it is an analysis and can be read.
    """

    run: dict[str, Any]
    metrics: dict[str, float] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    backtest: Backtest | None = None
    epochs: tuple[Epoch, ...] = ()
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()
    analysis: Analysis | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the document as a host answers with it."""
        return {
            "version": VERSION,
            "run": self.run,
            "metrics": self.metrics,
            "artifacts": [vars(each) for each in self.artifacts],
            "backtest": None if self.backtest is None else _of_backtest(self.backtest),
            "epochs": [_of_epoch(each) for each in self.epochs],
            "gaps": [{**vars(each), "begins": _iso(each.begins), "ends": _iso(each.ends)} for each in self.gaps],
            "notes": list(self.notes),
            "analysis": None if self.analysis is None else self.analysis.to_json(),
        }


def read(said: object) -> Document:
    """Return the document that a host answered with.

    Raises:
        Malformed: It is none.
    """
    if not isinstance(said, dict) or said.get("version") != VERSION:
        raise Malformed("it is no document of a run of this version")
    run = kinds.value(said, "run", kinds.flat)
    for name in ("id", "kind", "status"):
        kinds.value(run, name, kinds.text)
    metrics = kinds.value(said, "metrics", kinds.flat)
    odd = [name for name, value in metrics.items() if not kinds.number(value)]
    if odd:
        raise Malformed(f"a metric is '{metrics[odd[0]]}'")
    backtest = kinds.value(said, "backtest", kinds.or_none(kinds.object_))
    analysis = kinds.value(said, "analysis", kinds.or_none(kinds.object_))
    return Document(
        run=run,
        metrics={name: float(value) for name, value in metrics.items()},
        artifacts=tuple(Artifact(**_whole(each, ARTIFACT)) for each in _rows(said, "artifacts")),
        backtest=None if backtest is None else _backtest(run, metrics, _whole(backtest, BACKTEST)),
        epochs=tuple(_epoch(_whole(each, EPOCH)) for each in _rows(said, "epochs")),
        gaps=tuple(_gap(_whole(each, GAP)) for each in _rows(said, "gaps")),
        notes=tuple(kinds.value(said, "notes", kinds.list_of(kinds.text))) if "notes" in said else (),
        analysis=None if analysis is None else analysis_file.parsed(analysis, run["kind"], str(run.get("strategy"))),
    )


def _rows(said: Mapping[str, Any], name: str) -> list[Any]:
    found: list[Any] = kinds.value(said, name, kinds.list_of(kinds.object_))
    return found


def _whole(said: object, names: Mapping[str, kinds.Kind]) -> dict[str, Any]:
    return kinds.checked(said, names, tuple(names))


def _of_backtest(backtest: Backtest) -> dict[str, Any]:
    return {
        "timeframe": backtest.timeframe,
        "window_start": _iso(backtest.window_start),
        "window_end": _iso(backtest.window_end),
        "starting_balance": backtest.starting_balance,
        "stake_currency": backtest.stake_currency,
        "trades": [
            {**vars(each), "opened": _iso(each.opened), "closed": None if each.closed is None else _iso(each.closed)}
            for each in backtest.trades
        ],
    }


def _of_epoch(epoch: Epoch) -> dict[str, Any]:
    return {
        "number": epoch.number,
        "loss": None if math.isnan(epoch.loss) else epoch.loss,
        "trades": epoch.trades,
        "profit": None if math.isnan(epoch.profit) else epoch.profit,
        "best": epoch.best,
        "parameters": epoch.parameters,
    }


def _backtest(run: Mapping[str, Any], metrics: Mapping[str, float], said: Mapping[str, Any]) -> Backtest:
    trades = [_whole(each, TRADE) for each in said["trades"]]
    return Backtest(
        strategy=str(run.get("strategy") or ""),
        run_id=str(run["id"]),
        timeframe=said["timeframe"],
        timeframe_detail="",
        window_start=_moment(said["window_start"]),
        window_end=_moment(said["window_end"]),
        freqtrade_version=str(run.get("freqtrade_version") or ""),
        starting_balance=float(said["starting_balance"]),
        stake_currency=said["stake_currency"],
        metrics=dict(metrics),
        trades=tuple(_trade(each) for each in trades),
        parameters={},
        config={},
        config_sha256=str(run.get("config_sha256") or ""),
    )


def _trade(said: Mapping[str, Any]) -> Trade:
    closed = None if said["closed"] is None else _moment(said["closed"])
    figures = {name: float(said[name]) for name in ("profit_abs", "profit_ratio", "stake")}
    return Trade(**{**said, **figures, "opened": _moment(said["opened"]), "closed": closed})


def _epoch(said: Mapping[str, Any]) -> Epoch:
    figures = {name: math.nan if said[name] is None else float(said[name]) for name in ("loss", "profit")}
    return Epoch(**{**said, **figures})


def _gap(said: Mapping[str, Any]) -> Gap:
    return Gap(said["pair"], said["timeframe"], _moment(said["begins"]), _moment(said["ends"]))


def _moment(text: str) -> datetime:
    try:
        return iso_time.parse(text)
    except ValueError as error:
        raise Malformed(str(error)) from None


def _iso(moment: datetime) -> str:
    return moment.isoformat()
