"""`lab up`: from whatever is there to a lab that answers, mending only what is broken."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from docker import DockerClient
from docker.models.networks import Network

from lab import (
    accounts,
    base_image,
    capacity,
    console,
    containers,
    engine,
    host_boot,
    images_wanted,
    inventory,
    market,
    network,
    packages,
    ports,
    registry,
    ssh,
    subnets,
)
from lab import state as states
from lab.failure import LabError
from lab.names import checkout_id, name_of
from lab.roster import HOSTS
from lab.state import State

PARTS = 8
REPOSITORIES = {"bot": "freqtrade", "postgres": "postgres"}


@dataclass(frozen=True)
class Ground:
    """What all parts of the lab stand on."""

    base: str
    net: Network
    state: State


def up(*, fresh: bool) -> None:
    """Bring the lab up.

    Args:
        fresh: make the hosts anew, with nothing on them.

    Raises:
        LabError: a part did not come up; the others did.
    """
    packages.require(["ssh", "ssh-keygen"], ["openssh-client"], console.say)
    client = engine.ensure()
    base = _check_capacity(client)
    ground = Ground(base, network.ensure(client), states.load())
    _assign_ports(client, ground.state)
    ssh.ensure_key()
    parts = _start_parts(ground, fresh=fresh)
    wait(parts.values())
    _finish(ground, parts)


def _start_parts(ground: Ground, *, fresh: bool) -> dict[str, Future[None]]:
    """Start all parts at once; the longest, the bot's image, first."""
    pool = ThreadPoolExecutor(max_workers=PARTS)
    images = {name: pool.submit(_image, name, ground.base) for name in REPOSITORIES}
    ready = pool.submit(_registry, ground)
    parts = {
        "hosts": pool.submit(_hosts, ground, fresh=fresh),
        "exchange": pool.submit(_exchange, ground),
        **{f"image {name}": pool.submit(_publish, ground, name, image, ready) for name, image in images.items()},
        "registry": ready,
    }
    pool.shutdown(wait=False)
    return parts


def _check_capacity(client: DockerClient) -> str:
    """Refuse an engine that is too small; the base image is needed to look into one that is not on this machine."""
    capacity.check_memory(client.info()["MemTotal"])
    building = images_wanted.missing(client)
    free = engine.free_disk(client)
    if free is not None:
        capacity.check_disk(free, building=building)
    base = base_image.ensure(client)
    if free is None and building:
        capacity.check_disk(engine.free_disk_seen_inside(client, base), building=True)
    return base


def _assign_ports(client: DockerClient, state: State) -> None:
    promised = ports.promised(client)
    for part in ("registry", "exchange", *(host.name for host in HOSTS)):
        container = containers.find(client, name_of(part))
        if container is not None:
            state.ports[part] = containers.published(container)
        elif part not in state.ports or not ports.is_free(state.ports[part]):
            state.ports[part] = ports.choose(checkout_id(), part, promised | set(state.ports.values()))
    state.save()


def _image(name: str, base: str) -> str:
    return images_wanted.contract(engine.connected(), name, base)


def _registry(ground: Ground) -> None:
    client = engine.connected()
    image = images_wanted.built(client, "registry", ground.base)
    registry.ensure(client, image, ground.net, ground.state.ports["registry"])


def _publish(ground: Ground, name: str, image: Future[str], ready: Future[None]) -> None:
    reference = image.result()
    ready.result()
    repository = REPOSITORIES[name]
    digest = registry.publish(engine.connected(), reference, repository, ground.state.ports["registry"])
    ground.state.images[repository] = registry.reference(ground.net, repository, digest)


def _exchange(ground: Ground) -> None:
    client = engine.connected()
    image = images_wanted.built(client, "exchange", ground.base)
    market.ensure(client, image, ground.net, ground.state.ports["exchange"])


def _hosts(ground: Ground, *, fresh: bool) -> None:
    client = engine.connected()
    image = images_wanted.built(client, "host", ground.base)
    place = host_boot.Place(client, image, ground.net, client.info()["CgroupVersion"])
    host_boot.bring_up(place, ground.state, discarded=HOSTS if fresh else ())


def _finish(ground: Ground, parts: dict[str, Future[None]]) -> None:
    ground.state.save()
    failures = {name: error for name, part in parts.items() if (error := part.exception()) is not None}
    if failures.keys() <= {"exchange"}:  # hosts can be worked on without it
        _write_inventory(ground)
    if not failures:
        accounts.ensure(inventory.read_fleet())
    for error in failures.values():
        if not isinstance(error, LabError):
            raise error
    if failures:
        parts_by_reason = {str(error): name for name, error in failures.items()}  # one cause fails several parts
        raise LabError("\n".join(f"{name}: {reason}" for reason, name in parts_by_reason.items()))


def _write_inventory(ground: Ground) -> None:
    facts = inventory.LabFacts(
        freqtrade_image=ground.state.images["freqtrade"],
        postgres_image=ground.state.images["postgres"],
        registry=registry.address(ground.net),
        host_pool=subnets.host_pool(network.subnet_of(ground.net)),
        exchange_url=market.url(ground.net),
        exchange_local_url=market.local_url(ground.state.ports["exchange"]),
    )
    inventory.write({host: ground.state.ports[host.name] for host in HOSTS}, facts)
