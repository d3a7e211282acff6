"""`lab up`: a lab that answers, made from any state; only broken parts are made again."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from docker import DockerClient
from docker.models.networks import Network

from lab.base import console
from lab.base import state as states
from lab.base.failure import LabError
from lab.base.names import checkout_id, name_of
from lab.base.state import State
from lab.engine import capacity, containers, engine, network, packages, ports, subnets
from lab.hosts import boot, inventory, ssh
from lab.hosts.roster import HOSTS, chosen
from lab.images import base_image, images_wanted
from lab.services import accounts, market, registry

PARTS = 8
REPOSITORIES = {"bot": "freqtrade", "postgres": "postgres"}
OWN_IMAGES = ("registry", "exchange", "host")

Parts = dict[str, Future[Any]]


@dataclass(frozen=True)
class Common:
    """The common base of all parts of the lab."""

    base: str
    net: Network
    state: State


@dataclass(frozen=True)
class Shared:
    """The common parts of all labs of a checkout, under way: the registry, and the digest of each repository in it."""

    ready: Future[None]
    digests: dict[str, Future[str]]

    @property
    def parts(self) -> Parts:
        """All of it, by name."""
        return {"registry": self.ready, **{f"image {name}": part for name, part in self.digests.items()}}


def up(*, fresh: bool, hosts: Sequence[str] | None = None) -> None:
    """Bring the lab up.

    Args:
        fresh: make the hosts again, with nothing on them.
        hosts: the hosts that it has from now on; the present ones, or all where there are none, when not given.

    Raises:
        LabError: a part did not come up; the others did.
    """
    state = states.load()
    if hosts is not None:
        state.hosts = list(hosts)
    chosen(state.hosts)  # a name that no host has is refused before anything is made
    packages.require(["ssh", "ssh-keygen"], ["openssh-client"], console.say)
    client = engine.ensure()
    base = _check_capacity(client)
    common = Common(base, network.ensure(client), state)
    _assign_ports(client, state, "registry", "exchange", *(host.name for host in chosen(state.hosts)))
    ssh.ensure_keys()
    pool = ThreadPoolExecutor(max_workers=PARTS)
    shared = _shared(pool, base, state.ports["registry"])
    parts = {
        "hosts": pool.submit(_hosts, common, fresh=fresh),
        "exchange": pool.submit(_exchange, common),
        **shared.parts,
        "network": pool.submit(_join, common, shared.ready),
    }
    _ended(pool, parts)
    _finish(common, parts, shared.digests)


def images() -> None:
    """Make what all labs of this checkout share: the images, and the registry with those that hosts pull.

    Raises:
        LabError: a part of it could not be made.
    """
    client = engine.ensure()
    base = _check_capacity(client)
    state = states.load()
    _assign_ports(client, state, "registry")
    pool = ThreadPoolExecutor(max_workers=PARTS)
    shared = _shared(pool, base, state.ports["registry"])
    parts = shared.parts | {f"image {name}": pool.submit(_own_image, name, base) for name in OWN_IMAGES}
    _ended(pool, parts)
    _refuse(_failures(parts))


def _ended(pool: ThreadPoolExecutor, parts: Parts) -> None:
    """Wait for all parts; an interruption ends the waiting at once, and not when the threads have ended."""
    pool.shutdown(wait=False)
    wait(parts.values())


def _shared(pool: ThreadPoolExecutor, base: str, port: int) -> Shared:
    """Begin with what takes longest, the bot's image."""
    made = {name: pool.submit(_image, name, base) for name in REPOSITORIES}
    ready = pool.submit(_registry, base, port)
    digests = {REPOSITORIES[name]: pool.submit(_publish, name, image, ready, port) for name, image in made.items()}
    return Shared(ready, digests)


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


def _assign_ports(client: DockerClient, state: State, *parts: str) -> None:
    promised = ports.promised(client)
    for part in parts:
        container = registry.find(client) if part == "registry" else containers.find(client, name_of(part))
        if container is not None:
            state.ports[part] = containers.published(container)
        elif part not in state.ports or not ports.is_free(state.ports[part]):
            state.ports[part] = ports.choose(checkout_id(), part, promised | set(state.ports.values()))
    state.save()


def _image(name: str, base: str) -> str:
    return images_wanted.contract(engine.connected(), name, base)


def _own_image(name: str, base: str) -> str:
    return images_wanted.built(engine.connected(), name, base)


def _registry(base: str, port: int) -> None:
    registry.ensure(engine.connected(), _own_image("registry", base), port)


def _publish(name: str, image: Future[str], ready: Future[None], port: int) -> str:
    reference = image.result()
    ready.result()
    return registry.publish(engine.connected(), reference, REPOSITORIES[name], port)


def _join(common: Common, ready: Future[None]) -> None:
    ready.result()
    registry.join(engine.connected(), common.net)


def _exchange(common: Common) -> None:
    market.ensure(engine.connected(), _own_image("exchange", common.base), common.net, common.state.ports["exchange"])


def _hosts(common: Common, *, fresh: bool) -> None:
    client = engine.connected()
    wanted = chosen(common.state.hosts)
    for host in HOSTS:
        if host not in wanted:
            boot.discard(client, host)
            common.state.ports.pop(host.name, None)
    image = _own_image("host", common.base)
    place = boot.Place(client, image, common.net, client.info()["CgroupVersion"])
    boot.bring_up(place, common.state, discarded=wanted if fresh else ())


def _finish(common: Common, parts: Parts, digests: dict[str, Future[str]]) -> None:
    failures = _failures(parts)
    if failures.keys() <= {"exchange"}:  # hosts can be worked on without it
        for repository, digest in digests.items():
            common.state.images[repository] = registry.reference(common.net, repository, digest.result())
        _write_inventory(common)
    common.state.save()
    if not failures:
        accounts.ensure(inventory.fleet_of(chosen(common.state.hosts)), market.url(common.net))
    _refuse(failures)


def _failures(parts: Parts) -> dict[str, BaseException]:
    return {name: error for name, part in parts.items() if (error := part.exception()) is not None}


def _refuse(failures: dict[str, BaseException]) -> None:
    for error in failures.values():
        if not isinstance(error, LabError):
            raise error
    if failures:
        parts_by_reason = {str(error): name for name, error in failures.items()}  # one cause fails several parts
        raise LabError("\n".join(f"{name}: {reason}" for reason, name in parts_by_reason.items()))


def _write_inventory(common: Common) -> None:
    facts = inventory.LabFacts(
        freqtrade_image=common.state.images["freqtrade"],
        postgres_image=common.state.images["postgres"],
        registry=registry.address(common.net),
        host_pool=subnets.host_pool(network.subnet_of(common.net)),
        exchange_url=market.url(common.net),
        exchange_local_url=market.local_url(common.state.ports["exchange"]),
        halt_key=ssh.public_halt_key(),
    )
    inventory.write({host: common.state.ports[host.name] for host in chosen(common.state.hosts)}, facts)
