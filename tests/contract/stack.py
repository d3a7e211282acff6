"""The containers of the suite: thrown away by id, whatever happens; those of the lab are never touched."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from docker import DockerClient
from docker.errors import APIError, ImageNotFound, NotFound
from docker.models.containers import Container
from docker.models.networks import Network

from lab.base import state
from lab.base.failure import LabError
from lab.base.names import labels, name_of
from lab.engine import containers, engine, network
from lab.engine.ports import LOOPBACK
from lab.images import images_wanted

REPOSITORY, _, PINNED = images_wanted.CONTRACTS["bot"].rpartition(":")


@dataclass
class Stack:
    """The lab's engine and network, the image of one release, and what this suite has started."""

    client: DockerClient
    network: Network
    image: str
    exchange_image: str
    _ids: list[str] = field(default_factory=list)
    _addresses: list[str] = field(default_factory=list)

    def run(self, image: str, address: str | None = None, **options: Any) -> Container:
        """Start a container, on the lab's network where it has an ``address`` there, else on none."""
        if address is None:
            options["network_mode"] = "none"
        else:
            options["network"] = self.network.name
            options["networking_config"] = {
                str(self.network.name): self.client.api.create_endpoint_config(ipv4_address=address)
            }
        made = self.client.containers.create(image, labels=labels(), **options)
        self._ids.append(str(made.id))
        made.start()
        return made

    def address(self) -> str:
        """Return a free address at the far end of the lab's network: the near end belongs to the lab's hosts."""
        self.network.reload()
        taken = {str(one["IPv4Address"]).partition("/")[0] for one in self.network.attrs["Containers"].values()}
        for candidate in reversed(list(network.subnet_of(self.network).hosts())):
            if str(candidate) not in taken | set(self._addresses):
                self._addresses.append(str(candidate))
                return str(candidate)
        raise AssertionError("the lab's network is full")

    def remove(self, container: Container) -> None:
        """Remove one container of ours."""
        self._ids.remove(str(container.id))
        self._remove(str(container.id))

    def remove_all(self) -> None:
        """Remove everything that was started, going on past what fails."""
        failed = []
        while self._ids:
            identity = self._ids.pop()
            try:
                self._remove(identity)
            except APIError as error:
                failed.append(f"{identity}: {error}")
        assert not failed, failed

    def _remove(self, identity: str) -> None:
        try:
            self.client.api.remove_container(identity, force=True, v=True)
        except NotFound:
            return


def open_stack(release: str) -> Stack:
    """Return the stack of this checkout's lab with the image of ``release``.

    Raises:
        LabError: No lab is up, or there is no image that is a Freqtrade of that release.
    """
    client = engine.connected()
    net, known = network.find(client), state.load()
    exchange = containers.find(client, name_of("exchange"))
    if net is None or exchange is None or exchange.image is None or "freqtrade" not in known.images:
        raise LabError("the lab is not up; run `python -m lab up`")
    image = _pinned_image(client, known) if release == PINNED else _other_image(client, release)
    stack = Stack(client, net, image, str(exchange.image.id))
    said = version_of(stack)
    if said != release:
        raise LabError(f"{image} is Freqtrade {said or 'of no known version'}, not {release}")
    return stack


def version_of(stack: Stack) -> str:
    """Return what ``freqtrade --version`` of the image says."""
    container = stack.run(stack.image, command=["--version"])
    output = finished(container)[1]
    stack.remove(container)
    return output.partition("Freqtrade Version:")[2].partition("freqtrade ")[2].strip().split("\n")[0]


def finished(container: Container) -> tuple[int, str]:
    """Wait for the end of a container and return its exit status and everything it said."""
    status = int(container.wait(timeout=120)["StatusCode"])
    return status, container.logs().decode(errors="replace")


def run_in(container: Container, command: Sequence[str]) -> tuple[int, str]:
    """Run a command that may be run twice in a container; return its exit status and what it said.

    Docker's Python client loses what an engine says in one breath with the head of its answer, which a busy machine
    makes of a short command. So a command that went well and said nothing is run again, ten times at most.
    """
    status, said = 0, ""
    for _ in range(10):
        code, output = container.exec_run(list(command))
        assert isinstance(output, bytes)
        assert code is not None
        status, said = code, output.decode(errors="replace")
        if status or said:
            break
    return status, said


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _other_image(client: DockerClient, release: str) -> str:
    """Return upstream's own image of a release that this checkout does not pin."""
    tag = f"{REPOSITORY}:{release}"
    try:
        return str(client.images.get(tag).id)
    except ImageNotFound:
        raise LabError(f"there is no image of Freqtrade {release}: the lab has {PINNED}; or pull {tag}") from None


def _pinned_image(client: DockerClient, known: state.State) -> str:
    """Return the very image that the lab's hosts run, by digest, from the lab's registry."""
    repository, _, digest = known.images["freqtrade"].rpartition("/")[2].partition("@")
    local = f"{LOOPBACK}:{known.ports['registry']}/{repository}"
    try:
        return str(client.images.get(f"{local}@{digest}").id)
    except ImageNotFound:
        return str(client.images.pull(local, tag=digest).id)
