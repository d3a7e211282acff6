"""`lab status`: what is up."""

from docker import DockerClient
from docker.models.containers import Container
from rich.table import Table

from lab.base import console, state
from lab.base.names import name_of
from lab.engine import containers, engine, engine_process, network
from lab.engine.ports import LOOPBACK
from lab.hosts.host import Host
from lab.hosts.roster import chosen
from lab.services import registry


def status() -> bool:
    """Print a table of the lab's parts.

    Returns:
        Whether all of them are up.
    """
    client = engine.connect()
    table = Table("part", "state", "where")
    rows = [_engine_row(client)]
    if client is not None:
        rows += [_network_row(client), _row("registry", registry.find(client))]
        rows += [_row("exchange", containers.find(client, name_of("exchange")))]
        rows += [_host_row(client, host.name) for host in chosen(state.load().hosts)]
    for row in rows:
        table.add_row(*row)
    console.OUT.print(table)
    return all(row[1] in {"up", "running", "answers SSH"} for row in rows)


Row = tuple[str, str, str]


def _engine_row(client: DockerClient | None) -> Row:
    if client is None:
        return "engine", "down", ""
    owner = "started by a lab" if engine_process.was_ours() else "was here before the lab"
    return "engine", "up", f"{client.version()['Version']}, {owner}"


def _network_row(client: DockerClient) -> Row:
    net = network.find(client)
    return ("network", "missing", "") if net is None else ("network", "up", str(network.subnet_of(net)))


def _row(part: str, container: Container | None) -> Row:
    if container is None:
        return part, "missing", ""
    return part, str(container.status), f"{LOOPBACK}:{containers.published(container)}"


def _host_row(client: DockerClient, name: str) -> Row:
    _, status, where = _row(name, containers.find(client, name_of(name)))
    if status == "running" and name in state.load().ports:
        status = "answers SSH" if Host(name).reachable() else "does not answer SSH"
    return name, status, where
