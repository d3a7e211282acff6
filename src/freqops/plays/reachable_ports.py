"""The ports of a host that answer from the control node: only SSH and what the inventory opens may."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from freqops.core.base.visible import visible
from freqops.core.security import items, sockets
from freqops.core.security.row import OK, RED, UNKNOWN, Row
from freqops.core.security.sockets import Socket

SECONDS, AT_ONCE, MOST = 3.0, 64, 1000
UNTOLD = "what listens there is not known"
HERE = "this is reached at an address of this machine: nothing says what another network reaches"
SHOWN = 40

Place = tuple[str, int]


def judged(listening: Sequence[Socket] | None, address: str, allowed: Mapping[int, str]) -> Row:
    """Return whether nothing but what may answers from here.

    Args:
        listening: What listens on the host beyond loopback.
        address: Its address, as the inventory has it.
        allowed: The ports that may answer, each with why.
    """
    if listening is None:
        return Row(items.REACHABLE_PORTS, "", UNKNOWN, UNTOLD)
    ssh = [port for port, why in allowed.items() if why == "SSH"]
    wanted = sorted({*sockets.targets(listening, address), *((address, port) for port in ssh)})
    if len(wanted) > MOST:
        return Row(items.REACHABLE_PORTS, "", UNKNOWN, f"more than {MOST} places listen there")
    if is_here(address):
        return Row(items.REACHABLE_PORTS, "", UNKNOWN, HERE)
    answer = answered(wanted)
    too_many = [f"{port} at {visible(place, SHOWN)}" for place, port in answer if port not in allowed]
    if too_many:
        return Row(items.REACHABLE_PORTS, "", RED, f"answers from here: {', '.join(too_many)}")
    if not any(place == address and port in ssh for place, port in answer):
        said = f"not even SSH answers from here at {visible(address, SHOWN)}: another way leads there"
        return Row(items.REACHABLE_PORTS, "", UNKNOWN, said)
    unasked = sorted({each.port for each in listening if each.protocol == sockets.UDP})
    udp = f"; not asked, for UDP need not answer: {', '.join(map(str, unasked))}" if unasked else ""
    named = ", ".join(f"{port} ({allowed[port]})" for port in sorted({port for _, port in answer}))
    return Row(items.REACHABLE_PORTS, "", OK, f"of {len(wanted)} places from here answer: {named}{udp}")


def answered(places: Iterable[Place], seconds: float = SECONDS) -> list[Place]:
    """Return the places at which a connection of TCP comes about, all asked side by side."""
    asked = list(places)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda place: _answers(place, seconds), asked)
        return [place for place, answers in zip(asked, found, strict=True) if answers]


def is_here(address: str) -> bool:
    """Return whether an address is loopback; one that nobody knows is not."""
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(address, None, type=socket.SOCK_STREAM)}
        return any(ipaddress.ip_address(each.partition("%")[0]).is_loopback for each in found)
    except (OSError, ValueError, UnicodeError):
        return False


def _answers(place: Place, seconds: float) -> bool:
    try:
        with socket.create_connection(place, timeout=seconds):
            return True
    except (OSError, UnicodeError):
        return False
