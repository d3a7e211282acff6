"""``freqops-host runs``: the runs of this host, listed, shown, compared, exported, indexed, removed."""

from __future__ import annotations

import argparse
import os
from typing import Any

from freqops.core.base import iso_time
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import Refused
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.base.strict_json import Unreadable
from freqops.core.retention.old_runs import Rule
from freqops.core.runs import registry, registry_schema, risk_variables, run_export, run_id, run_tables
from freqops.core.runs.run_records import Filters, Page

from ..retention import old_runs
from ..runs import documents, indexing
from . import argument_types, arguments, output

HELP = "the runs of this host: list, show, compare, export, index, prune"
IN_SESSION = True
LIMIT, MOST = 50, 10_000
KEPT = 20
FILTERS = ("kind", "strategy", "bot", "status", "since", "until")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to do."""
    parts = parser.add_subparsers(dest="action", required=True)
    found = parts.add_parser("list", help="a page of them, the latest execution first")
    _add_filters(found)
    found.add_argument("--limit", default=LIMIT, type=_upto(MOST), help="how many a page has")
    found.add_argument("--page", default=1, type=_upto(1_000_000))
    found.add_argument("--json", action="store_true")
    for name, text in (("show", "all that is known of runs"), ("compare", "runs beside each other")):
        some = parts.add_parser(name, help=text)
        some.add_argument("runs", nargs="+", type=argument_types.line, metavar="run")
        some.add_argument("--json", action="store_true")
    exported = parts.add_parser("export", help="all of them as CSV or JSON, on standard output")
    _add_filters(exported)
    exported.add_argument("--format", default="csv", choices=("csv", "json"))
    index = parts.add_parser("index", help="take what others left in Freqtrade's directories into the registry")
    prune = parts.add_parser("prune", help="remove old runs, row and files together")
    prune.add_argument("--days", required=True, type=_upto(100_000), help="what ended more than so many days ago")
    prune.add_argument("--keep", default=KEPT, type=_upto(1_000_000), help="so many of each kind and strategy stay")
    for each in (index, prune):
        each.add_argument("--look", action="store_true", help="only say what would be done")
        each.add_argument("--json", action="store_true")
    arguments.add_mandate(prune, "runs", "old runs are removed")


def run(options: argparse.Namespace) -> int:
    """Run the action; 2 where something could not be read, or was not removed."""
    if options.action == "export":
        return _export(options)
    answer: dict[str, Any] = {"version": 1, "command": "runs", "host": os.uname().nodename, "what": options.action}
    lines = {"list": _list, "show": _show, "compare": _compare, "index": _index, "prune": _prune}[options.action](
        options, answer
    )
    output.print_json(answer) if options.json else output.print_text(*lines)
    return int(answer.get("exit", PROVEN))


def _list(options: argparse.Namespace, answer: dict[str, Any]) -> list[str]:
    with registry.opened(registry.place(options.root), owner=os.geteuid(), whole=False) as present:
        rows, total = present.runs(_filters(options), Page(options.page, options.limit))
    answer.update(runs=rows, total=total)
    return run_tables.listed(rows, total, (options.page - 1) * options.limit + 1)


def _show(options: argparse.Namespace, answer: dict[str, Any]) -> list[str]:
    with registry.opened(registry.place(options.root), owner=os.geteuid()) as present:
        found, absent = documents.of_runs(options.root, present, options.runs)
    answer.update(documents=[each.to_json() for each in found], absent=absent)
    shown = [line for each in found for line in (*run_tables.shown(each), "")]
    return [*shown[:-1], *(f"NOT HERE: {run}" for run in absent)]


def _compare(options: argparse.Namespace, answer: dict[str, Any]) -> list[str]:
    if not 2 <= len(set(options.runs)) == len(options.runs) <= len(run_tables.LETTERS):
        raise Refused(f"name from two to {len(run_tables.LETTERS)} runs, each once")
    with registry.opened(registry.place(options.root), owner=os.geteuid()) as present:
        found, absent = documents.of_runs(options.root, present, options.runs)
    if absent:
        raise Refused(f"{run_id.ABSENT} {', '.join(absent)} on this host")
    answer["documents"] = [each.to_json() for each in found]
    answer["exit"] = NOT_PROVEN if any(each.notes for each in found) else PROVEN
    return list(run_tables.compared(found))


def _export(options: argparse.Namespace) -> int:
    with registry.opened(registry.place(options.root), owner=os.geteuid()) as present:
        rows, _ = present.runs(_filters(options), Page(1, -1))
    named = [{**row, "host": row["host"] or os.uname().nodename} for row in rows]
    output.print_file(run_export.as_csv(named) if options.format == "csv" else run_export.as_json(named))
    return PROVEN


def _index(options: argparse.Namespace, answer: dict[str, Any]) -> list[str]:
    done = indexing.index(options.root, Clock(), look=options.look)
    answer.update(done.to_json(), exit=done.exit)
    return list(done.lines())


def _prune(options: argparse.Namespace, answer: dict[str, Any]) -> list[str]:
    try:
        guarded = risk_variables.load().backtest_drawdown_runs
    except Unreadable as error:
        raise Refused(f"it is not known how many runs the drawdown guard counts: {error}") from None
    rule, clock = Rule(options.days, options.keep, guarded), Clock()
    if options.look:
        done = old_runs.look(options.root, clock, rule)
    else:
        done = old_runs.remove(options.root, clock, rule, arguments.mandate_of(options))
    answer.update({name: value for name, value in done.to_json().items() if name not in answer})
    return list(done.lines())


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kind", default="", choices=("", *registry_schema.KINDS))
    parser.add_argument("--strategy", default="", help="the class of a strategy")
    parser.add_argument("--bot", default="")
    parser.add_argument("--status", default="", choices=("", *registry_schema.STATUSES))
    parser.add_argument("--since", default="", type=_moment, help="executed since then, like 2026-01-31T18:00:00Z")
    parser.add_argument("--until", default="", type=_moment, help="executed until then")


def _filters(options: argparse.Namespace) -> Filters:
    return Filters(**{name: getattr(options, name) for name in FILTERS})


def _moment(text: str) -> str:
    try:
        return iso(iso_time.parse(text)) if text else ""
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _upto(most: int) -> Any:
    def number(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {most}")
        return int(text)

    return number
