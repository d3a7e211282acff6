"""``freqops-host run``: a run begun, followed, cancelled; and what its unit does for it."""

from __future__ import annotations

import argparse
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.runs import run_answer, run_order, run_progress
from freqops.core.runs.registry_schema import FINISHED

from ..runs import beginning, progress, stopping, supervisor
from ..runs import contain as containment
from ..runs.run_directory import RunDirectory
from ..runs.run_engine import RunEngine
from . import argument_types, given_order, output

HELP = "begin a backtest, a hyperopt, an analysis or a download, follow it, cancel it"
IN_SESSION = False
START, FOLLOW, CANCEL = "start", "follow", "cancel"
OF_UNIT = {
    "supervise": "hold the slot of a run and write down its end (run by its unit)",
    "contain": "run the container of a run (run by its supervisor)",
    "stop": "stop a run with its unit (run by its unit)",
    "end": "end what a killed supervisor left of a run (run by its unit)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions, each with its arguments."""
    actions = parser.add_subparsers(dest="action", required=True, parser_class=type(parser))
    actions.add_parser(START, help="begin the run whose order is on standard input, as JSON")
    follow = actions.add_parser(FOLLOW, help="tell how far a run is until it is over, and how it ended")
    follow.add_argument("run")
    follow.add_argument("--json", action="store_true", help="a line of JSON for each event, and one object at the end")
    cancel = actions.add_parser(CANCEL, help="end a run, and keep what was finished of it")
    cancel.add_argument("run")
    cancel.add_argument("--reason", type=argument_types.line, required=True)
    cancel.add_argument("--actor", type=argument_types.line, default=argument_types.actor())
    for name, what in OF_UNIT.items():
        actions.add_parser(name, help=what).add_argument("run")


def run(options: argparse.Namespace) -> int:
    """Run the action.

    Raises:
        Refused: Nothing was done.
        FreqopsError: It could not be proven.
    """
    clock, engine = Clock(), RunEngine()
    if options.action == START:
        begun = beginning.begin(options.root, run_order.parsed(given_order.read()), clock, engine)
        output.print_json({"version": 1, "command": "run", "run": begun})
        return PROVEN
    place = RunDirectory(options.root, options.run)
    if options.action == FOLLOW:
        return _follow(place, clock, as_json=options.json)
    if options.action == CANCEL:
        end = stopping.cancel(place, options.actor, options.reason, engine, clock)
        output.print_json({"version": 1, "command": "run", "run": place.run, **_told(end)})
        return PROVEN
    return _of_unit(options.action, place, clock, engine)


def _of_unit(action: str, place: RunDirectory, clock: Clock, engine: RunEngine) -> int:
    if action == "supervise":
        return supervisor.supervise(place, engine, clock)
    if action == "contain":
        return containment.contain(place, engine, clock)
    if action == "stop":
        stopping.stop(place, engine, clock)
    else:
        stopping.end_left(place, engine, clock)
    return PROVEN


def _told(end: dict[str, Any]) -> dict[str, Any]:
    return {name: end.get(name) for name in ("status", "reason", "duration_s")}


def _follow(place: RunDirectory, clock: Clock, *, as_json: bool) -> int:
    def tell(event: Any) -> None:
        found = event["progress"]
        output.tell(event, lines=None if as_json else [run_progress.shown(found["kind"], place.run, found)])

    try:
        found = progress.follow(place, clock, tell, output.wait)
    except KeyboardInterrupt:
        return NOT_PROVEN
    except output.ReaderGone:
        output.leave()
        return NOT_PROVEN
    if as_json:
        output.print_json(found)
    else:
        output.print_text(f"{place.run}: {found['status']}{': ' if found['reason'] else ''}{found['reason']}")
    ended = found["status"] == FINISHED and found["row"].get("status") == FINISHED
    return PROVEN if ended and run_answer.stands(place.run, found["metrics"]) else NOT_PROVEN
