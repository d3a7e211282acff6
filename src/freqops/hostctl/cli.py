"""The command line of ``freqops-host``; its arguments are frozen (version 1).

Exit status: 0 all proven, 2 something not proven, 1 refused before anything ran.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path
from typing import Any, Callable, NoReturn

from freqops.core import holds, layout, processes
from freqops.core.bot_table import problems
from freqops.core.clock import Clock, iso
from freqops.core.errors import FreqopsError, Refused
from freqops.core.evidence import Evidence
from freqops.core.incident import new_incident
from freqops.core.incident_report import report
from freqops.core.table import table

from . import (
    argument_types,
    cli_adopt,
    cli_deadman,
    cli_deploy,
    cli_drill,
    cli_lockout,
    cli_remove,
    gate,
    incident_files,
    incidents,
    output,
    own_session,
    probe,
)
from .case import Order, Row
from .engine import Engine
from .flatten import flatten
from .halt import halt
from .journal import Journal
from .reassert import reassert
from .reconcile import reconcile
from .recorded import Command
from .release import Permission, release
from .start import DEADLINE, Started, start
from .status import render, status

PROVEN, REFUSED, NOT_PROVEN = 0, 1, 2
PROOFS = {"release": "outcome", "flatten": "flat", "reconcile": "agrees"}
HALT_HEADINGS = ("bot", "mode", "level", "acknowledged", "proven", "seconds", "verdict")


class _Parser(argparse.ArgumentParser):
    """A parser for which a mistake is a refusal, not "something not proven"."""

    def error(self, message: str) -> NoReturn:
        raise Refused(f"{message} (see {self.prog} --help)")


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:2] == ["gate", "--"] and len(arguments) > 2:
        return gate.pass_or_wait(arguments[2:])
    return _answered(lambda _: _run(arguments), None)


def _run(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    return int(options.run(options))


def _answered(work: Callable[[Any], int], options: Any) -> int:
    """Do ``work`` and return its exit status; what it raises becomes an answer and a status, too."""
    try:
        return work(options)
    except (Refused, layout.BotUnreadable, holds.HoldsUnreadable) as error:
        return _fail("refused", str(error), REFUSED)
    except PermissionError as error:
        return _fail("refused", f"{error}; run it as root", REFUSED)
    except (FreqopsError, OSError) as error:
        return _fail("not_proven", str(error), NOT_PROVEN)


def _fail(kind: str, text: str, status_code: int) -> int:
    output.print_json({kind: text})
    sys.stderr.write(f"freqops-host: {kind.replace('_', ' ')}: {text}\n")
    return status_code


def _in_session(work: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Do a work that a lost connection does not end."""
    return own_session.run(lambda: _answered(work, options))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="freqops-host", description="Start, halt, release and watch the bots of this host.")
    parser.add_argument("--root", type=Path, default=layout.ROOT, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    _halt_arguments(commands.add_parser("halt", help="stop entries (1), sell everything (2) or stop Freqtrade (3)"))
    _release_arguments(commands.add_parser("release", help="take the hold of one incident one step down"))
    close = commands.add_parser("flatten", help="close on the exchange what a dead bot left there")
    _one_bot_arguments(close, _flatten)
    agree = commands.add_parser("reconcile", help="bring a dead bot's records up to what its exchange says")
    _one_bot_arguments(agree, _reconcile)
    begin = commands.add_parser("start", help="start one bot, unless a hold forbids it")
    begin.add_argument("bot")
    begin.add_argument(
        "--deadline", type=argument_types.seconds, default=DEADLINE, help="seconds until it must be at work"
    )
    begin.set_defaults(run=_start)
    look = commands.add_parser("status", help="what every bot is doing")
    look.add_argument("--json", action="store_true")
    look.set_defaults(run=_status)
    _incident_arguments(commands.add_parser("incident", help="what was commanded, done and proven under one incident"))
    cli_deploy.add_to(commands, _in_session)
    cli_remove.add_to(commands, _in_session)
    cli_adopt.add_to(commands, _in_session)
    cli_lockout.add_to(commands, _in_session)
    cli_deadman.add_to(commands)
    cli_drill.add_to(commands, _in_session)
    commands.add_parser("reassert", help="make every hold true again (run by a timer)").set_defaults(run=_reassert)
    commands.add_parser("probe", help="health check inside a bot's container").set_defaults(run=_probe)
    door = commands.add_parser("gate", help="start gate inside a bot's container: gate -- COMMAND …")
    door.set_defaults(run=_gate_without_command)
    return parser


def _halt_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--level", required=True, type=argument_types.level)
    parser.add_argument("--reason", required=True, type=argument_types.line)
    parser.add_argument("--bots", default="all", help="names separated by commas, or all")
    parser.add_argument("--deadline", type=argument_types.seconds, help="seconds for the proof")
    parser.add_argument("--incident", type=argument_types.incident, help="id of the command this is part of")
    parser.add_argument("--actor", type=argument_types.line, default=argument_types.actor())
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=lambda options: own_session.run(lambda: _answered(_halt, options)))


def _one_bot_arguments(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
    parser.add_argument("bot")
    parser.add_argument("--incident", required=True, type=argument_types.incident)
    parser.add_argument("--reason", required=True, type=argument_types.line)
    parser.add_argument("--actor", type=argument_types.line, default=argument_types.actor())
    parser.set_defaults(run=lambda options: own_session.run(lambda: _answered(run, options)))


def _release_arguments(parser: argparse.ArgumentParser) -> None:
    _one_bot_arguments(parser, _release)
    parser.add_argument("--seq", type=int, help="number of the last change of the holds that was seen")


def _halt(options: argparse.Namespace) -> int:
    clock, engine = Clock(), Engine()
    began = clock.utcnow()
    names = None if options.bots == "all" else [name for name in options.bots.split(",") if name]
    homes = layout.select(names, options.root)
    incident = options.incident or new_incident(f"halt{options.level}", clock)
    order = Order(options.level, options.reason, options.actor, incident, options.deadline)
    rows = halt(homes, order, clock, engine)
    foreign = processes.undeclared([home.name for home in layout.homes(options.root)], processes.scan())
    answer = _halt_answer(order, rows, foreign if names is None else [])
    answer.update(began=iso(began), ended=iso(clock.utcnow()))
    answer["undeclared"] = [{"pid": process.pid, "command": process.command} for process in foreign]
    if any(row.raised or row.acted for row in rows):
        answer["incident_error"] = _record_halt(options.root, order, rows, answer)
    output.print_json(answer) if options.json else output.print_text(_halt_text(answer))
    sys.stdout.flush()
    os._exit(answer["exit"])  # a thread that a stuck disk holds must not keep the answer back


def _record_halt(root: Path, order: Order, rows: list[Row], answer: dict[str, Any]) -> str | None:
    """Write the answer into the incident of every hold that it is about, a second one into that of the first."""
    name = f"halt{order.level}-{Clock().utcnow():%Y%m%dT%H%M%SZ}"
    errors = [incidents.record(root, incident, name, answer) for incident in sorted({row.incident for row in rows})]
    return next((error for error in errors if error is not None), None)


def _halt_answer(order: Order, rows: list[Row], foreign: list[processes.Process]) -> dict[str, Any]:
    proven = all(row.proven for row in rows) and not foreign
    return {
        "version": 1,
        "command": "halt",
        "host": socket.gethostname(),
        "level": order.level,
        "incident": order.incident,
        "reason": order.reason,
        "actor": order.actor,
        "bots": [row.to_json() for row in rows],
        "proven": proven,
        "exit": PROVEN if proven else NOT_PROVEN,
    }


def _halt_text(answer: dict[str, Any]) -> str:
    cells = [
        [row["bot"], row["mode"], row["level"], row["acknowledged"], row["proven"], row["proven_s"], row["verdict"]]
        for row in answer["bots"]
    ]
    lines = [table(HALT_HEADINGS, cells)]
    lines += [f"{row['bot']}: {text}" for row in answer["bots"] for text in row["detail"]]
    lines += [f"UNDECLARED Freqtrade process {p['pid']}: {p['command']}" for p in answer["undeclared"]]
    return "\n".join([*lines, "ALL PROVEN" if answer["proven"] else "NOT ALL PROVEN"])


def _one_bot(options: argparse.Namespace) -> layout.Bot:
    return layout.load_bot(layout.select([options.bot], options.root)[0])


def _finished(started: Started) -> int:
    output.print_json(started.to_json())
    return REFUSED if started.outcome == "held" else PROVEN


def _start(options: argparse.Namespace) -> int:
    return _finished(start(_one_bot(options), Clock(), Engine(), options.deadline))


def _recorded(options: argparse.Namespace, name: str, act: Callable[[layout.Bot, Journal], Any]) -> dict[str, Any]:
    """Do one command on one bot under its incident, with a journal and a record of it."""
    bot = _one_bot(options)
    command = Command(name, bot, options.incident, options.reason, options.actor)
    return command.under(options.root, lambda journal: dict(act(bot, journal).to_json()), Clock(), PROOFS[name])


def _release(options: argparse.Namespace) -> int:
    permission = Permission(options.incident, options.reason, options.actor, options.seq)
    output.print_json(
        _recorded(options, "release", lambda bot, journal: release(bot, permission, journal, Clock(), Engine()))
    )
    return PROVEN


def _flatten(options: argparse.Namespace) -> int:
    result = _recorded(
        options, "flatten", lambda bot, journal: flatten(bot, options.incident, journal, Clock(), Engine())
    )
    output.print_json(result)
    return PROVEN if result["flat"] else NOT_PROVEN


def _reconcile(options: argparse.Namespace) -> int:
    result = _recorded(
        options, "reconcile", lambda bot, journal: reconcile(bot, options.incident, journal, Clock(), Engine())
    )
    output.print_json(result)
    return PROVEN if result["agrees"] else NOT_PROVEN


def _status(options: argparse.Namespace) -> int:
    answer = status(layout.homes(options.root), Clock(), Engine())
    answer = {"version": 1, "host": socket.gethostname(), **answer}
    output.print_json(answer) if options.json else output.print_text(render(answer))
    return NOT_PROVEN if problems(answer) else PROVEN


def _reassert(options: argparse.Namespace) -> int:
    done, failed = reassert(layout.homes(options.root), Clock(), Engine())
    for line in [*done, *failed]:
        output.print_text(line)
    return NOT_PROVEN if failed else PROVEN


def _gate_without_command(_options: argparse.Namespace) -> int:
    raise Refused("the gate needs a command: gate -- freqtrade trade …")


def _probe(_options: argparse.Namespace) -> int:
    good, why = probe.probe()
    output.print_text(why)
    return 0 if good else 1


def _incident_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("incident", type=argument_types.incident)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=_show_incident)


def _show_incident(options: argparse.Namespace) -> int:
    host, found = socket.gethostname(), incident_files.read(options.root, options.incident)
    if options.json:
        answer = {"version": 1, "command": "incident", "host": host, "incident": options.incident}
        output.print_json({**answer, "files": found.texts, "truncated": found.truncated})
    else:
        output.print_text(report(Evidence(options.incident, {host: found.texts}, cut={host: found.truncated})))
    return NOT_PROVEN if found.truncated else PROVEN
