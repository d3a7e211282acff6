"""The judgement whether a host can carry its bots and Postgres, from the findings of `host_probe`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..base.errors import Refused
from ..base.visible import visible
from ..bot import image, postgres_major
from ..bot.bot_secrets import EXCHANGE_KEY_LENGTH
from ..bot.layout import container_of
from ..bot.left_alone import VARIABLE
from . import notify, sizes
from .fleet import BOTS, DeclaredBot, Fleet
from .names import POSTGRES_IMAGE
from .refusal import Refusal

SUPPORTED = {"debian": ("12", "13"), "ubuntu": ("22.04", "24.04")}
OLDEST_ENGINE, OLDEST_COMPOSE = (20, 10), (2, 18)
MAKE_ROOM = (
    "make room, but not with 'docker image prune', which deletes the images that a rollback needs (freqops removes "
    "those of releases that it forgets), or lower host_disk_reserve"
)
FALLBACK = {
    "freqtrade_memory": "1g",
    "postgres_memory": "512m",
    "host_memory_reserve": "512m",
    "host_disk_reserve": "3g",
}
Found = Mapping[str, Any]


def judge(fleet: Fleet, host: str, found: Found) -> list[Refusal]:
    """Return everything for which this host cannot be deployed to.

    Args:
        fleet: The whole inventory.
        host: The host.
        found: The findings of the probe, and between which two moments of the control node it was asked.
    """
    if "memory" not in found:
        return [Refusal(host, "it was not looked at", "the probe must run before its answer is judged")]
    bots = [bot for bot in fleet.bots if bot.host == host]
    return [
        *_system(host, found["distribution"]),
        *_engine(host, found["engine"]),
        *_clock(fleet, host, found),
        *_memory(fleet, host, bots, found["memory"]),
        *_disks(fleet, host, bots, found),
        *_postgres(fleet, host, found.get("postgres") or {}),
        *_ports(bots, found["ports"]),
        *_second_bots(host, bots, found["bots"], found["undeclared"]),
        *_keys(fleet, bots, found["exchange_keys"]),
        *notify.missing(fleet, bots, found["notify_secrets"]),
    ]


def _system(host: str, found: Mapping[str, str]) -> Iterator[Refusal]:
    versions = SUPPORTED.get(found["name"], ())
    if found["version"] not in versions:
        cure = "supported are Debian 12 and 13, Ubuntu 22.04 and 24.04"
        yield Refusal(host, f"it runs {found['shown']}", cure)


def _engine(host: str, found: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield the reasons why its engine cannot be used; none at all is fine, the role docker brings one."""
    if found["program"] is None:
        return
    kinds = {"podman": "Podman under the name of Docker", "snap": "Docker from a snap", "rootless": "rootless Docker"}
    strange = [name for key, name in kinds.items() if found[key]]
    for name in strange:
        yield Refusal(host, f"its engine is {name}", "remove it: deploy installs the distribution's own Docker")
    if strange:
        return
    if found["hangs"]:
        yield Refusal(host, "its engine does not answer", "look at 'systemctl status docker' there first")
    elif found["answers"] and _numbers(found["version"]) < OLDEST_ENGINE:
        yield Refusal(host, f"its engine is Docker {found['version']}", "upgrade it: 20.10 is the oldest that is tried")
    if found["compose"] is not None and _numbers(found["compose"]) < OLDEST_COMPOSE:
        yield Refusal(host, f"its Compose is {found['compose']}", "upgrade it: 2.18 is the oldest that is tried")
    elif found["compose"] is None and found["compose_v1"]:
        yield Refusal(host, "its Compose is the old docker-compose 1", "remove it: deploy installs Compose 2")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]+", version)[:2])


def _clock(fleet: Fleet, host: str, found: Found) -> Iterator[Refusal]:
    """Yield a clock that is off, whenever within the call it was read."""
    tolerance = fleet.value(host, "host_clock_tolerance")
    early, late = found["asked"] - found["clock"], found["clock"] - found["answered"]
    off = max(early, late)
    if off > tolerance:
        way = "behind" if early > late else "ahead of"
        cure = f"set both by NTP (timedatectl); {tolerance} s are allowed, by host_clock_tolerance"
        yield Refusal(host, f"its clock is {off:.0f} s {way} that of the control node", cure)


def _memory(fleet: Fleet, host: str, bots: list[DeclaredBot], total: int) -> Iterator[Refusal]:
    wanted = [_size(bot.entry.get("memory"), _named(fleet, host, "freqtrade_memory")) for bot in bots]
    database = _named(fleet, host, "postgres_memory") if fleet.has_postgres(host) else 0
    reserve = _named(fleet, host, "host_memory_reserve")
    need = sum(wanted) + database + reserve
    if bots and need > total:
        wrong = (
            f"it has {sizes.written(total)} of memory, and {len(bots)} bots ({sizes.written(sum(wanted))}), "
            f"Postgres ({sizes.written(database)}) and host_memory_reserve ({sizes.written(reserve)}) "
            f"need {sizes.written(need)}"
        )
        yield Refusal(host, wrong, "move bots to another host or lower their memory")


def _named(fleet: Fleet, host: str, name: str) -> int:
    return _size(fleet.value(host, name), _size(FALLBACK[name], 0))


def _size(text: Any, otherwise: int) -> int:
    """Return a size; one that makes no sense is refused elsewhere and counts as usual here."""
    try:
        return otherwise if text is None else sizes.parse(text)
    except Refused:
        return otherwise


def _disks(fleet: Fleet, host: str, bots: list[DeclaredBot], found: Found) -> Iterator[Refusal]:
    """Yield file systems that would be full: images go to Docker's, records and logs to /srv."""
    reserve = _named(fleet, host, "host_disk_reserve")
    given = fleet.hosts[host]
    wanted = [image.of(bot.entry, given.get(image.KEY)) for bot in bots]
    if fleet.has_postgres(host):
        wanted.append(given.get(POSTGRES_IMAGE))
    missing = [name for name in wanted if not found["images"].get(name)]
    need = {"srv": reserve // 3, "docker": reserve if missing else reserve // 3}
    disks = found["disks"]
    if disks["srv"]["device"] == disks["docker"]["device"]:
        del need["srv"]
    for name, least in need.items():
        free = disks[name]["free"]
        if free < least:
            wrong = f"{sizes.written(free)} are free at {disks[name]['path']}, and {sizes.written(least)} are needed"
            yield Refusal(host, wrong, MAKE_ROOM)


def _postgres(fleet: Fleet, host: str, found: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield an image of another major version than the cluster on the disk; one that is not here is judged later."""
    wanted = fleet.hosts[host].get(POSTGRES_IMAGE)
    majors = found.get("images") or {}
    wrong = postgres_major.refused(found.get("cluster"), majors.get(wanted)) if fleet.has_postgres(host) else ""
    if wrong:
        what, _, cure = wrong.partition(": ")
        yield Refusal(host, what, cure, paths=((POSTGRES_IMAGE,),))


def _ports(bots: list[DeclaredBot], taken: Mapping[str, str]) -> Iterator[Refusal]:
    for bot in bots:
        port = str(bot.entry.get("api_port", ""))
        owner = taken.get(port)
        if owner is None or owner == f"container {container_of(bot.name)}":
            continue
        wrong = f"api_port {port} is taken on the host by {owner or 'a program that cannot be seen'}"
        yield bot.refused(wrong, "end that, or give the bot another port", (BOTS, bot.index, "api_port"))


def _second_bots(
    host: str, bots: Sequence[DeclaredBot], deployed: Sequence[str], undeclared: Sequence[Mapping[str, Any]]
) -> Iterator[Refusal]:
    """Yield why no new bot may come up: it may be the same one as a Freqtrade that runs there already."""
    new = [bot.name for bot in bots if bot.name not in deployed]
    if new and undeclared:
        running = ", ".join(f"{process['pid']} ({visible(process['command'])})" for process in undeclared)
        beside = f"{', '.join(new)} would come up beside it, a second bot where it is the same one"
        cure = f"{beside}: adopt it, end it, or name its project in {VARIABLE}"
        yield Refusal(host, f"a Freqtrade that belongs to no bot runs there, process {running}", cure)


def _keys(fleet: Fleet, bots: list[DeclaredBot], present: list[str]) -> Iterator[Refusal]:
    """Yield live bots that have key and secret neither in the inventory nor on the host."""
    given = fleet.secrets if isinstance(fleet.secrets, Mapping) else {}
    for bot in bots:
        if bot.is_live and bot.name not in given and bot.name not in present:
            cure = (
                "put key and secret of its account into secrets_exchange in secrets.yml, each a text of at least "
                f"{EXCHANGE_KEY_LENGTH} characters"
            )
            yield bot.refused("it has no account, and mode live needs one", cure, (BOTS, bot.index, "mode"))
