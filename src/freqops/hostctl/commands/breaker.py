"""``freqops-host breaker``: the operator breaker looked at, switched on and off, or overridden for runs."""

from __future__ import annotations

import argparse
import os
from datetime import datetime, timedelta
from pathlib import Path

from freqops.core.base import iso_time
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import Refused
from freqops.core.breaker import breaker_file, override_file, places

from ..breaker import switching
from ..breaker.switching import Order
from . import argument_types, output
from .arguments import add_mandate, mandate_of, names

HELP = "look at the operator breaker, switch it, or let runs start in spite of it"
IN_SESSION = True
STATUS, ENABLE, DISABLE, OVERRIDE = ACTIONS = ("status", "enable", "disable", "override")
PROOF_SECONDS = 90.0
ENDS = ("minutes", "until")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the action, its bots, its end and its reason."""
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("--bots", default="all", help="names separated by commas; all is the breaker of the host")
    parser.add_argument("--minutes", type=argument_types.minutes, help="end after so many minutes")
    parser.add_argument("--until", type=_moment, help="end then, like 2026-01-31T18:00:00Z; wins over --minutes")
    parser.add_argument("--withdraw", action="store_true", help="take an override away")
    parser.add_argument("--deadline", type=argument_types.seconds, default=PROOF_SECONDS, help="seconds for the proof")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(file=None, state_dir=None)
    add_mandate(parser, "breaker", "manual")


def add_root_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of root alone: another file, which this command writes as root."""
    parser.add_argument("--file", type=Path, help="another breaker file; wins over --state-dir")
    parser.add_argument("--state-dir", type=Path, help="the directory of another breaker file")


def run(options: argparse.Namespace) -> int:
    """Run the action and print the answer."""
    clock = Clock()
    order = _order(options, clock.utcnow())
    done = getattr(switching, options.action)(order, clock)
    output.print_json(done.to_json()) if options.json else output.print_text(*done.lines())
    return int(done.exit)


def _order(options: argparse.Namespace, now: datetime) -> Order:
    """Return the order.

    Raises:
        Refused: An argument does not belong to the action, or the end is not possible.
    """
    _refuse_meaningless(options)
    bots = None if options.bots == "all" else names(options.bots)
    other = _other_file(options)
    if bots is not None and other is not None:
        raise Refused(
            "--bots cannot be given with --file or --state-dir: a bot's breaker is in the directory of the bot"
        )
    return Order(
        action=options.action, root=options.root, bots=bots, other=other, end=_end(options, now),
        mandate=mandate_of(options), deadline=options.deadline, withdraw=options.withdraw,
    )  # fmt: skip


def _other_file(options: argparse.Namespace) -> Path | None:
    """Return the file that was named instead of the host's; None where it is the host's."""
    named = options.file or (options.state_dir / places.NAME if options.state_dir else None)
    if named is None:
        return None
    path = Path(os.path.abspath(named))  # noqa: PTH100  resolve() would follow links
    return None if path == places.host_breaker(options.root) else path


def _refuse_meaningless(options: argparse.Namespace) -> None:
    """Refuse arguments that the action would only ignore.

    Raises:
        Refused: There is one.
    """
    given = [f"--{name}" for name in (*ENDS, "withdraw") if getattr(options, name)]
    allowed = {ENABLE: {"--minutes", "--until"}, OVERRIDE: {"--minutes", "--until", "--withdraw"}}
    wrong = [name for name in given if name not in allowed.get(options.action, set())]
    if wrong:
        raise Refused(f"{', '.join(wrong)} cannot be given with {options.action}")
    if options.action != OVERRIDE:
        return
    if options.withdraw == bool(options.minutes or options.until):
        raise Refused("an override needs an end: --minutes or --until, at most 24 hours ahead; or --withdraw")
    if options.bots != "all" or options.file:
        raise Refused("an override is for the runs of the whole host: --bots and --file cannot be given with it")


def _end(options: argparse.Namespace, now: datetime) -> datetime | None:
    """Return when it ends, None for never; the moment wins over the minutes.

    Raises:
        Refused: It has passed, or is too late.
    """
    if options.until is None and options.minutes is None:
        return None
    end: datetime = options.until or now.replace(microsecond=0) + timedelta(minutes=options.minutes)
    if end <= now:
        raise Refused(
            f"--until {iso(end)} has passed: it is {iso(now)}; allowed: a moment to come, in UTC or with an offset"
        )
    if end > breaker_file.LATEST:
        raise Refused(f"--until {iso(end)} is later than {breaker_file.LATEST.year}; leave it out for no end")
    if options.action == OVERRIDE and end - now > override_file.LONGEST:
        hours = (end - now).total_seconds() / 3600
        raise Refused(f"an override ends at most 24 hours ahead, and {iso(end)} is {hours:.1f} hours ahead")
    return end


def _moment(text: str) -> datetime:
    try:
        return iso_time.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
