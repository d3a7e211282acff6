"""The chain of a host's events: each has the hash of the one before, so that what was changed afterwards is found.

Whoever may write the registry may write a whole new chain. That is found by a head that left the host before: its
number and its hash, as every status has it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..base.errors import Refused

FIRST = "0" * 64  # what stands before the first event
HEAD = re.compile(r"(?P<number>0|[1-9][0-9]{0,11})-(?P<hash>[0-9a-f]{64})")
EMPTY = f"0-{FIRST}"


@dataclass(frozen=True)
class Link:
    """One event as it stands in the chain.

    Attributes:
        number: Its number, from 1 on, without a gap.
        incident: The incident to which it belongs.
        directory: The directory of its evidence.
        file: The file of its evidence in that; empty where it has none.
        data: What happened, as JSON.
        previous: The hash of the event before it.
        hash: Its own.
    """

    number: int
    incident: str
    directory: str
    file: str
    data: str
    previous: str
    hash: str


def link(head: str, incident: str, directory: str, file: str, data: str) -> Link:
    """Return the event that comes after ``head``."""
    number, previous = parsed(head)
    parts = (number + 1, incident, directory, file, data, previous)
    return Link(*parts, _hash(*parts))


def head_of(found: Link | None) -> str:
    """Return the head of a chain by its last event."""
    return EMPTY if found is None else f"{found.number}-{found.hash}"


def parsed(head: str) -> tuple[int, str]:
    """Return number and hash of a head.

    Raises:
        Refused: It is none.
    """
    match = HEAD.fullmatch(head)
    if match is None:
        raise Refused(f"{head[:80]!r} is no head of a chain; one is like 12-9f3c21… with 64 digits, as status has it")
    return int(match["number"]), match["hash"]


def wrong(links: Iterable[Link], known: str = EMPTY) -> Iterator[str]:
    """Yield the faults of a chain, a line each.

    Args:
        links: All its events, in the order of their numbers.
        known: A head that the chain had once.
    """
    number, previous = 0, FIRST
    wanted, hash_then = parsed(known)
    seen = wanted == 0
    for each in links:
        if each.number != number + 1:
            yield f"event {number + 1} is missing: after {number} comes {each.number}"
        if each.previous != previous:
            yield f"event {each.number} does not follow from the one before it: one was changed, removed or inserted"
        if each.hash != _hash(each.number, each.incident, each.directory, each.file, each.data, each.previous):
            yield f"event {each.number} of {each.incident} was changed after it was written"
        if each.number == wanted:
            seen = True
            if each.hash != hash_then:
                yield f"event {each.number} is not the one that was known: the chain was replaced"
        number, previous = each.number, each.hash
    if not seen:
        yield f"the newest are cut off: the chain had {wanted} events, and ends with {number}"


def _hash(number: int, incident: str, directory: str, file: str, data: str, previous: str) -> str:
    return hashlib.sha256(json.dumps([number, incident, directory, file, data, previous]).encode()).hexdigest()
