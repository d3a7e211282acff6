"""Containers that hold nothing of value in their root file system: recreated whenever their description changes."""

from collections.abc import Callable

from docker import DockerClient
from docker.models.networks import Network

from lab.base import console
from lab.base.failure import LabError
from lab.base.wait import until
from lab.engine import containers
from lab.engine.container_spec import ContainerSpec

READY_SECONDS = 30
LOG_LINES = 15


def ensure(client: DockerClient, title: str, spec: ContainerSpec, network: Network, ready: Callable[[], bool]) -> None:
    """Bring a service to running and answering.

    Raises:
        LabError: it does not start or does not answer; with the end of its log.
    """
    container = containers.find(client, spec.name)
    if container is not None and container.status == "running" and not containers.differs(container, spec) and ready():
        return
    with console.step(title):
        if container is not None and (containers.differs(container, spec) or container.status in {"dead", "removing"}):
            containers.remove(container)
            container = None
        container = container or containers.create(client, spec)
        containers.start(container, network, spec.address)
        try:
            until(ready, READY_SECONDS, f"{title} answers")
        except LabError as error:
            log = container.logs(tail=LOG_LINES).decode(errors="replace")
            raise LabError(f"{error}; the end of its log:\n{log}") from error
