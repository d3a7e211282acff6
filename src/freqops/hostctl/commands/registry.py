"""``freqops-host registry``: whether the registry of runs and incidents is whole; with ``--prepare``, make it so."""

from __future__ import annotations

import argparse
import os
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import PROVEN
from freqops.core.base.text_table import table
from freqops.core.runs import registry, registry_migration, registry_schema

from . import output

HELP = "whether the registry of runs and incidents is whole"
IN_SESSION = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add whether to make the registry, and the form of the answer."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--prepare", action="store_true", help="make it, or bring an older one to this version")
    what.add_argument("--look", action="store_true", help="only say whether --prepare would change anything")
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Open the registry, which checks all of it, and print its facts; a fault is raised."""
    path, owner = registry.place(options.root), os.geteuid()
    answer: dict[str, Any] = {"changed": False, "backup": None}
    if options.look:
        output.print_json({"version": 1, "path": str(path), "changed": registry_migration.needed(path)})
        return PROVEN
    if options.prepare:
        done = registry_migration.prepare(path, Clock(), owner)
        answer = {"changed": done.changed, "backup": str(done.backup) if done.backup else None}
    with registry.opened(path, owner=owner) as present:
        kept = [{"table": name, "why": why, "rows": number} for name, why, number in present.kept()]
        answer |= {"rows": present.rows(), "kept": kept}
    answer = {"version": 1, "path": str(path), "schema": registry_schema.VERSION, "integrity": "ok", **answer}
    output.print_json(answer) if options.json else output.print_text(*_lines(answer))
    return PROVEN


def _lines(answer: dict[str, Any]) -> list[str]:
    lines = [f"{answer['path']}: version {answer['schema']}, integrity {answer['integrity']}"]
    if answer["changed"]:
        lines.append(f"made by this command; the old one is {answer['backup']}" if answer["backup"] else "made now")
    lines += table(("table", "rows"), list(answer["rows"].items())).splitlines()
    return lines + [
        f"kept as they were: {each['rows']} rows of {each['table']}: {each['why']}" for each in answer["kept"]
    ]
