"""``freqops-host upgrade-postgres``: another major version of the Postgres of this host, or back."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.deploy import deploy_lock
from freqops.core.maintenance import upgrade_answer

from ..bot.engine import Engine
from ..incident.recorded import Command, stamp
from ..maintenance.shared_cluster import COMMAND, Order, Upgraded
from ..maintenance.upgrade_postgres import Upgrade
from ..maintenance.upgrade_undo import Undoing
from . import output
from .arguments import add_mandate, mandate_of

HELP = "bring the host's Postgres to another major version, with all databases, or back"
IN_SESSION = True
REASON = "another major version of Postgres"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the image, or the way back."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--image", default="", help="the image of the new version, by digest")
    what.add_argument("--undo", action="store_true", help="bring the cluster back that was kept")
    parser.add_argument("--overwrite", action="store_true", help="with --undo: what was traded since may be lost")
    parser.add_argument("--host", default="", help="the name of this host in the inventory")
    parser.add_argument("--look", action="store_true", help="say what would be done, and touch nothing")
    parser.add_argument("--json", action="store_true")
    add_mandate(parser, COMMAND, REASON)


def run(options: argparse.Namespace) -> int:
    """Do it, write the evidence, and answer.

    Raises:
        Refused: Nothing was touched.
        NotProven: It failed; the text says which cluster stands.
    """
    if options.overwrite and not options.undo:
        raise Refused("--overwrite needs --undo")
    order, clock = Order(mandate_of(options), options.image, options.host, options.look, options.overwrite), Clock()
    done: list[str] = []
    work = (Undoing if options.undo else Upgrade)(options.root, order, clock, Engine(), done.append)
    if order.look:
        return _answered(work.look(), order, options)
    command, began = Command(COMMAND, order.mandate, options.root, clock), clock.utcnow()

    def evidence(said: dict[str, Any]) -> str | None:
        return command.write(f"{COMMAND}-{stamp(began)}", began, {**said, "done": done})

    try:
        with _deploy_lock(options.root, order.mandate.incident, clock):
            row = work.run()
    except Refused:
        raise
    except (FreqopsError, OSError) as error:
        evidence({"proven": False, "result": {"not_proven": str(error)}})
        raise NotProven(str(error)) from None
    if row.changed:
        unwritten = evidence({"proven": row.proven, "result": row.to_json()})
        row.detail += [unwritten] if unwritten else []
    return _answered(row, order, options)


def _answered(row: Upgraded, order: Order, options: argparse.Namespace) -> int:
    told = {**row.to_json(), "version": 1, "command": COMMAND, "incident": order.mandate.incident}
    output.print_json(told) if options.json else output.print_text(*upgrade_answer.lines(told))
    return row.exit


@contextmanager
def _deploy_lock(root: Path, incident: str, clock: Clock) -> Iterator[None]:
    """Have the deploy heard of that runs this; one that is under way on its own is not disturbed.

    Raises:
        Refused: Another one has the deploy lock.
    """
    holder = deploy_lock.present(root)
    if holder is None:
        yield
        return
    if holder.id != incident:
        raise Refused(f"Postgres was not touched: {holder.described}")
    with deploy_lock.heard_of(root, incident, clock):
        yield
