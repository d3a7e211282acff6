"""The language of the inventory: names and kinds of variables, entries of bots, images, sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..base.errors import Refused
from ..bot import connections, image
from ..bot.engine_names import OF_THE_HOST
from ..bot.layout import BOT_NAME, container_of
from . import declared, renamed, sizes
from .fleet import BOTS, Fleet, entries
from .refusal import Refusal, shown

POSTGRES_IMAGE = "postgres_image"
PINNED = re.compile(r"^[a-z0-9./:_-]+@sha256:([0-9a-f]{64})$")
WHOLE = re.compile(r"-?[0-9]{1,9}", re.ASCII)
CONNECTIONS = "postgres_connections"
PORTS = (1024, 65535)
SIZES = ("freqtrade_memory", "postgres_memory", "host_memory_reserve", "host_disk_reserve")


def variables(fleet: Fleet, renames: Mapping[str, str] = renamed.RENAMED) -> Iterator[Refusal]:
    """Yield the mistakes in names, kinds and sizes of the variables of each host."""
    for host, given in fleet.hosts.items():
        yield from renamed.unknown_names(host, given, fleet.known, renames)
        for name in sorted(set(given) & set(fleet.known)):
            wrong = declared.wrong_kind(given[name], fleet.spec(name), as_text=True)
            if wrong:
                yield Refusal(host, f"{name}: {wrong[0]}", wrong[1], paths=((name,),))
        for name in SIZES:
            yield from _size(host, name, fleet.value(host, name), ((name,),))
        yield from _connections(host, str(fleet.value(host, CONNECTIONS)))


def _connections(host: str, value: str) -> Iterator[Refusal]:
    if not WHOLE.fullmatch(value):  # its kind is wrong, which is said elsewhere
        return
    wrong = connections.wrong_limit(int(value))
    if wrong:
        said, _, cure = wrong.partition("; ")
        yield Refusal(host, said, cure, paths=((CONNECTIONS,),))


def _size(host: str, what: str, value: Any, paths: tuple[Any, ...], bot: str = "") -> Iterator[Refusal]:
    try:
        sizes.parse(value)
    except Refused as refusal:
        wrong, _, cure = str(refusal).partition("; ")
        yield Refusal(host, f"{what}: {wrong}", cure, bot, paths)


def images(fleet: Fleet) -> Iterator[Refusal]:
    """Yield the images that may change under us, or that were not chosen."""
    for host, given in fleet.hosts.items():
        if given.get(image.KEY) is not None or fleet.value(host, BOTS):
            yield from _unpinned(host, image.KEY, given.get(image.KEY), ((image.KEY,),))
        if fleet.has_postgres(host):
            yield from _unpinned(host, POSTGRES_IMAGE, given.get(POSTGRES_IMAGE), ((POSTGRES_IMAGE,),))


def _unpinned(host: str, name: str, named: Any, paths: tuple[Any, ...], bot: str = "") -> Iterator[Refusal]:
    match = PINNED.match(named) if isinstance(named, str) else None
    if match is None:
        wrong = f"{name} is {shown(named)}" if named is not None else f"{name} is not set"
        yield Refusal(host, wrong, "name the image by its digest: name@sha256:…", bot, paths)
    elif len(set(match.group(1))) == 1:
        cure = "put in the digest of an image that you have looked at"
        yield Refusal(host, f"{name} has the placeholder of the example as its digest", cure, bot, paths)


def bot_entries(fleet: Fleet) -> Iterator[Refusal]:
    """Yield the mistakes in the entries of bots, each taken for itself."""
    spec = fleet.known[BOTS]["options"]
    for host, index, entry in entries(fleet):
        path = (BOTS, index)
        if not isinstance(entry, dict):
            yield Refusal(host, f"{BOTS}[{index}] is {shown(entry)}", "each bot is a mapping", paths=(path,))
            continue
        bot = entry["name"] if isinstance(entry.get("name"), str) else f"{BOTS}[{index}]"
        for key in sorted(set(entry) - set(spec), key=str):
            yield Refusal(host, f"{key} is no key of a bot", declared.nearest(str(key), spec), bot, ((*path, key),))
        for key in spec:
            yield from _key(host, bot, key, entry, spec[key], path)


def _key(
    host: str, bot: str, key: str, entry: Mapping[str, Any], spec: Mapping[str, Any], path: tuple[Any, ...]
) -> Iterator[Refusal]:
    """Yield the mistakes in one key of one bot."""
    if key not in entry:
        if spec.get("required"):
            yield Refusal(host, f"{key} is missing", f"each bot needs {key}", bot, (path,))
        return
    value, paths = entry[key], ((*path, key),)
    wrong = declared.wrong_kind(value, spec)
    if wrong:
        yield Refusal(host, f"{key}: {wrong[0]}", wrong[1], bot, paths)
    elif key == "name" and not BOT_NAME.fullmatch(value):
        cure = "lower-case letters, digits and dashes, a letter first, at most 31"
        yield Refusal(host, f"name {shown(value)} is no name for a bot", cure, bot, paths)
    elif key == "name" and container_of(value) in OF_THE_HOST:
        taken = f"its {OF_THE_HOST[container_of(value)]} would be {container_of(value)}, which is the host's own"
        yield Refusal(host, f"name {value!r}: {taken}", "give the bot another name", bot, paths)
    elif key == "strategy" and not value.isidentifier():
        cure = "name the class: its file belongs into strategy_dir"  # Freqtrade takes code in base64 after a colon
        yield Refusal(host, f"strategy {shown(value)} is no name of a class", cure, bot, paths)
    elif key == "api_port" and not PORTS[0] <= value <= PORTS[1]:
        yield Refusal(host, f"api_port {value} is out of range", f"from {PORTS[0]} to {PORTS[1]}", bot, paths)
    elif key == "memory":
        yield from _size(host, key, value, paths, bot)
    elif key == image.KEY:
        yield from _unpinned(host, key, value, paths, bot)
