"""Answers of all hosts judged together: accounts, ports, the repository of the inventory, what somebody stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from freqops.core.base.errors import Refused
from freqops.core.base.statements import Statement, parsed
from freqops.core.security import items, row, sockets
from freqops.core.security.answer import Answer
from freqops.core.security.last import FLEET
from freqops.core.security.row import UNKNOWN, Row

from . import inventory_history, reachable_ports

ATTESTATIONS, WAIVERS = "security_attestations", "security_waivers"
SSH_PORT = 22
HOSTS_AT_ONCE = 8


@dataclass
class Asked:
    """A host that was asked.

    Attributes:
        name: Its name in the inventory.
        declared: The mode of each bot that the inventory declares on it.
        variables: Its variables.
        answer: What it measured; None where it gave no answer.
        error: Why it gave none.
    """

    name: str
    declared: Mapping[str, str]
    variables: Mapping[str, Any]
    answer: Answer | None = None
    error: str = ""
    attestations: list[Statement] = field(default_factory=list)
    waivers: list[Statement] = field(default_factory=list)

    @property
    def bots(self) -> dict[str, str]:
        """The mode of each bot, declared or there; one that is live in either place is live."""
        there = self.answer.bots if self.answer is not None else {}
        both = {**self.declared, **there}
        return {name: items.LIVE if items.LIVE in (self.declared.get(name), there.get(name)) else mode
                for name, mode in both.items()}  # fmt: skip

    def read_statements(self, today: date) -> None:
        """Read what somebody stands for, of this host's variables.

        Raises:
            Refused: It is none.
        """
        try:
            self.attestations = parsed(self.variables.get(ATTESTATIONS) or [], ATTESTATIONS, items.ATTESTED, today)
            self.waivers = parsed(self.variables.get(WAIVERS) or [], WAIVERS, items.WAIVED, today)
        except Refused as refusal:
            raise Refused(f"{self.name}: {refusal}") from None


def of_hosts(hosts: Sequence[Asked], today: date, *, whole: bool) -> dict[str, list[Row]]:
    """Return the rows of each host, complete and judged.

    Args:
        hosts: The hosts.
        today: The day, in UTC.
        whole: Whether these are all hosts of the inventory.
    """
    told = {(host.name, bot): host.answer.accounts.get(bot) if host.answer is not None else None
            for host in hosts for bot, mode in host.bots.items() if mode == items.LIVE}  # fmt: skip
    accounts = row.accounts_judged(told, whole=whole)
    with ThreadPoolExecutor(HOSTS_AT_ONCE) as pool:
        ports = dict(zip([host.name for host in hosts], pool.map(_ports, hosts), strict=True))
    found: dict[str, list[Row]] = {}
    for host in hosts:
        measured = [each for each in host.answer.rows if each.item != items.ACCOUNT_UNIQUE] if host.answer else []
        unique = [each for (name, _), each in accounts.items() if name == host.name]
        wanted = items.of_host(host.bots, afar=True)
        rows = row.filled([*measured, *unique, ports[host.name]], wanted, host.error or row.NOBODY)
        found[host.name] = [row.stated(each, host.attestations, host.waivers, today) for each in rows]
    return found


def of_fleet(hosts: Sequence[Asked], sources: Sequence[str], today: date) -> list[Row]:
    """Return the rows of the fleet, with the waivers that any host has."""
    waivers = list(dict.fromkeys(each for host in hosts for each in host.waivers))
    rows = row.filled(inventory_history.rows(sources, waivers, today), items.of_fleet())
    return [row.stated(each, [], waivers, today) for each in rows]


def to_keep(host: Asked, rows: Sequence[Row], fleet: Sequence[Row]) -> dict[str, Any]:
    """Return what a host that answered keeps of its check."""
    there = host.answer.bots if host.answer is not None else {}
    own = [each for each in rows if not each.bot or each.bot in there]
    return {**Answer(own, there).to_json(), FLEET: [each.to_json() for each in fleet]}


def _ports(host: Asked) -> Row:
    if host.answer is None:
        return Row(items.REACHABLE_PORTS, "", UNKNOWN, host.error)
    variables = host.variables
    ssh = [*(variables.get("host_ssh_ports") or [SSH_PORT]), variables.get("ansible_port") or SSH_PORT]
    allowed = sockets.allowed(ssh, variables.get("host_open_ports") or [])
    return reachable_ports.judged(host.answer.listening, str(variables.get("ansible_host") or host.name), allowed)
