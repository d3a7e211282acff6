"""Bring lab hosts up: created with the rights that this machine allows, or started as they are."""

import functools
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from docker import DockerClient
from docker.errors import APIError
from docker.models.containers import Container
from docker.models.networks import Network

from lab.base import console
from lab.base.failure import LabError
from lab.base.names import name_of
from lab.base.state import State
from lab.base.wait import until
from lab.engine import containers, engine, network, privileges
from lab.engine.container_spec import ContainerSpec
from lab.hosts import ssh, volumes
from lab.hosts.host import Host
from lab.hosts.roster import HostSpec, chosen

BOOT_SECONDS = 90
LOG_LINES = 15


@dataclass(frozen=True)
class Place:
    """Where hosts are made: an engine, the host image, the lab's network."""

    client: DockerClient
    image: str
    net: Network
    cgroup_version: str


def describe(place: Place, host: HostSpec, port: int, rights: str) -> ContainerSpec:
    """Return the container of a host."""
    return ContainerSpec(
        name=name_of(host.name),
        image=place.image,
        hostname=host.name,
        network=str(place.net.name),
        address=str(network.address(place.net, host.address_number)),
        ports={22: port},
        host_config=privileges.host_config(rights, place.cgroup_version) | volumes.mount(host.name),
    )


def ensure(place: Place, host: HostSpec, state: State) -> bool:
    """Start a host's container; its boot is for the caller to wait on.

    Returns:
        Whether anything had to be done.
    """
    container = containers.find(place.client, name_of(host.name))
    if container is None or container.status in {"dead", "removing"}:
        if container is not None:
            containers.remove(container)
        _create(place, host, state)
        return True
    spec = describe(place, host, state.ports[host.name], state.privileges)
    if containers.differs(container, spec):
        console.say(f"{host.name} was made from another image or description and is kept; `--fresh` makes it again")
    return containers.start(container, place.net, spec.address)


def discard(client: DockerClient, host: HostSpec) -> None:
    """Remove a host; its disk is left to the sweeper."""
    container = containers.find(client, name_of(host.name))
    if container is not None:
        containers.remove(container, keep_volumes=True)


def bring_up(place: Place, state: State, discarded: Collection[HostSpec] = ()) -> None:
    """Bring all hosts up and record their host keys.

    Args:
        place: where they are made.
        state: which they are, their ports and the rights that work; the latter are learnt here.
        discarded: hosts to make again.
    """
    hosts = chosen(state.hosts)
    learning = [] if state.privileges else hosts[:1]
    touched = {host: _bring_up_one(place, host, state, fresh=host in discarded) for host in learning}
    others = [host for host in hosts if host not in learning]
    with ThreadPoolExecutor(max_workers=max(1, len(hosts))) as pool:
        begun = [pool.submit(_bring_up_one, place, host, state, fresh=host in discarded) for host in others]
        touched |= {host: each.result() for host, each in zip(others, begun, strict=True)}
    ssh.record_host_keys({state.ports[host.name]: _admit(place.client, host) for host in hosts})
    for host, just_started in touched.items():
        _wait(host, just_started=just_started)
    if discarded:
        volumes.sweep_in_background()


def _bring_up_one(place: Place, host: HostSpec, state: State, *, fresh: bool) -> bool:
    place = replace(place, client=engine.connected())  # each thread needs one of its own
    if fresh:
        ssh.hang_up(state.ports[host.name])
        discard(place.client, host)
    if _is_running(place.client, host):
        return ensure(place, host, state)
    with console.step(f"host {host.name}"):
        return ensure(place, host, state)


def _is_running(client: DockerClient, host: HostSpec) -> bool:
    container = containers.find(client, name_of(host.name))
    return container is not None and container.status == "running"


def _admit(client: DockerClient, host: HostSpec) -> str:
    """Let our key in and return the host's own.

    Raises:
        LabError: it made none.
    """
    container = containers.find(client, name_of(host.name))
    if container is None:
        raise LabError(f"{host.name} is gone")
    ssh.authorize(container)
    until(lambda: ssh.host_key(container) is not None, BOOT_SECONDS, f"{host.name} makes its host key")
    return ssh.host_key(container) or ""


def _wait(host: HostSpec, *, just_started: bool) -> None:
    """Wait until the host can be worked on; one that was running only has to answer."""
    machine = Host(host.name)
    if just_started or not machine.reachable():
        machine.wait(BOOT_SECONDS)


def _create(place: Place, host: HostSpec, state: State) -> None:
    privileges.check_cgroup(place.cgroup_version)
    refusals = []
    for rights in privileges.order(state.privileges):
        spec = describe(place, host, state.ports[host.name], rights)
        container = containers.create(place.client, spec)
        try:
            containers.start(container, place.net, spec.address)
            until(functools.partial(_booted, container), BOOT_SECONDS, f"systemd in {host.name} boots")
        except LabError as error:
            refusals.append(f"{rights}: {error}")
            containers.remove(container)
            continue
        state.privileges = rights
        return
    raise LabError(f"{host.name} does not boot with any set of rights:\n" + "\n".join(refusals))


def _booted(container: Container) -> bool:
    container.reload()
    if container.status != "running":
        log = container.logs(tail=LOG_LINES).decode(errors="replace")
        raise LabError(f"systemd ended; the end of its output:\n{log}")
    try:
        output = container.exec_run(["systemctl", "is-system-running"]).output
    except APIError:
        return False
    return isinstance(output, bytes) and output.decode(errors="replace").strip() in {"running", "degraded"}
