"""``freqops-host slot``: a run slot taken, kept and given back, and a command run under one."""

from __future__ import annotations

import argparse
import os
import re

from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.base.exit_status import PROVEN
from freqops.core.incident.ids import new_incident
from freqops.core.logs.json_line import CORRELATION
from freqops.core.runs import slot_processes, slots
from freqops.core.runs.slot_directory import RUNNING, STATE, SlotDirectory
from freqops.core.runs.slots import Acquired, Holder, Process, Wanted

from ..logs.writer import Writer
from ..runs import holder
from . import argument_types, output

HELP = "take, keep and give back a run slot, or run a command under one"
IN_SESSION = False
NO_SLOT = 125  # as timeout(1) has it where it fails itself
ACTIONS = ("acquire", "keep", "release", "run")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions, each with its arguments."""
    actions = parser.add_subparsers(dest="action", required=True, parser_class=type(parser))
    acquire = actions.add_parser("acquire", help="take a slot for a process that keeps it itself")
    acquire.add_argument("--pid", required=True, type=_whole, help="the process of this host that holds the slot")
    acquire.add_argument("--kind", required=True, choices=slots.KINDS)
    _add_wish(acquire)
    for name, what in (("keep", "report that the holder still works"), ("release", "give a slot back")):
        actions.add_parser(name, help=what).add_argument("--token", required=True)
    run_it = actions.add_parser("run", help="run a command under a slot: run --kind KIND -- COMMAND ...")
    which = run_it.add_mutually_exclusive_group(required=True)
    which.add_argument("--kind", choices=slots.KINDS, help="take a slot of this kind, and give it back")
    which.add_argument("--token", help="run under a slot that somebody else holds")
    _add_wish(run_it)
    run_it.add_argument("words", nargs="+", metavar="COMMAND")


def _add_wish(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=_whole, help="slots of the kind at most; no more than the host declares")
    parser.add_argument("--ttl", type=_whole, help="seconds of silence after which the slot may be stale")
    parser.add_argument("--cid", default="", help="correlation id of the run: letters, digits, hyphens")
    parser.add_argument("--actor", type=argument_types.line, default=argument_types.actor())


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Run the action.

    Raises:
        Refused: Nothing was done.
        Lost: The slot is not held any more, or its heartbeat is late.
        NotProven: The change could not be read back.
    """
    directory = SlotDirectory(options.root, Clock())
    if options.action == "run":
        return _run(directory, options)
    if options.action == "acquire":
        acquired = directory.acquire(_wanted(options, slot_processes.known(options.pid)))
        _log(options, acquired)
        answer = _acquired(acquired)
    elif options.action == "keep":
        answer = {"kept": True, "heard_at": directory.keep(options.token).heard_at}
    else:
        answer = {"released": directory.release(options.token)}
    output.print_json({"version": 1, "command": "slot", **answer})
    return PROVEN


def _began(options: argparse.Namespace, acquired: Acquired) -> None:
    """Say what there is to say of the slot of a run, before the run begins."""
    for remark in acquired.remarks:
        output.remark(remark)
    _log(options, acquired)


def _log(options: argparse.Namespace, acquired: Acquired) -> None:
    """Write into the log of the host that a slot was acquired, under the id of its run, or one of this command."""
    clock = Clock()
    said = {
        CORRELATION: options.cid or new_incident("slot", clock),
        "kind": acquired.slot.kind,
        "active_before": acquired.active_before,
        "lock": str(STATE / RUNNING / acquired.file),
    }
    Writer(options.root, clock).write("INFO", "risk", "slot_acquired", **said)


def _wanted(options: argparse.Namespace, process: Process) -> Wanted:
    holds = Holder(process, os.uname().nodename, options.actor)
    return Wanted(options.kind, holds, options.cid, options.limit, options.ttl)


def _acquired(acquired: Acquired) -> dict[str, object]:
    return {
        "token": acquired.token,
        "file": acquired.file,
        "kind": acquired.slot.kind,
        "active_before": acquired.active_before,
        "limit": acquired.slot.limit,
        "ttl_s": acquired.slot.ttl,
        "keep_every_s": slots.seconds_between_beats(acquired.slot.ttl),
        "removed": list(acquired.removed),
        "remarks": list(acquired.remarks),
    }


def _run(directory: SlotDirectory, options: argparse.Namespace) -> int:
    """Run a command, and return its exit status; where none ran, a status that commands do not use."""
    clock = Clock()
    try:
        if options.token:
            ended = holder.run_under(directory, options.token, options.words, clock)
        else:
            wanted = _wanted(options, slot_processes.this())
            ended = holder.run(directory, wanted, options.words, clock, lambda acquired: _began(options, acquired))
    except (Refused, slots.Lost) as refusal:
        output.print_json({"refused": str(refusal)})
        return NO_SLOT
    if ended.why:
        output.print_json({"not_proven": f"the run was ended: {ended.why}"})
    return ended.status
