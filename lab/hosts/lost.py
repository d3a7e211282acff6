"""A host that is lost, and may come back: with its files and its engine's disk, at another address."""

import io
import tarfile

from docker.errors import NotFound
from docker.models.containers import Container

from lab.base import state
from lab.base.failure import LabError
from lab.base.names import name_of
from lab.engine import containers, engine, network, privileges
from lab.engine.container_spec import ContainerSpec
from lab.hosts.host import STOP_SECONDS, Host
from lab.hosts.roster import HostSpec, host_spec

AWAY = 100  # its address is so much higher than that of the host of its name
DISK = "/var/lib/docker"


class LostHost:
    """A host that was taken out of the lab; `take` makes one."""

    def __init__(self, spec: HostSpec, container: Container) -> None:
        self._spec, self._container = spec, container

    def boot(self) -> None:
        """Start it; nobody waits for what it then does.

        Raises:
            LabError: the lab is not up.
        """
        client = engine.connected()
        net = network.find(client)
        if net is None:
            raise LabError("the lab is not up; run `python -m lab up`")
        containers.start(self._container, net, str(network.address(net, self._spec.address_number + AWAY)))

    def read(self, path: str) -> str:
        """Return what is in a file of its disk, empty where there is none; it may be down."""
        try:
            stream, _ = self._container.get_archive(path)
        except NotFound:
            return ""
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
            content = archive.extractfile(archive.getmembers()[0])
            return content.read().decode(errors="replace") if content else ""

    def stop(self) -> None:
        """Shut it down; it may boot again."""
        self._container.stop(timeout=STOP_SECONDS)
        self._container.reload()

    def forget(self) -> None:
        """Remove it, with its image; its disk is left to the sweeper."""
        image = str(self._container.attrs["Image"])
        containers.remove(self._container, keep_volumes=True)
        engine.connected().images.remove(image)


def take(name: str) -> LostHost:
    """Shut a host down and take all that it is aside, for `lab reset` to make a bare one of its name.

    Raises:
        LabError: there is no such host, or the lab is not up.
    """
    spec, client = host_spec(name), engine.connected()
    net, container = network.find(client), containers.find(client, name_of(name))
    if net is None or container is None:
        raise LabError("the lab is not up; run `python -m lab up`")
    Host(name).stop()
    container.reload()
    [disk] = [mount["Name"] for mount in container.attrs["Mounts"] if mount["Destination"] == DISK]
    rights = privileges.host_config(state.load().privileges, client.info()["CgroupVersion"])
    made = ContainerSpec(
        name=name_of(f"{name}-lost"),
        image=str(container.commit().id),
        hostname=name,
        network=str(net.name),
        ports={},
        address=str(network.address(net, spec.address_number + AWAY)),
        host_config=rights | {"Mounts": [{"Type": "volume", "Source": disk, "Target": DISK}]},
    )
    return LostHost(spec, containers.create(client, made))
