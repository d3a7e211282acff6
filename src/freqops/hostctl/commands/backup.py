"""``freqops-host backup``: the databases and files of this host into its repositories, looked at, proven, exported."""

from __future__ import annotations

import argparse
import os
import pwd
from collections.abc import Callable
from pathlib import Path

from freqops.core.backup import elsewhere, parts
from freqops.core.backup.answer import Answer
from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.base.exit_status import PROVEN
from freqops.core.base.kinds import Malformed

from ..backup.backups import Backups
from ..bot.engine import Engine
from . import output
from .arguments import names

HELP = "back up databases and files, look at backups, prove or export them"
IN_SESSION = True
PREPARE, RUN, DUMPS, LIST, CHECK, EXPORT, TEND = ACTIONS = (
    "prepare", "run", "dumps", "list", "check", "export", "tend",
)  # fmt: skip
MEANT = {
    "only": (RUN, EXPORT), "repository": (RUN, LIST, CHECK, EXPORT), "emptied": (RUN,), "to": (EXPORT,),
    "read_data": (CHECK,), "look": (PREPARE,), "due": (RUN,),
    "quiet": (DUMPS,),
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the action, its parts and its repository."""
    parser.add_argument("action", choices=ACTIONS, help="tend: as the account of a repository, forget, prune and check")
    parser.add_argument("--only", default="", help=f"parts separated by commas: {', '.join(parts.PARTS)}")
    parser.add_argument("--repository", default=None, help="one of them; all where it is left out")
    parser.add_argument("--emptied", default="", help="bots, or registry, that may be empty although they were not")
    parser.add_argument("--to", type=Path, default=None, help="the directory that gets the export")
    parser.add_argument("--read-data", action="store_true", help="read every byte of the repository")
    parser.add_argument("--due", action="store_true", help="only where the last backup is of another day")
    parser.add_argument("--look", action="store_true", help="only say whether prepare would change anything")
    parser.add_argument("--quiet", action="store_true", help="say nothing where all was there already")
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Run the action and print the answer."""
    _refuse_meaningless(options)
    answer = _done(options, _backups(options))
    if not options.quiet or any(row.changed or row.problems for row in answer.rows):
        output.print_json(answer.to_json()) if options.json else output.print_text(*answer.lines())
    return PROVEN if options.action == PREPARE else answer.exit


def _backups(options: argparse.Namespace) -> Backups:
    """Return the backups of this host, or of the account that this runs as, which has a repository of another host.

    Raises:
        Refused: It is no such account.
    """
    if options.action != TEND:
        return Backups(options.root, Clock(), Engine())
    account = pwd.getpwuid(os.geteuid()).pw_name
    try:
        return Backups(elsewhere.home(account), Clock(), Engine(), owner=os.geteuid())
    except Malformed as error:
        raise Refused(f"{error}; 'systemctl start freqops-<account>.service' does it") from None


def _done(options: argparse.Namespace, backups: Backups) -> Answer:
    asked = parts.parse(options.only)
    if options.to is not None and not options.to.is_absolute():
        raise Refused("--to is no absolute path")
    emptied = tuple(names(options.emptied))
    acts: dict[str, Callable[[], Answer]] = {
        PREPARE: lambda: backups.prepare(look=options.look),
        RUN: lambda: backups.back_up(asked, options.repository, emptied, due=options.due),
        DUMPS: backups.follow,
        TEND: backups.tend,
        LIST: lambda: backups.look(options.repository),
        CHECK: lambda: backups.check(options.repository, read_data=options.read_data),
        EXPORT: lambda: backups.export(asked, options.repository, options.to),
    }
    return acts[options.action]()


def _refuse_meaningless(options: argparse.Namespace) -> None:
    """Refuse arguments that the action would only ignore.

    Raises:
        Refused: There is one.
    """
    given = [name for name in MEANT if getattr(options, name)]
    wrong = [f"--{name.replace('_', '-')}" for name in given if options.action not in MEANT[name]]
    if wrong:
        raise Refused(f"{', '.join(wrong)} cannot be given with {options.action}")
