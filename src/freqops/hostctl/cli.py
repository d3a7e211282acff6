"""The command line of ``freqops-host``; its arguments are frozen (version 1).

Exit status: 0 all proven, 2 something not proven, 1 refused before anything ran.
"""

from __future__ import annotations

import argparse
import getpass
import os
import re
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from freqops.core import holds, inputs, layout, processes
from freqops.core.bot_table import problems
from freqops.core.clock import Clock
from freqops.core.errors import FreqopsError, NotProven, Refused
from freqops.core.incident import new_incident
from freqops.core.table import table

from . import gate, incidents, output, probe
from .engine import Engine
from .halt import Order, Row, halt
from .reassert import reassert
from .release import Permission, release
from .start import DEADLINE, Started, start
from .status import render, status

PROVEN, REFUSED, NOT_PROVEN = 0, 1, 2
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
    try:
        options = _parser().parse_args(arguments)
        return int(options.run(options))
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


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="freqops-host", description="Start, halt, release and watch the bots of this host.")
    parser.add_argument("--root", type=Path, default=layout.ROOT, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    _halt_arguments(commands.add_parser("halt", help="stop entries (level 1) or Freqtrade itself (level 3)"))
    _release_arguments(commands.add_parser("release", help="take the hold of one incident one step down"))
    begin = commands.add_parser("start", help="start one bot, unless a hold forbids it")
    begin.add_argument("bot")
    begin.add_argument("--deadline", type=_seconds, default=DEADLINE, help="seconds until it must be at work")
    begin.set_defaults(run=_start)
    look = commands.add_parser("status", help="what every bot is doing")
    look.add_argument("--json", action="store_true")
    look.set_defaults(run=_status)
    commands.add_parser("reassert", help="make every hold true again (run by a timer)").set_defaults(run=_reassert)
    commands.add_parser("probe", help="health check inside a bot's container").set_defaults(run=_probe)
    door = commands.add_parser("gate", help="start gate inside a bot's container: gate -- COMMAND …")
    door.set_defaults(run=_gate_without_command)
    return parser


def _halt_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--level", required=True, type=_level)
    parser.add_argument("--reason", required=True, type=_line)
    parser.add_argument("--bots", default="all", help="names separated by commas, or all")
    parser.add_argument("--deadline", type=_seconds, help="seconds for the proof")
    parser.add_argument("--incident", type=_incident, help="id of the command this is part of")
    parser.add_argument("--actor", type=_line, default=_actor())
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=_halt)


def _release_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bot")
    parser.add_argument("--incident", required=True, type=_incident)
    parser.add_argument("--reason", required=True, type=_line)
    parser.add_argument("--seq", type=int, help="number of the last change of the holds that was seen")
    parser.add_argument("--actor", type=_line, default=_actor())
    parser.set_defaults(run=_release)


def _level(text: str) -> int:
    if text == "2":
        raise argparse.ArgumentTypeError("level 2 (flatten) is not built yet; 1 stops entries, 3 stops Freqtrade")
    if text not in ("1", "3"):
        raise argparse.ArgumentTypeError(f"level is {text!r}; allowed: 1 stop entries, 3 hard stop")
    return int(text)


def _line(text: str) -> str:
    try:
        return inputs.line(text, "it")
    except Refused as refusal:
        raise argparse.ArgumentTypeError(str(refusal)) from None


def _incident(text: str) -> str:
    if not holds.INCIDENT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an incident id")
    return text


def _seconds(text: str) -> float:
    if not re.match(r"^[0-9]{1,4}$", text) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 1 to 9999")
    return float(text)


def _actor() -> str:
    return f"{os.environ.get('SUDO_USER') or getpass.getuser()}@{socket.gethostname()}"


def _halt(options: argparse.Namespace) -> int:
    clock, engine = Clock(), Engine()
    names = None if options.bots == "all" else [name for name in options.bots.split(",") if name]
    homes = layout.select(names, options.root)
    incident = options.incident or new_incident(f"halt{options.level}", clock)
    order = Order(options.level, options.reason, options.actor, incident, options.deadline)
    rows = halt(homes, order, clock, engine)
    foreign = processes.undeclared([home.name for home in layout.homes(options.root)], processes.scan())
    answer = _halt_answer(order, rows, foreign if names is None else [])
    answer["undeclared"] = [{"pid": process.pid, "command": process.command} for process in foreign]
    if any(row.raised for row in rows):
        answer["incident_error"] = incidents.record(options.root, incident, "halt", answer)
    output.print_json(answer) if options.json else output.print_text(_halt_text(answer))
    sys.stdout.flush()
    os._exit(answer["exit"])  # a thread that a stuck disk holds must not keep the answer back


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


def _release(options: argparse.Namespace) -> int:
    permission = Permission(options.incident, options.reason, options.actor, options.seq)
    try:
        released = release(_one_bot(options), permission, Clock(), Engine())
    except NotProven as error:
        _record_release(options, {"not_proven": str(error)})
        raise
    error_text = _record_release(options, released.to_json())
    if error_text is not None:
        released.detail.append(error_text)
    output.print_json(released.to_json())
    return PROVEN


def _record_release(options: argparse.Namespace, result: dict[str, Any]) -> str | None:
    """Write down who released what and what came of it, proven or not."""
    evidence = {"reason": options.reason, "actor": options.actor, "result": result}
    name = f"release-{options.bot}-{Clock().utcnow():%Y%m%dT%H%M%SZ}"
    return incidents.record(options.root, options.incident, name, evidence)


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
