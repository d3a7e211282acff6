"""Proxies that want a user and a password: where ccxt takes them from, and what stands of them among a bot's secrets.

They are part of ``secrets_exchange``, below the names that Freqtrade has for them in ``exchange``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

SECTIONS = ("ccxt_config", "ccxt_sync_config", "ccxt_async_config")
BY_SCHEME = "proxies"  # a mapping: http and https, each with an address
SCHEMES = ("http", "https")
NAMES = (
    "httpProxy", "http_proxy", "httpsProxy", "https_proxy", "socksProxy", "socks_proxy", "aiohttp_proxy",
    "wsProxy", "ws_proxy", "wssProxy", "wss_proxy", "wsSocksProxy", "ws_socks_proxy",
)  # fmt: skip
WITH_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/@\s]*:[^/@\s]+@")
ADDRESS = re.compile(r"(?:https?|socks[45][ah]?)://[^/@:\s]+:(?P<password>[^/@\s]+)@[A-Za-z0-9.\[\]:-]+/?")


def is_place(path: tuple[Any, ...]) -> bool:
    """Return whether a place in a configuration is one from which ccxt takes a proxy."""
    if len(path) == 4:
        return path[0] == "exchange" and path[1] in SECTIONS and path[2] == BY_SCHEME and path[3] in SCHEMES
    return len(path) == 3 and path[0] == "exchange" and path[1] in SECTIONS and path[2] in NAMES


def given(exchange: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Give the places and values of what an entry of ``secrets_exchange`` has in its sections.

    What is no mapping where one must be stands there as a whole.
    """
    for section in (name for name in SECTIONS if name in exchange):
        if not isinstance(exchange[section], Mapping):
            yield (section,), exchange[section]
            continue
        for name, value in exchange[section].items():
            if name == BY_SCHEME and isinstance(value, Mapping):
                yield from (((section, name, scheme), address) for scheme, address in value.items())
            else:
                yield (section, name), value


def wrong(place: tuple[Any, ...], value: Any) -> str | None:
    """Return why what stands at a place of such an entry is no proxy, None where it is one; without the value."""
    if not is_place(("exchange", *place)):
        return "is no place of a proxy"
    if not isinstance(value, str):
        return "must be a text"
    if not ADDRESS.fullmatch(value):
        return "is no address with a user and a password"
    return None


def laid(present: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the section ``exchange`` of a bot's file of secrets: the entry, which may have proxies alone.

    Args:
        present: The section as it is; its credentials are kept where the entry has none.
        entry: The bot's entry in ``secrets_exchange``.
    """
    proxies = {name: entry[name] for name in SECTIONS if entry.get(name)}
    credentials = {name: value for name, value in entry.items() if name not in SECTIONS}
    if not credentials and isinstance(present, Mapping):
        credentials = {name: value for name, value in present.items() if name not in SECTIONS}
    return {**credentials, **proxies}
