"""A run that was run again, beside the first one: whether it brought the same, else what differs, and why it may."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..base.visible import visible
from ..results import comparison
from ..results.document import Document
from . import run_id
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
        same: Whether it brought the same trades, the same epochs, or found the same.
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
    elif first.analysis is not None and again.analysis is not None:
        differs = comparison.analyses_differ(first.analysis, again.analysis)
        same = f"the same result: {visible(again.run.get('end_reason') or '', SHOWN)}"
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
    found = document.analysis if document.run["kind"] in run_id.ANALYSES else document.backtest
    return "" if found is not None else "it has no result"


def _causes(first: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was not the same in what two runs were made of."""
    for name, what in MADE_OF.items():
        if first.get(name) != again.get(name):
            yield f"{what} is not the same"
    if _json(first, "config_json").get("program") != _json(again, "config_json").get("program"):
        yield "the program of freqops that has Freqtrade analyse is not the same"
    if first.get("data_sha256") != again.get("data_sha256"):
        files = _files_that_differ(first, again)
        more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
        yield f"the candles are not the same: {', '.join(files[:NAMED]) or 'those of one are not known'}{more}"


def _files_that_differ(first: Mapping[str, Any], again: Mapping[str, Any]) -> list[str]:
    mine, theirs = (_json(row, "data_json") for row in (first, again))
    return [visible(name, SHOWN) for name in sorted({*mine, *theirs}) if mine.get(name) != theirs.get(name)]


def _json(row: Mapping[str, Any], column: str) -> Mapping[str, Any]:
    try:
        found = json.loads(row.get(column) or "{}")
    except (TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
