"""The registry: hosts pull from it by digest, as they would from any other.

All labs of a checkout have one, with an address in the network of each, so that an image is pushed once.
"""

from docker import DockerClient
from docker.models.containers import Container
from docker.models.networks import Network

from lab.base import console, http
from lab.base.failure import LabError
from lab.base.names import shared_name_of
from lab.base.paths import DEFAULT
from lab.engine import containers, network, service
from lab.engine.container_spec import ContainerSpec
from lab.engine.ports import LOOPBACK
from lab.images import image_build

PORT = 5000
# The engine's own network, which is there before any lab, publishes its port; labs come and go.
HOME = "bridge"
MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)


def find(client: DockerClient) -> Container | None:
    """Return the registry's container, if it exists."""
    return containers.find(client, shared_name_of("registry"))


def ensure(client: DockerClient, image: str, port: int) -> None:
    """Bring the registry to answering; its images survive in a volume."""
    spec = ContainerSpec(
        name=shared_name_of("registry"),
        image=image,
        hostname="registry",
        network=HOME,
        ports={PORT: port},
        volumes={shared_name_of("registry"): "/var/lib/registry"},
        lab=DEFAULT,
    )
    service.ensure(client, "registry", spec, client.networks.get(HOME), lambda: _answers(port))


def join(client: DockerClient, net: Network) -> None:
    """Give the registry its address in a lab's network.

    Raises:
        LabError: it is gone.
    """
    container = find(client)
    if container is None:
        raise LabError("the registry is gone; run `python -m lab up`")
    containers.join(container, net, str(network.address(net, network.REGISTRY_ADDRESS)))


def leave(client: DockerClient, net: Network) -> None:
    """Take the registry out of a lab's network, which can only be removed when it is empty."""
    container = find(client)
    if container is not None and net.name in container.attrs["NetworkSettings"]["Networks"]:
        net.disconnect(container, force=True)


def publish(client: DockerClient, image: str, repository: str, port: int) -> str:
    """Push an image unless the registry has it.

    Returns:
        Its digest there.
    """
    identity = image_build.image_id(client, image)
    if identity is None:
        raise LabError(f"{image} is not on the engine")
    tag = identity.removeprefix("sha256:")[:12]
    digest = _digest(repository, tag, port)
    if digest is None:
        with console.step(f"push {repository}"):
            _push(client, image, f"{LOOPBACK}:{port}/{repository}", tag)
        digest = _digest(repository, tag, port)
    if digest is None:
        raise LabError(f"{repository} was pushed, but the registry does not have it")
    return digest


def reference(net: Network, repository: str, digest: str) -> str:
    """Return how a lab host names an image."""
    return f"{address(net)}/{repository}@{digest}"


def address(net: Network) -> str:
    """Return the registry's address and port as lab hosts see them."""
    return f"{network.address(net, network.REGISTRY_ADDRESS)}:{PORT}"


def _push(client: DockerClient, image: str, repository: str, tag: str) -> None:
    client.images.get(image).tag(repository, tag)
    try:
        for message in client.images.push(repository, tag=tag, stream=True, decode=True):
            if "error" in message:
                raise LabError(f"pushing {repository} failed: {message['error']}")
    finally:
        client.images.remove(f"{repository}:{tag}", noprune=True)


def _answers(port: int) -> bool:
    answer = http.ask(f"http://{LOOPBACK}:{port}/v2/")
    return answer is not None and answer.status == 200


def _digest(repository: str, tag: str, port: int) -> str | None:
    url = f"http://{LOOPBACK}:{port}/v2/{repository}/manifests/{tag}"
    answer = http.ask(url, method="HEAD", headers={"Accept": MANIFESTS})
    if answer is None or answer.status != 200:
        return None
    return answer.headers.get("Docker-Content-Digest")
