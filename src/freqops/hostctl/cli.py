"""The command line of ``freqops-host``; its arguments are frozen (version 1).

Exit status: 0 all proven, 2 something not proven, 1 refused before anything ran; ``breaker status`` has 3 active and
4 unreadable besides.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Callable, NoReturn

from freqops.core.base import next_step
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.exit_status import NOT_PROVEN, REFUSED
from freqops.core.base.next_step import NextStep, RefusedUntil
from freqops.core.base.visible import visible
from freqops.core.bot import layout
from freqops.core.halt import holds, way_out

from . import own_session
from .commands import output
from .logs import ended

COMMANDS = (
    "halt",
    "resume",
    "flatten",
    "reconcile",
    "witness-contract",
    "start",
    "bots",
    "vacuum",
    "upgrade-postgres",
    "config",
    "trading-fingerprint",
    "status",
    "incident",
    "incidents",
    "breaker",
    "registry",
    "runs",
    "strategies",
    "switch",
    "rollback",
    "resume-switch",
    "postgres",
    "manifest",
    "restore",
    "restore-parts",
    "restore-drill",
    "move",
    "remove",
    "adopt",
    "lockout",
    "keepalive",
    "deadman",
    "drill",
    "guard",
    "slot",
    "slots",
    "run",
    "reassert",
    "dump",
    "probe",
    "gate",
    "compile",
    "backup",
    "renew-repository",
    "logs",
    "retention",
    "security-check",
)
# The former names of commands: an older control node, or a timer that an older deploy left, uses them.
FORMER = {"release": "resume", "recover": "resume-switch"}
WIDTH = 100


class _Parser(argparse.ArgumentParser):
    """A parser for which a mistake is a refusal, not "something not proven".

    Its help has one width, because asking the terminal for its own takes longer than parsing.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=lambda prog: argparse.HelpFormatter(prog, width=WIDTH), **options)

    def error(self, message: str) -> NoReturn:
        raise Refused(f"{message} (see {self.prog} --help)")


def main(
    arguments: list[str], root: Path = layout.ROOT, allowed: Sequence[str] = COMMANDS, prog: str = "freqops-host"
) -> int:
    """Run one command and return its exit status.

    Args:
        arguments: The command line.
        root: The tree of freqops. No command line can name another one: an account that may run this as root would
            then run its own files as root.
        allowed: The commands that there are.
        prog: What the whole is called.
    """
    return _answered(lambda: _run(_present(arguments), root, allowed, prog), prog)


def _present(arguments: list[str]) -> list[str]:
    """Return the arguments with the present name of a command that was called otherwise once."""
    return [*(FORMER.get(word, word) for word in arguments[:1]), *arguments[1:]]


def _run(arguments: list[str], root: Path, allowed: Sequence[str], prog: str) -> int:
    options = _parser(arguments, allowed, prog).parse_args(arguments, argparse.Namespace(root=root))
    command, clock = options.module, Clock()

    def work() -> int:
        began, said = clock.monotonic(), []  # type: float, list[str]
        try:
            status = _answered(lambda: int(command.run(options)), prog, said.append)
        finally:
            _settle()
        ended.write(options, prog, status, said, clock.monotonic() - began)
        return status

    if not command.IN_SESSION:
        return work()
    import_module(f"{__package__}.incident.caller").remember()  # while the terminal is there
    return own_session.run(work)


def _settle() -> None:
    """Wait for the registry to take what the command wrote down; a halt never comes here."""
    entering = sys.modules.get(f"{__package__}.incident.entering")  # not there: it wrote nothing down
    if entering is not None:
        entering.settle()


def _answered(work: Callable[[], int], prog: str, note: Callable[[str], object] = str) -> int:
    """Do ``work`` and return its exit status; an error becomes an answer and a status, too, and is noted."""
    try:
        return work()
    except (Refused, layout.BotUnreadable, holds.HoldsUnreadable) as error:
        note(str(error))
        more = error.more if isinstance(error, RefusedUntil) else {}
        return _fail(prog, "refused", str(error), REFUSED, way_out.of_error(error), more)
    except PermissionError as error:
        note(str(error))
        return _fail(prog, "refused", f"{error}; run it as root", REFUSED)
    except (FreqopsError, OSError) as error:
        note(str(error))
        return _fail(prog, "not_proven", str(error), NOT_PROVEN)


def _fail(
    prog: str,
    kind: str,
    text: str,
    status_code: int,
    steps: Sequence[NextStep] = (),
    more: Mapping[str, Any] | None = None,
) -> int:
    output.print_json({**(more or {}), kind: text, **({next_step.NAME: next_step.to_json(steps)} if steps else {})})
    sys.stderr.write(f"{prog}: {kind.replace('_', ' ')}: {visible(text)}\n")
    return status_code


def _parser(
    arguments: list[str], allowed: Sequence[str] = COMMANDS, prog: str = "freqops-host"
) -> argparse.ArgumentParser:
    """Return a parser that knows the command that is named, or all of them where none is."""
    parser = _Parser(prog=prog, description="Start, halt, resume and watch the bots of this host.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser, prog=parser.prog)
    for name in _named(arguments, allowed):
        command: Any = import_module(f"{__package__}.commands.{name.replace('-', '_')}")
        one = commands.add_parser(name, help=command.HELP)
        command.add_arguments(one)
        if tuple(allowed) == COMMANDS and hasattr(command, "add_root_arguments"):
            command.add_root_arguments(one)
        one.set_defaults(module=command)
    return parser


def _named(arguments: list[str], allowed: Sequence[str]) -> Sequence[str]:
    """Return the command that is certainly meant, or all that there are where it is not one of them."""
    return arguments[:1] if set(arguments[:1]) & set(allowed) else allowed
