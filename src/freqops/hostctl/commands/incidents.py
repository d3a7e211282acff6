"""``freqops-host incidents``: the incidents of this host, and their life; ``freqops-operator`` only looks."""

from __future__ import annotations

import argparse
import os
from typing import Any

from freqops.core.base import iso_time
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import Refused
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.base.text_table import table
from freqops.core.bot import layout
from freqops.core.incident import chain, life
from freqops.core.incident.life import Event
from freqops.core.runs.incident_rows import Wanted

from ..incident import check, registered
from . import argument_types, output
from .arguments import names

HELP = "the incidents of this host, and their life"
IN_SESSION = False
HEADINGS = ("incident", "kind", "severity", "state", "bots", "what")
SHORT = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to look at."""
    parts = parser.add_subparsers(dest="action", required=True)
    parser.set_defaults(parts=parts)
    found = parts.add_parser("list", help="the newest first")
    found.add_argument("--bot", default="")
    found.add_argument("--kind", default="", choices=("", *life.KINDS))
    found.add_argument("--severity", default="", choices=("", *life.SEVERITIES), help="as grave at least")
    found.add_argument("--state", default="", choices=("", *life.STATES))
    found.add_argument("--since", default="", type=_moment, help="opened since then, like 2026-01-31T18:00:00Z")
    found.add_argument("--until", default="", type=_moment, help="opened until then")
    found.add_argument("--limit", default=100, type=_limit)
    found.add_argument("--json", action="store_true")
    one = parts.add_parser("show", help="one, with all that happened to it")
    one.add_argument("incident", type=argument_types.incident)
    one.add_argument("--json", action="store_true")


def add_root_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what changes an incident."""
    parts: Any = parser.get_default("parts")
    opened = parts.add_parser("open", help="open one")
    opened.add_argument("--description", required=True, type=argument_types.line)
    opened.add_argument("--severity", required=True, choices=life.SEVERITIES)
    opened.add_argument("--bots", default="", help="names separated by commas")
    opened.add_argument("--run", default="", type=_line_or_nothing, help="the run of this host that it is about")
    opened.add_argument("--incident", type=argument_types.incident)
    seen = parts.add_parser("acknowledge", help="say that somebody looks after it")
    seen.add_argument("incident", type=argument_types.incident)
    seen.add_argument("--reason", default="acknowledged", type=argument_types.line)
    closed = parts.add_parser("close", help="end it, with its root cause and what was done")
    closed.add_argument("incident", type=argument_types.incident)
    closed.add_argument("--root-cause", default="", type=_line_or_nothing)
    closed.add_argument("--action", dest="remedy", default="", type=_line_or_nothing)
    for each in (opened, seen, closed):
        each.add_argument("--actor", type=argument_types.line, default=argument_types.actor())
        each.add_argument("--json", action="store_true")
    checked = parts.add_parser("check", help="compare registry, chain and evidence, and mend what lacks its half")
    checked.add_argument("--head", default=chain.EMPTY, type=_head, help="a head that the chain had once")
    checked.add_argument("--look", action="store_true", help="mend nothing")
    checked.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Run the action; 2 where a check found a fault that it could not mend."""
    answer: dict[str, Any] = {"version": 1, "command": "incidents", "host": os.uname().nodename, "what": options.action}
    lines = {"list": _list, "show": _show, "check": _check}.get(options.action, _act)(options, answer)
    output.print_json(answer) if options.json else output.print_text(*lines)
    return PROVEN if answer.get("proven", True) else NOT_PROVEN


def _list(options: argparse.Namespace, answer: dict[str, Any]) -> list[str]:
    states = (options.state,) if options.state else ()
    wanted = Wanted(options.kind, options.severity, states, options.bot, options.since, options.until, options.limit)
    answer["incidents"], answer["head"] = registered.listed(options.root, wanted)
    return rows(answer["incidents"])


def rows(found: list[dict[str, Any]]) -> list[str]:
    """Return incidents as the lines of a table."""
    if not found:
        return ["no incident"]
    cells = [
        [row["id"], row["kind"], row["severity"], row["state"], ",".join(row["bots"]), row["description"][:SHORT]]
        for row in found
    ]
    return table(HEADINGS, cells).splitlines()


def _show(options: argparse.Namespace, answer: dict[str, Any]) -> list[str]:
    answer["incident"], answer["events"] = registered.shown(options.root, options.incident)
    lines = [f"{name}: {value}" for name, value in answer["incident"].items() if value not in (None, "", [])]
    return lines + [
        f"{each['step']} {each['at']} by {each['actor'] or 'nobody'}: {each['text']}" for each in answer["events"]
    ]


def _check(options: argparse.Namespace, answer: dict[str, Any]) -> list[str]:
    found = check.check(options.root, options.head, mend=not options.look)
    left = found.mended if options.look else []
    answer |= {**vars(found), "changed": bool(found.mended) and not options.look}
    answer["proven"] = not found.problems and not left
    said = [*(f"WRONG: {text}" for text in found.problems)]
    said += [f"{'TO MEND' if options.look else 'MENDED'}: {text}" for text in found.mended]
    return [
        *said,
        f"{found.incidents} incidents, head {found.head}",
        "ALL PROVEN" if answer["proven"] else "NOT ALL PROVEN",
    ]


def _act(options: argparse.Namespace, answer: dict[str, Any]) -> list[str]:
    clock = Clock()
    now = iso(clock.utcnow())
    if options.action == "open":
        bots = tuple(names(options.bots))
        if bots:
            layout.select(list(bots), options.root)  # refuses what is none of this host's
        if options.run:
            registered.refuse_unless_run(options.root, options.run)
        event = Event(
            life.OPENED, now, options.actor, options.description, life.MANUAL, options.severity,
            f"{life.MANUAL}: {options.description}", bots, run=options.run,
        )  # fmt: skip
        row = registered.open_one(options.root, event, clock, options.incident)
    elif options.action == "acknowledge":
        event = Event(life.ACKNOWLEDGED, now, options.actor, options.reason)
        row = registered.act(options.root, options.incident, event, clock)
    else:
        said = {"root_cause": options.root_cause, "action": options.remedy}
        life.refuse_unless_explained(**said)
        event = Event(life.CLOSED, now, options.actor, f"closed: {options.root_cause}; {options.remedy}", **said)
        row = registered.act(options.root, options.incident, event, clock)
    answer |= {"incident": row, "changed": True, "head": registered.head(options.root)}
    return rows([row])


def _moment(text: str) -> str:
    if not text:
        return ""
    try:
        return iso(iso_time.parse(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 10000")
    return int(text)


def _head(text: str) -> str:
    try:
        chain.parsed(text)
    except Refused as refusal:
        raise argparse.ArgumentTypeError(str(refusal)) from None
    return text


def _line_or_nothing(text: str) -> str:
    return argument_types.line(text) if text.strip() else ""
