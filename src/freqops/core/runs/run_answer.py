"""The answers of a host about a run: that it began, and how it ended; judged, and shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..base import kinds, text_table
from ..base.kinds import Malformed
from ..base.visible import visible
from ..results import analysis_file
from . import run_id
from .registry_schema import FINISHED

OF_END: dict[str, kinds.Kind] = {
    "run": kinds.text, "status": kinds.text, "reason": kinds.text, "row": kinds.object_,
    "metrics": lambda value: isinstance(value, dict) and all(map(kinds.number, value.values())),
    "log": kinds.list_of(kinds.text),
}  # fmt: skip
OF_CANCEL: dict[str, kinds.Kind] = dict.fromkeys(("run", "status", "reason"), kinds.text)
HEADINGS = ("host", "run", "ended", "seconds", "trades", "profit", "drawdown", "reason")
SHOWN = 120
LINES = 5


def of_start(document: object) -> str:
    """Return the id of a run that began.

    Raises:
        Malformed: The host says none.
    """
    run = str(kinds.checked(document, {"run": kinds.text}, ("run",))["run"])
    if not run_id.RUN.fullmatch(run):
        raise Malformed(f"'{visible(run, SHOWN)}' is not the id of a run")
    return run


def of_end(document: object, run: str) -> dict[str, Any]:
    """Return how a run ended.

    Raises:
        Malformed: The host does not say it, or says it of another one.
    """
    return _of(document, run, OF_END)


def of_cancel(document: object, run: str) -> dict[str, Any]:
    """Return how a run ended that was cancelled.

    Raises:
        Malformed: The host does not say it, or says it of another one.
    """
    return _of(document, run, OF_CANCEL)


def _of(document: object, run: str, names: Mapping[str, kinds.Kind]) -> dict[str, Any]:
    found = kinds.checked(document, names, tuple(names))
    if found["run"] != run:
        raise Malformed(f"it tells of {visible(found['run'], SHOWN)}")
    return found


def wrong(host: str, run: str, end: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield why a run did not finish, or is not known to have."""
    if end is None:
        yield f"{host} {run}: it is not known how it ended; it may go on: -e run={run}"
    elif end["status"] != FINISHED:
        yield f"{host} {run}: {visible(end['status'], SHOWN)}: {visible(end['reason'], 2 * SHOWN)}"
    elif end["row"].get("id") != run or end["row"].get("status") != FINISHED:
        yield f"{host} {run}: it finished, and the registry does not say so"


def stands(run: str, metrics: Mapping[str, Any]) -> bool:
    """Return whether a finished run says what it was begun for: of an analysis, that its strategy passed."""
    return analysis_file.stands(run_id.kind_of(run), metrics)


def not_passed(begun: Mapping[str, str], ends: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return of each analysis that finished, and whose strategy did not pass, what was found."""
    found = ((host, run, ends.get(host)) for host, run in begun.items())
    return [
        f"{host} {run}: {visible(end['reason'], 2 * SHOWN) or 'it does not say that its strategy passed'}"
        for host, run, end in found
        if end is not None and end["status"] == FINISHED and not stands(run, end["metrics"])
    ]


def table(begun: Mapping[str, str], ends: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return runs as the lines of a table, and of those that did not finish the last lines of their logs."""
    rows = [_cells(host, run, ends.get(host)) for host, run in begun.items()]
    lines = text_table.table(HEADINGS, rows).splitlines() if rows else ["no run"]
    for host, end in ends.items():
        if end["status"] != FINISHED:
            lines += [f"{host} | {visible(line, 200)}" for line in end["log"][-LINES:]]
    return lines


def _cells(host: str, run: str, end: Mapping[str, Any] | None) -> list[str]:
    if end is None:
        return [host, run, "not known", "", "", "", "", ""]
    metrics, row = end["metrics"], end["row"]
    seconds = row.get("duration_s")
    return [
        host, run, visible(end["status"], 20), f"{seconds:.1f}" if kinds.number(seconds) else "",
        _number(metrics, "trades", "{:.0f}"), _number(metrics, "profit_total", "{:+.2%}"),
        _number(metrics, "max_drawdown_account", "{:.2%}"), visible(end["reason"], SHOWN),
    ]  # fmt: skip


def _number(metrics: Mapping[str, Any], name: str, form: str) -> str:
    return form.format(metrics[name]) if name in metrics else ""
