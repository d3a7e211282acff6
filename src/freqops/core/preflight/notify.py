"""Secrets of the bots' own messengers that are missing, weak, shared or of no use; no value is part of a refusal."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..base.kinds import having, text, truth
from ..base.visible import visible
from ..bot.notify_secrets import SECTIONS, TELEGRAM, TOKEN, WEBHOOK, enabled, mark_of, section, wanting
from .fleet import BOTS, DeclaredBot, Fleet
from .refusal import Refusal, hidden
from .secrets import is_placeholder

NAME = "secrets_notify"
SEEN = having(mark=text, enabled=truth)
CHAT = re.compile(r"-?[0-9]{1,20}")
UNFIT = re.compile(r"[^!-~]")
Who = tuple[str, str]  # host and bot
# The addresses to which a message may go unencrypted: a host's own, and those of private networks.
PRIVATE = tuple(
    map(ipaddress.ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"))
)
COPY = {
    "token": "copy it from the BotFather, in quotes",
    "chat_id": 'Freqtrade wants the number of the chat as a text, like "-1001234567890"',
    "url": "copy it from where the webhook was made, in quotes",
    "webhook_url": "copy it from where the webhook was made, in quotes",
}


def messengers(fleet: Fleet) -> Iterator[Refusal]:
    """Yield the mistakes in ``secrets_notify``, and messengers that cannot work with it."""
    given = fleet.notify
    if not isinstance(given, Mapping):
        yield Refusal("", f"{NAME} is {hidden(given)}", f"it maps names of bots to {', '.join(SECTIONS)}")
        return
    bots: dict[str, list[DeclaredBot]] = {}
    for bot in fleet.bots:
        bots.setdefault(bot.name, []).append(bot)
        yield from _open_url(bot)
    for name, entry in given.items():
        if name not in bots:
            cure = f"the inventory has {', '.join(sorted(bots)) or 'none'}; correct the name or take it out"
            yield Refusal("", f"{NAME} names {name!r}, which is no bot", cure)
        host = bots[name][0].host if name in bots else ""
        yield from _entry(host, str(name), entry)
        for bot in bots.get(name, []):
            yield from _in_vain(bot, entry)
    yield from polled_twice(fleet, {})


def _entry(host: str, bot: str, entry: Any) -> Iterator[Refusal]:
    """Yield the mistakes in the secrets of one bot."""
    if not isinstance(entry, Mapping):
        yield Refusal(host, f"{NAME}.{bot} is {hidden(entry)}", f"it may have {', '.join(SECTIONS)}", bot)
        return
    for name, secrets in entry.items():
        place = f"{NAME}.{bot}.{name}"
        if name not in SECTIONS:
            yield Refusal(host, f"{place} is no messenger of Freqtrade", f"allowed are {', '.join(SECTIONS)}", bot)
        elif not isinstance(secrets, Mapping):
            yield Refusal(host, f"{place} is {hidden(secrets)}", f"it must have {' and '.join(SECTIONS[name])}", bot)
        else:
            yield from _values(host, bot, name, secrets)


def _values(host: str, bot: str, name: str, secrets: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield the mistakes in the secrets of one messenger."""
    place = f"{NAME}.{bot}.{name}"
    for key in sorted(set(map(str, secrets)) - set(SECTIONS[name])):
        cure = f"secret are {' and '.join(SECTIONS[name])}; what else {name} knows stands in the configuration"
        yield Refusal(host, f"{place}.{key} is no secret", cure, bot)
    for key in SECTIONS[name]:
        value = secrets.get(key)
        if value is None or value == "":
            cure = f"{COPY[key]}, or take all of {name} out: what the host already has is kept"
            yield Refusal(host, f"{place}.{key} is missing", cure, bot)
            continue
        why = _weak(key, value)
        if why:
            yield Refusal(host, f"{place}.{key} {why}", COPY[key], bot)


def _weak(key: str, value: Any) -> str | None:
    """Return the reason why a secret cannot be a real one."""
    if not isinstance(value, str):
        return f"is {hidden(value)} and must be a text"
    if key == "chat_id":
        return None if CHAT.fullmatch(value) else "is no number of a chat"
    if key == "token":
        looks = is_placeholder(value) or is_placeholder(value.partition(":")[2])
        shape = None if TOKEN.fullmatch(value) else "is no token of Telegram: digits, a colon, at least 30 characters"
        return "looks like a placeholder" if looks else shape
    segments = [value, *_segments(value)]
    return "looks like a placeholder" if any(map(is_placeholder, segments)) else unfit_url(value)


def _segments(value: str) -> list[str]:
    """Return the segments of the path of an address that are long enough to be a secret."""
    try:
        return [part for part in urlsplit(value).path.split("/") if len(part) > len("webhooks")]
    except ValueError:
        return []


def unfit_url(url: str) -> str | None:
    """Return the reason why no message may be sent to an address: it would be read on the way, or goes nowhere."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if host is None or UNFIT.search(url):
        return "is no address"
    if parts.scheme == "https":
        return None
    if parts.scheme != "http":
        return "begins neither with https:// nor with http://"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "is not https; http is for addresses of a private network alone, written as numbers"
    return None if any(address in network for network in PRIVATE) else "is not https, and its address is not private"


def _open_url(bot: DeclaredBot) -> Iterator[Refusal]:
    """Yield a webhook that is on and whose address stands in the configuration, where that is not fit."""
    url = section(bot.config, WEBHOOK).get("url")
    if WEBHOOK in enabled(bot.config) and isinstance(url, str) and url:
        why = unfit_url(url)
        if why:
            yield bot.refused(f"config.webhook.url {why}", "write one that is", *bot.places(WEBHOOK, "url"))


def _in_vain(bot: DeclaredBot, entry: Any) -> Iterator[Refusal]:
    """Yield secrets of a messenger that is off: somebody believes that it tells them."""
    for name in entry if isinstance(entry, Mapping) else ():
        if name in SECTIONS and name not in enabled(bot.config):
            cure = f"set {name}.enabled to true in its configuration, or take them out"
            yield bot.refused(f"{NAME} has secrets for {name}, which is not enabled", cure, *bot.places(name))


def polled_twice(fleet: Fleet, there: Mapping[str, object]) -> Iterator[Refusal]:
    """Yield bots that would ask Telegram with the token of another one: each takes the other's commands away.

    Args:
        fleet: The whole inventory. The token that it has for a bot counts, for a deploy brings it to the host.
        there: What `host_probe` found of tokens, for each host that was looked at.
    """
    seen: dict[Who, Mapping[str, Any]] = {}
    for host, found in there.items():
        if isinstance(found, Mapping) and all(map(SEEN, found.values())):
            seen.update({(host, str(name)): one for name, one in found.items()})
        else:
            cure = "find out what answers there before anything is deployed"
            yield Refusal(host, "what it says of its Telegram tokens cannot be understood", cure)
    declared = {(bot.host, bot.name) for bot in fleet.bots}
    owners = {one["mark"]: who for who, one in seen.items() if one["enabled"] and who not in declared}
    for bot in fleet.bots:
        here = _mark_in_inventory(fleet, bot)
        mark = here or _mark_kept(bot, seen)
        first = owners.setdefault(mark, (bot.host, bot.name)) if mark else None
        if first is not None and first != (bot.host, bot.name):
            place = NAME if here else "its file of secrets on the host"
            whose = _named(first, bot.host) + ("" if first in declared else ", which is not in the inventory")
            cure = (
                f"one bot, one token: have the BotFather make one for each, and put it into {NAME}; a name of its own, "
                "too, for each bot"
            )
            yield bot.refused(f"its Telegram token in {place} is that of {whose}, too", cure, (BOTS, bot.index, "name"))


def _mark_in_inventory(fleet: Fleet, bot: DeclaredBot) -> str | None:
    given = fleet.notify if isinstance(fleet.notify, Mapping) else {}
    entry = given.get(bot.name)
    return mark_of(section(entry, TELEGRAM).get("token")) if isinstance(entry, Mapping) else None


def _mark_kept(bot: DeclaredBot, seen: Mapping[Who, Mapping[str, Any]]) -> str | None:
    """Return the mark of the token that a bot has on its host alone, and uses."""
    found = seen.get((bot.host, bot.name)) if TELEGRAM in enabled(bot.config) else None
    return None if found is None else str(found["mark"])


def _named(who: Who, host: str) -> str:
    """Return a bot by its name, and by its host where that is another one."""
    name = visible(who[1])
    return name if who[0] == host else f"{name} on {who[0]}"


def missing(fleet: Fleet, bots: list[DeclaredBot], present: Mapping[str, list[str]]) -> Iterator[Refusal]:
    """Yield messengers that are on and have their secrets neither in the inventory nor on the host.

    Args:
        fleet: The whole inventory.
        bots: The bots of one host.
        present: The messengers whose secrets that host has, by bot.
    """
    given = fleet.notify if isinstance(fleet.notify, Mapping) else {}
    for bot in bots:
        entry = given.get(bot.name)
        for name in enabled(bot.config):
            here = isinstance(entry, Mapping) and name in entry
            if not here and name not in present.get(bot.name, []) and wanting(bot.config, name):
                cure = f"put {' and '.join(SECTIONS[name])} into {NAME}.{bot.name}.{name} in secrets.yml"
                yield bot.refused(f"{name} is enabled and has no secrets", cure, *bot.places(name))
