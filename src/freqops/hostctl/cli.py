"""The command line of ``freqops-host``; its arguments are frozen (version 1).

Exit status: 0 all proven, 2 something not proven, 1 refused before anything ran.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Callable, NoReturn

from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.outcome import NOT_PROVEN, REFUSED
from freqops.core.base.visible import visible
from freqops.core.bot import layout
from freqops.core.halt import holds

from . import own_session
from .commands import output

COMMANDS = (
    "halt",
    "resume",
    "flatten",
    "reconcile",
    "start",
    "status",
    "incident",
    "switch",
    "rollback",
    "recover",
    "postgres",
    "manifest",
    "remove",
    "adopt",
    "lockout",
    "keepalive",
    "deadman",
    "drill",
    "reassert",
    "probe",
    "gate",
    "compile",
)
FORMER = {"release": "resume"}  # what a command was called before: an older control node says so
WIDTH = 100


class _Parser(argparse.ArgumentParser):
    """A parser for which a mistake is a refusal, not "something not proven".

    Its help has one width, because asking the terminal for its own takes longer than parsing.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=lambda prog: argparse.HelpFormatter(prog, width=WIDTH), **options)

    def error(self, message: str) -> NoReturn:
        raise Refused(f"{message} (see {self.prog} --help)")


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    return _answered(lambda: _run(_present(arguments)))


def _present(arguments: list[str]) -> list[str]:
    """Return the arguments with the present name of a command that was called otherwise once."""
    at = 2 if arguments[:1] == ["--root"] else 0
    return [*arguments[:at], *(FORMER.get(word, word) for word in arguments[at : at + 1]), *arguments[at + 1 :]]


def _run(arguments: list[str]) -> int:
    options = _parser(arguments).parse_args(arguments)
    command = options.module

    def work() -> int:
        return _answered(lambda: int(command.run(options)))

    return own_session.run(work) if command.IN_SESSION else work()


def _answered(work: Callable[[], int]) -> int:
    """Do ``work`` and return its exit status; what it raises becomes an answer and a status, too."""
    try:
        return work()
    except (Refused, layout.BotUnreadable, holds.HoldsUnreadable) as error:
        return _fail("refused", str(error), REFUSED)
    except PermissionError as error:
        return _fail("refused", f"{error}; run it as root", REFUSED)
    except (FreqopsError, OSError) as error:
        return _fail("not_proven", str(error), NOT_PROVEN)


def _fail(kind: str, text: str, status_code: int) -> int:
    output.print_json({kind: text})
    sys.stderr.write(f"freqops-host: {kind.replace('_', ' ')}: {visible(text)}\n")
    return status_code


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    """Return a parser that knows the command that is named, or all of them where none is."""
    parser = _Parser(prog="freqops-host", description="Start, halt, resume and watch the bots of this host.")
    parser.add_argument("--root", type=Path, default=layout.ROOT, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser, prog=parser.prog)
    for name in _named(arguments):
        command: Any = import_module(f"{__package__}.commands.{name}")
        one = commands.add_parser(name, help=command.HELP)
        command.add_arguments(one)
        one.set_defaults(module=command)
    return parser


def _named(arguments: list[str]) -> tuple[str, ...]:
    """Return the command that is certainly meant, or all: what comes first, but for the tree that it works on."""
    first = arguments[2:3] if arguments[:1] == ["--root"] else arguments[:1]
    return tuple(first) if first and first[0] in COMMANDS else COMMANDS
