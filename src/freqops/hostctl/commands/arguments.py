"""Arguments that several commands share."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.base.mandate import Mandate
from freqops.core.incident.ids import new_incident

from . import argument_types


def add_mandate(parser: argparse.ArgumentParser, kind: str, reason: str | None = None) -> None:
    """Add reason, actor and incident of a command.

    Args:
        parser: The parser of the command.
        kind: The word after which the incident is called, where none is named.
        reason: The reason where none is given; None where one must be given.
    """
    parser.add_argument("--reason", type=argument_types.line, required=reason is None, default=reason)
    parser.add_argument("--actor", type=argument_types.line, default=argument_types.actor())
    parser.add_argument("--incident", type=argument_types.incident, default=new_incident(kind, Clock()))


def mandate_of(options: argparse.Namespace) -> Mandate:
    """Return the mandate from the arguments of `add_mandate` or `add_bot_under_incident`."""
    return Mandate(options.incident, options.reason, options.actor)


def add_bot_under_incident(parser: argparse.ArgumentParser) -> None:
    """Add the bot, and the incident that must be named."""
    parser.add_argument("bot")
    parser.add_argument("--incident", required=True, type=argument_types.incident)
    parser.add_argument("--reason", required=True, type=argument_types.line)
    parser.add_argument("--actor", type=argument_types.line, default=argument_types.actor())


def names(text: str) -> list[str]:
    """Return the names that ``text`` has, separated by commas."""
    return [name for name in text.split(",") if name]


def add_accept_stale_dump(parser: argparse.ArgumentParser) -> None:
    """Add whether image or database may change without a dump before."""
    parser.add_argument(
        "--accept-stale-dump", action="store_true", help="go on where a database cannot be dumped before the change"
    )
