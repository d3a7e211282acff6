"""A run that was run again, beside the first one: whether it brought the same, else what differs, and why it may."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..base.visible import visible
from ..results import comparison
from ..results.document import Document
from .registry_schema import FINISHED

SHOWN = 300
NAMED = 5  # files of candles that are named
MADE_OF = {
    "freqtrade_version": "Freqtrade", "docker_image": "the image", "strategy_sha256": "the strategy",
    "parameters_sha256": "the parameter file", "user_files_sha256": "user_files", "python_sha256": "freqops in it",
    "config_sha256": "the configuration", "command_json": "the command",
}  # fmt: skip


@dataclass(frozen=True)
class Reproduced:
    """What came of running something again.

    Attributes:
        same: Whether it brought the same trades, or the same epochs.
        said: What it brought, or in what it differs, in one line.
        causes: What was not the same in what it was made of.
    """

    same: bool
    said: str
    causes: tuple[str, ...] = ()


def judged(first: Document, again: Document) -> Reproduced:
    """Return what came of running ``first`` again; what cannot be compared is not the same."""
    causes = tuple(_causes(first.run, again.run))
    for what, document in (("the first one", first), ("the one that was run again", again)):
        lacks = _lack(document)
        if lacks:
            return Reproduced(False, f"{what} cannot be compared: {lacks}", causes)
    if first.backtest is not None and again.backtest is not None:
        differs = comparison.trades_differ(first.backtest.trades, again.backtest.trades)
        same = f"the same {len(again.backtest.trades)} trades"
    else:
        differs = comparison.epochs_differ(first.epochs, again.epochs)
        same = f"the same {len(again.epochs)} epochs"
    return Reproduced(not differs, visible(differs, SHOWN) if differs else same, causes)


def _lack(document: Document) -> str:
    """Return what a document lacks to be compared; empty where nothing."""
    if document.run["status"] != FINISHED:
        return f"it is {visible(document.run['status'], SHOWN)}, and did not finish"
    if document.notes:
        return visible(document.notes[0], SHOWN)
    if document.run["kind"] == "hyperopt":
        return "" if document.epochs else "it has no epochs"
    return "" if document.backtest is not None else "it has no result"


def _causes(first: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was not the same in what two runs were made of."""
    for name, what in MADE_OF.items():
        if first.get(name) != again.get(name):
            yield f"{what} is not the same"
    if first.get("data_sha256") != again.get("data_sha256"):
        files = _files_that_differ(first, again)
        more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
        yield f"the candles are not the same: {', '.join(files[:NAMED]) or 'those of one are not known'}{more}"


def _files_that_differ(first: Mapping[str, Any], again: Mapping[str, Any]) -> list[str]:
    mine, theirs = (_data(row) for row in (first, again))
    return [visible(name, SHOWN) for name in sorted({*mine, *theirs}) if mine.get(name) != theirs.get(name)]


def _data(row: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        found = json.loads(row.get("data_json") or "{}")
    except (TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
