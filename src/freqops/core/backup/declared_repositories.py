"""The repositories of every host as an inventory declares them: judged before anything is touched, each by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed
from ..base.visible import visible
from ..preflight import declared, names
from ..preflight.fleet import REPOSITORIES, Fleet
from ..preflight.refusal import Refusal, hidden
from . import elsewhere, repository
from .repository import FIELDS, SHOWN, Repository

KEEPERS = "repositories"  # the group of the hosts that keep repositories of others
ABOUT = ("backup_", "repositories_")
OF_A_KEEPER = ("repositories_address", "repositories_port")
GUIDE = "docs/runbooks/backup.md has what a repository may be"


def judge(fleet: Fleet, keepers: Sequence[str]) -> Iterator[Refusal]:
    """Yield the mistakes in the repositories of each host.

    Args:
        fleet: The inventory.
        keepers: The hosts that keep repositories of others.
    """
    for host in fleet.hosts:
        taken: dict[str, str] = {}
        for index, entry in enumerate(fleet.value(host, REPOSITORIES)):
            place = (REPOSITORIES, index)
            mistakes = list(_of_form(entry, fleet.known[REPOSITORIES]["options"]))
            if not mistakes:
                mistakes = list(_of_rule(host, entry, fleet, keepers, taken, f"{REPOSITORIES}[{index}]"))
            for key, wrong, cure in mistakes:
                paths = ((*place, key), place) if key else (place,)
                yield Refusal(host, f"{REPOSITORIES}[{index}]: {wrong}", cure, paths=paths)


def alone(fleet: Fleet, keepers: Sequence[str]) -> Iterator[Refusal]:
    """Yield the mistakes in the variables of each host that are about backups, whatever the others are."""
    hosts = {host: {name: value for name, value in given.items() if name.startswith(ABOUT)}
             for host, given in fleet.hosts.items()}  # fmt: skip
    part = replace(fleet, hosts=hosts)
    yield from names.variables(part)
    yield from judge(part, keepers)


def _of_form(entry: Any, spec: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the faults of an entry's keys, and of the kinds of their values: key, mistake, cure."""
    if not isinstance(entry, dict):
        yield "", f"it is {hidden(entry)}", f"each repository is a mapping with {', '.join(spec)}"
        return
    name = entry.get("name")
    called = f"{visible(name, SHOWN)}: " if isinstance(name, str) else ""
    for key in sorted(set(entry) - set(spec), key=str):
        yield key, f"{called}{visible(str(key), SHOWN)} is no key of a repository", declared.nearest(str(key), spec)
    if "name" not in entry:
        yield "", "name is missing", "each repository needs name"
    for key in (key for key in spec if key in entry):
        value, kind = entry[key], kinds.text if key == "at" else FIELDS[key]
        if kind(value):
            continue
        wrong = declared.wrong_kind(value, spec[key]) or ("it is too large", "write a smaller number")
        # A url may have a password in it, whatever it was written as.
        yield key, f"{called}{key}: {hidden(value) if key == 'url' else wrong[0]}", wrong[1]


def _of_rule(
    host: str, entry: Mapping[str, Any], fleet: Fleet, keepers: Sequence[str], taken: dict[str, str], where: str
) -> Iterator[tuple[str, str, str]]:
    """Yield the refusals of the host for an entry, and names and places that another entry has already."""
    row = dict(entry)
    if "at" in entry:
        row["at"] = _place(host, entry, fleet)
        wrong_at = list(_of_keeper(visible(entry["name"], SHOWN), row["at"], keepers))
        if wrong_at:
            yield from wrong_at
            return
    try:
        found = repository.one(row)
    except Malformed as error:
        wrong, _, cure = str(error).partition("; ")
        yield "", wrong, cure or GUIDE
        return
    yield from _taken(found, taken, where)


def _of_keeper(name: str, place: Mapping[str, Any], keepers: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield why a repository cannot lie where it is to lie."""
    at = visible(place["host"], SHOWN)
    if place["host"] not in keepers:
        cure = f"hosts of group {KEEPERS} are {', '.join(keepers)}" if keepers else f"no host is in group {KEEPERS}"
        yield "at", f"{name}: at is {at}, which keeps no repositories", cure
        return
    try:
        elsewhere.read(place)
    except Malformed as error:
        yield "at", f"{name}: at {at}: {error}", f"{' and '.join(OF_A_KEEPER)} of {at} say how it is reached"


def _taken(found: Repository, taken: dict[str, str], where: str) -> Iterator[tuple[str, str, str]]:
    """Yield the name or the place that an entry before it has."""
    for key, mark, cure in (
        ("name", f"name {found.name}", "give each repository of a host a name of its own"),
        ("url", f"place {found.place}", "one place is one repository"),
    ):
        first = taken.setdefault(mark, where)
        if first != where:
            yield key, f"{found.name}: its {key} is that of {first}, too", cure
            return


def _place(host: str, entry: Mapping[str, Any], fleet: Fleet) -> dict[str, Any]:
    """Return where a repository on another host lies, as the role backup writes it down."""
    at = entry["at"]
    address, port = at, 22
    if at in fleet.hosts:
        way = fleet.ways[at].address if at in fleet.ways else at
        address, port = (fleet.hosts[at].get(OF_A_KEEPER[0], way), fleet.value(at, OF_A_KEEPER[1]))
    account = hashlib.sha256(f"{host}/{entry['name']}".encode()).hexdigest()[:12]
    return {"host": at, "address": address, "port": port, "account": f"fqr-{account}"}
