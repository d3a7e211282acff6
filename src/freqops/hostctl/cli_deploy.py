"""The commands of a deploy on the command line: ``switch``, ``rollback``, ``recover`` and the turn to deploy."""

from __future__ import annotations

import argparse
from typing import Any, Callable

from freqops.core import layout, turn
from freqops.core.clock import Clock
from freqops.core.errors import FreqopsError
from freqops.core.incident import new_incident

from . import argument_types, output, shared, unchanged
from .deploy import Errand, deploy, parsed, recover, rollback
from .engine import Engine
from .start import DEADLINE
from .switch import Switched

PROVEN, NOT_PROVEN = 0, 2

Work = Callable[[argparse.Namespace], int]
InSession = Callable[[Work, argparse.Namespace], int]


def add_to(commands: Any, in_session: InSession) -> None:
    """Add the commands.

    Args:
        commands: The sub-parsers of ``freqops-host``.
        in_session: Does a work in a session of its own, so that a lost connection does not end it.
    """
    change = commands.add_parser("switch", help="bring bots to staged releases, one after the other")
    change.add_argument("bots", help="name=fingerprint, separated by commas")
    change.add_argument("--turn", type=argument_types.incident, help="id of the deploy whose turn it must be")
    _add_errand(change, "deploy")
    change.set_defaults(run=lambda options: in_session(_switch, options))
    back = commands.add_parser("rollback", help="bring one bot back to a release that was well before")
    back.add_argument("bot")
    back.add_argument("--release", help="its fingerprint; the one before the present one where not given")
    _add_errand(back, "rollback")
    back.set_defaults(run=lambda options: in_session(_rollback, options))
    again = commands.add_parser("recover", help="take back switches that were interrupted (run by a timer)")
    again.set_defaults(run=lambda options: in_session(_recover, options))

    ground = commands.add_parser("postgres", help="bring the host's Postgres to what is staged, with its bots stopped")
    ground.add_argument("--reread", action="store_true", help="have it read again who may connect")
    ground.set_defaults(run=lambda options: in_session(_postgres, options))

    look = commands.add_parser("manifest", help="whether this host is what the last good deploy left behind")
    look.add_argument("--wanted", required=True, help="fingerprint of what is wished")
    look.add_argument("--ground", required=True, help="fingerprint of what is wished of the host itself")
    look.add_argument("--write", action="store_true", help="write down how it is now")
    look.set_defaults(run=_manifest)


def _manifest(options: argparse.Namespace) -> int:
    if options.write:
        unchanged.write(options.wanted, options.ground, options.root)
        output.print_json({"version": 1, "written": True})
    else:
        found = unchanged.compare(options.wanted, options.ground, options.root, Clock(), Engine())
        output.print_json({"version": 1, **found})
    return PROVEN


def _postgres(options: argparse.Namespace) -> int:
    output.print_json(shared.bring(options.root, Clock(), Engine(), reread=options.reread).to_json())
    return PROVEN


def _add_errand(parser: argparse.ArgumentParser, kind: str) -> None:
    parser.add_argument("--reason", type=argument_types.line, default=kind)
    parser.add_argument("--actor", type=argument_types.line, default=argument_types.actor())
    parser.add_argument("--incident", type=argument_types.incident, default=new_incident(kind, Clock()))
    parser.add_argument(
        "--deadline", type=argument_types.seconds, default=DEADLINE, help="seconds that a start may take"
    )


def _errand(options: argparse.Namespace) -> Errand:
    return Errand(options.root, options.reason, options.actor, options.incident, options.deadline)


def _switch(options: argparse.Namespace) -> int:
    if options.turn is not None:
        turn.refuse_unless_own(options.root, options.turn, Clock())
    return _finished(deploy(parsed(options.bots), _errand(options), Clock(), Engine()))


def _rollback(options: argparse.Namespace) -> int:
    [home] = layout.select([options.bot], options.root)
    return _finished([rollback(home, options.release, _errand(options), Clock(), Engine())])


def _finished(rows: list[Switched]) -> int:
    output.print_json({"version": 1, "bots": [row.to_json() for row in rows]})
    return PROVEN if all(row.well for row in rows) else NOT_PROVEN


def _recover(options: argparse.Namespace) -> int:
    done, failed = recover(layout.homes(options.root), "freqops-recover", Clock(), Engine())
    for line in [*done, *failed]:
        output.print_text(line)
    if failed:
        raise FreqopsError("; ".join(failed))
    return PROVEN
