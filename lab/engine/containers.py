"""Bring one container from whatever it is to running, breaking nothing that works."""

from typing import Any

from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container
from docker.models.networks import Network

from lab.base.failure import LabError
from lab.base.names import SPEC_LABEL, labels
from lab.engine.container_spec import ContainerSpec


def find(client: DockerClient, name: str) -> Container | None:
    """Return the container called `name`, if it exists."""
    try:
        return client.containers.get(name)
    except NotFound:
        return None


def differs(container: Container, spec: ContainerSpec) -> bool:
    """Whether a container was made from another description."""
    return bool(container.labels.get(SPEC_LABEL) != spec.config()["Labels"][SPEC_LABEL])


def create(client: DockerClient, spec: ContainerSpec) -> Container:
    """Create, but do not start, a container and the volumes it names."""
    for volume in spec.volumes:
        client.volumes.create(volume, labels=labels(lab=spec.lab))
    api: Any = client.api  # its stubs leave this method untyped
    made = api.create_container_from_config(spec.config(), spec.name)
    return client.containers.get(made["Id"])


def start(container: Container, network: Network, address: str) -> bool:
    """Bring an existing container to running, on its network and at its address.

    Returns:
        Whether anything had to be done.

    Raises:
        LabError: the engine refused, for example because the port is taken.
    """
    moved = join(container, network, address)
    try:
        if container.status == "paused":
            container.unpause()
        elif container.status != "running":
            container.start()
        elif not moved:
            return False
    except APIError as error:
        raise LabError(f"{container.name} does not start: {error.explanation}") from error
    container.reload()
    return True


def published(container: Container) -> int:
    """Return the loopback port of a container of ours; each publishes exactly one."""
    ((binding,),) = container.attrs["HostConfig"]["PortBindings"].values()
    return int(binding["HostPort"])


def remove(container: Container, *, keep_volumes: bool = False) -> None:
    """Remove a container in any state, with the volumes that have no name."""
    try:
        container.remove(force=True, v=not keep_volumes)
    except NotFound:
        return


def join(container: Container, network: Network, address: str) -> bool:
    """Put a container on a network unless it is there, or back on it when that was made again.

    Returns:
        Whether anything had to be done.
    """
    joined = container.attrs["NetworkSettings"]["Networks"]
    if network.name in joined and joined[network.name]["NetworkID"] in (network.id, ""):
        return False
    if network.name in joined:
        network.disconnect(container, force=True)
    network.connect(container, ipv4_address=address or None)
    return True
