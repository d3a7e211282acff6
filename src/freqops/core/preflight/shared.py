"""Not to be shared by bots: names, ports, databases, accounts, and the patience of an exchange with one address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, Callable
from urllib.parse import urlsplit

from .fleet import BOTS, DeclaredBot, Fleet

LIMIT = "freqtrade_bots_per_address"
OWN_DATABASE = "each bot and mode has a database of its own, chosen by its key 'database'"


def names_and_ports(fleet: Fleet) -> Iterator[Any]:
    """Yield bots that have a name or a port which another bot of their host has."""
    for first, bot in _twice(fleet.bots, lambda bot: (bot.host, bot.name)):
        modes = "" if first.mode == bot.mode else f", once {first.mode} and once {bot.mode}"
        yield bot.refused(
            f"name {bot.name!r} stands twice on this host{modes}",
            "give each bot of a host a name of its own",
            (BOTS, bot.index, "name"),
        )
    with_port = [bot for bot in fleet.bots if "api_port" in bot.entry]
    for first, bot in _twice(with_port, lambda bot: (bot.host, bot.entry["api_port"])):
        yield bot.refused(
            f"api_port {bot.entry['api_port']} is that of {first.name}, too",
            "give each bot of a host a port of its own",
            (BOTS, bot.index, "api_port"),
        )


def databases(fleet: Fleet) -> Iterator[Any]:
    """Yield bots that would share a database, and those whose configuration names one at all."""
    urls = [(bot, url, path) for bot in fleet.bots for url, path in _urls(bot)]
    for bot, url, path in urls:
        others = [other for other, its, _ in urls if its == url and other != bot]
        also = f", and so is {others[0].name}'s on {others[0].host}" if others else ""
        if any(other.mode != bot.mode for other in others):
            also += ": two modes on one database"
        yield bot.refused(f"db_url is {_without_password(url)}{also}", f"leave db_url out: {OWN_DATABASE}", path)
    for first, bot in _twice(fleet.bots, lambda bot: (bot.host, bot.kind, bot.database)):
        yield bot.refused(
            f"database {bot.database} ({bot.kind}) is that of {first.name}, too",
            "two bots never share a database: give each a name of its own",
            (BOTS, bot.index, "name"),
        )


def accounts(fleet: Fleet) -> Iterator[Any]:
    """Yield live bots that would trade on the account of another: same name, or same API key."""
    live = [bot for bot in fleet.bots if bot.is_live]
    elsewhere = {(first.host, first.name): first for first in live}
    for first, bot in _twice(elsewhere.values(), lambda bot: bot.name):
        yield bot.refused(
            f"account {bot.name!r} of secrets_exchange is that of {first.name} on {first.host}, too",
            "one bot, one account: give live bots names that are unique in the whole inventory",
            (BOTS, bot.index, "name"),
        )


def addresses(fleet: Fleet) -> Iterator[Any]:
    """Yield the bots that are one too many on their exchange for the address of their host."""
    counted: Counter[tuple[str, str]] = Counter()
    for bot in fleet.bots:
        exchange = bot.config.get("exchange")
        name = exchange.get("name") if isinstance(exchange, dict) else None
        limit = fleet.value(bot.host, LIMIT).get(name) if isinstance(name, str) else None
        if not isinstance(limit, int):
            continue
        counted[bot.host, str(name)] += 1
        number = counted[bot.host, str(name)]
        if number > limit:
            yield bot.refused(
                f"it is bot {number} on {name} from the address of this host, which bears {limit}",
                f"move it to another host, or raise {LIMIT} if this exchange allows more",
            )


def _twice(
    bots: Iterable[DeclaredBot], mark: Callable[[DeclaredBot], Hashable]
) -> Iterator[tuple[DeclaredBot, DeclaredBot]]:
    """Yield each bot whose mark another one has before it, and that other one."""
    seen: dict[Hashable, DeclaredBot] = {}
    for bot in bots:
        first = seen.setdefault(mark(bot), bot)
        if first is not bot:
            yield first, bot


def _urls(bot: DeclaredBot) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for layer, config in bot.layers:
        if "db_url" in config:
            yield str(config["db_url"]), (*layer, "db_url")
            return


def _without_password(url: str) -> str:
    """Return as much of a database's address as is no secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
