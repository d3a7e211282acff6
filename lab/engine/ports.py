"""Loopback ports, chosen once and kept: a host keeps its port for life."""

import socket

from docker import DockerClient

LOOPBACK = "127.0.0.1"
FIRST_PORT, PORTS = 20000, 10000


def candidates(seed: str, part: str) -> list[int]:
    """Return ports to try, beginning at a place that depends on the checkout and the part of the lab."""
    start = int(seed, 16) + sum(part.encode()) * 37
    return [FIRST_PORT + (start + turn) % PORTS for turn in range(200)]


def choose(seed: str, part: str, taken: set[int]) -> int:
    """Return a port that no container is promised and nothing listens on."""
    for port in candidates(seed, part):
        if port not in taken and is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def promised(client: DockerClient) -> set[int]:
    """Return the ports of all containers on the engine, stopped ones too."""
    return {
        int(binding["HostPort"])
        for container in client.containers.list(all=True, ignore_removed=True)
        for bindings in (container.attrs["HostConfig"]["PortBindings"] or {}).values()
        for binding in bindings or ()
        if binding.get("HostPort")
    }


def is_free(port: int) -> bool:
    """Whether nothing listens on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) != 0
