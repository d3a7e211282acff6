"""Runs begun on hosts and followed to their ends, for the actions that begin, repeat or watch them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from freqops.core.base import kinds
from freqops.core.base.clock import Clock
from freqops.core.bot import host_command
from freqops.core.runs import run_answer, run_progress
from freqops.fleet.fanout import Answer, Event

from . import connections
from .fleet_action import FleetAction
from .output import BAD, GOOD, WARNING, show, trace

START_PATIENCE = 900.0  # an image may have to be pulled first


def begin(action: FleetAction, orders: Mapping[str, bytes], wait: float) -> tuple[dict[str, str], list[str]]:
    """Begin runs, and return their ids by their hosts, and why others did not begin.

    Args:
        action: The action.
        orders: The order for each host.
        wait: Seconds that a host may wait until it has room.
    """
    commands = {host: ["run", "start"] for host in orders}
    answers = action.ask(commands, START_PATIENCE + wait, run_answer.of_start, orders)
    begun = {each.host: run_answer.of_start(each.document) for each in answers if each.document is not None}
    wrong = [f"{each.host}: {each.error}" for each in answers if each.document is None]
    show([f"NOT BEGUN {text}" for text in wrong], BAD)
    show([f"{host} {run}: it goes on by itself; to look again: -e run={run}" for host, run in begun.items()], GOOD)
    return begun, wrong


def follow(action: FleetAction, begun: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Show how far runs are until all are over, and return how they ended, by their hosts."""
    if not begun:
        return {}
    commands = {host: ["run", "follow", run, "--json"] for host, run in begun.items()}
    listener = Listener(begun)
    for each in connections.follow(action, action.hostvars, commands, None, listener, Clock()):
        if each.trace is not None:
            trace(each.host, each.trace)
    return listener.ends


def ended(begun: Mapping[str, str], ends: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Show how runs ended, and return why some of them did not finish."""
    wrong = [text for host, run in begun.items() for text in run_answer.wrong(host, run, ends.get(host))]
    show(["", *run_answer.table(begun, ends)], BAD if wrong or run_answer.not_passed(begun, ends) else GOOD)
    return wrong


class Listener:
    """Shows how far runs are.

    Attributes:
        ends: How each of them ended, by its host.
    """

    def __init__(self, begun: Mapping[str, str]) -> None:
        self.ends: dict[str, dict[str, Any]] = {}
        self._begun = begun
        self._before: dict[str, dict[str, Any]] = {}

    def heard(self, host: str, event: Event) -> None:
        """Take in how far a run is.

        Raises:
            Malformed: It is not what it must be.
        """
        found = run_progress.checked(kinds.value(event, "progress", kinds.object_))
        if run_progress.differs(found, self._before.get(host, {})):
            show([run_progress.shown(host, self._begun[host], found)], GOOD)
        self._before[host] = found

    def ended(self, ended: Answer) -> None:
        """Take in the end of a run; a host that does not tell it is said at once."""
        why = ended.error or host_command.refusal(ended.document or {})
        if why is None:
            try:
                self.ends[ended.host] = run_answer.of_end(ended.document, self._begun[ended.host])
            except kinds.Malformed as error:
                why = str(error)
        if why is not None:
            show([f"NOT FOLLOWED {ended.host} {self._begun[ended.host]}: {why}"], WARNING)

    def idle(self) -> None:
        """Do nothing: what comes is shown as it comes."""
