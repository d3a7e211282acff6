"""Secrets that are missing, weak, shared, or in the wrong place; none of their values is ever part of a refusal."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from typing import Any

from ..bot import proxies
from ..bot.bot_secrets import CREDENTIALS, EXCHANGE_KEY_LENGTH
from ..bot.notify_secrets import SECTIONS
from ..bot.proxies import WITH_PASSWORD
from .fleet import SHARED, Fleet
from .refusal import Refusal, VariablePath, dotted, hidden

NAME = "secrets_exchange"
PLACEHOLDERS = ("changeme", "change_me", "change-me", "password", "example", "your_", "your-", "placeholder", "xxxxxx")
RUNS = (string.digits * 20, string.digits[::-1] * 20, string.ascii_lowercase * 5, string.hexdigits[:16] * 8)
ANYWHERE = frozenset(
    ("password", "secret", "token", "bearer_token", "ws_token", "jwt_secret_key", "api_key", "apiKey", "private_key",
     "privateKey")
)  # fmt: skip
OF_EXCHANGES = frozenset((*CREDENTIALS, "account_id", "accountId", "wallet_address", "walletAddress"))
A_PROXY = f"{NAME}.<bot>.{proxies.SECTIONS[0]}.httpsProxy"
OF_URLS = ("webhook_url",)
IN_ADDRESSES = ("@", "token=", "key=", "hooks.slack.com/", "/api/webhooks/", "api.telegram.org/bot")


def accounts(fleet: Fleet) -> Iterator[Refusal]:
    """Yield the mistakes in ``secrets_exchange``."""
    secrets = fleet.secrets
    if not isinstance(secrets, Mapping):
        yield Refusal("", f"{NAME} is {hidden(secrets)}", "it maps names of bots to key and secret")
        return
    names = {bot.name: bot for bot in fleet.bots}
    owners: dict[str, str] = {}
    for bot, account in secrets.items():
        if bot not in names:
            cure = f"the inventory has {', '.join(sorted(names)) or 'none'}; correct the name or take it out"
            yield Refusal("", f"{NAME} names {bot!r}, which is no bot", cure)
        host = names[bot].host if bot in names else ""
        yield from _account(host, str(bot), account)
        yield from _proxies(host, str(bot), account, is_live=bot in names and names[bot].is_live)
        key = account.get("key") if isinstance(account, Mapping) else None
        if isinstance(key, str) and key and owners.setdefault(key, str(bot)) != bot:
            cure = "one bot, one account: make a key of its own for each"
            yield Refusal(host, f"its API key in {NAME} is that of {owners[key]}, too", cure, str(bot))


def _account(host: str, bot: str, account: Any) -> Iterator[Refusal]:
    """Yield the mistakes in the credentials of one bot."""
    if not isinstance(account, Mapping):
        yield Refusal(host, f"{NAME}.{bot} is {hidden(account)}", "it must have key and secret", bot)
        return
    for name in sorted(set(map(str, account)) - set(CREDENTIALS) - set(proxies.SECTIONS)):
        cure = f"allowed are {', '.join(CREDENTIALS)}, and proxies in {', '.join(proxies.SECTIONS)}"
        yield Refusal(host, f"{NAME}.{bot}.{name} is no credential", cure, bot)
    if account and set(account) <= set(proxies.SECTIONS):
        return  # proxies alone: no account is given, and one that the host has is kept
    for name in ("key", "secret"):
        if not account.get(name):
            cure = "copy it from the exchange, or take the whole bot out: what the host already has is kept"
            yield Refusal(host, f"{NAME}.{bot}.{name} is missing", cure, bot)
    for name in CREDENTIALS:
        why = _weak(name, account.get(name)) if account.get(name) is not None and account[name] != "" else None
        if why:
            yield Refusal(host, f"{NAME}.{bot}.{name} {why}", "copy it from the exchange, in quotes", bot)


def _proxies(host: str, bot: str, account: Any, *, is_live: bool) -> Iterator[Refusal]:
    """Yield the mistakes in the proxies of one bot."""
    found = list(proxies.given(account)) if isinstance(account, Mapping) else []
    if found and is_live:
        cure = "take its proxies out: a live bot reaches its exchange by itself"
        yield Refusal(host, f"{NAME}.{bot}.{dotted(found[0][0])} leads a live bot elsewhere", cure, bot)
    for place, value in found:
        why = proxies.wrong(place, value)
        match = proxies.ADDRESS.fullmatch(value) if isinstance(value, str) else None
        if why is None and match and is_placeholder(match["password"]):
            why = "looks like a placeholder"
        if why:
            cure = (
                f"a proxy with user and password stands there, {proxies.SECTIONS[0]}.httpsProxy: "
                "http://user:password@host:port say; everything else belongs in the configuration"
            )
            yield Refusal(host, f"{NAME}.{bot}.{dotted(place)} {why}", cure, bot)


def _weak(name: str, value: Any) -> str | None:
    """Return the reason why a credential cannot be a real one."""
    if not isinstance(value, str):
        return f"is {hidden(value)} and must be a text"
    if name in ("key", "secret") and len(value) < EXCHANGE_KEY_LENGTH:
        return f"is too short: {len(value)} characters, at least {EXCHANGE_KEY_LENGTH} are needed"
    return "looks like a placeholder" if is_placeholder(value) else None


def is_placeholder(value: str) -> bool:
    """Return whether a text was made up to fill a place: known words, one character, or counting."""
    lower = value.lower()
    same = len(lower) > 2 and len(set(lower)) <= 2
    return same or any(word in lower for word in PLACEHOLDERS) or any(len(lower) > 5 and lower in run for run in RUNS)


def in_configurations(fleet: Fleet) -> Iterator[Refusal]:
    """Yield the secrets that stand in a configuration, which everybody on the host may read."""
    reported = set()
    for bot in fleet.bots:
        for layer, config in bot.layers:
            for path, value in within(config):
                if (bot.host, *layer, *path) in reported:
                    continue
                reported.add((bot.host, *layer, *path))
                where = f"{SHARED if layer == (SHARED,) else 'config'}.{dotted(path)}"
                wrong = f"{where} is a secret ({hidden(value)}) in a configuration"
                yield bot.refused(wrong, home(path, value), (*layer, *path))


def within(config: Mapping[str, Any]) -> Iterator[tuple[VariablePath, Any]]:
    """Yield the secrets in a configuration, with their places."""
    for path, value in leaves(config):
        if path and _is_secret(path, value):
            yield path, value


def home(path: VariablePath, value: Any) -> str:
    """Return the place where a secret belongs, in words; its value is no part of them."""
    if path[0] == "exchange" and path[-1] in CREDENTIALS and len(path) == 2:
        return f"it belongs in {NAME} in secrets.yml"
    if path[0] == "api_server":
        return "leave it out: deploy makes one up on the host"
    if path[-1] in SECTIONS.get(path[0], ()) and len(path) == 2:
        return "it belongs in secrets_notify in secrets.yml"
    if isinstance(value, str) and WITH_PASSWORD.match(value):
        return _home_of_address(path)
    if path[0] == "exchange":
        return f"leave it out: credentials belong in {NAME} in secrets.yml, and there are only {', '.join(CREDENTIALS)}"
    return "leave it out: freqops has no safe place for it yet"


def _home_of_address(path: VariablePath) -> str:
    """Return the place where an address with a password belongs, in words."""
    if proxies.is_place(path):
        return f"it belongs in {NAME} in secrets.yml, as {dotted(path[1:])} of its bot"
    return f"write the address without user and password; only a proxy may have them, as {A_PROXY} in secrets.yml"


def _is_secret(path: VariablePath, value: Any) -> bool:
    """Whether something that is not empty stands where a secret would."""
    if value is None or isinstance(value, bool) or value == "":
        return False
    name = path[-1] if not isinstance(path[-1], int) else path[-2]
    if name in ANYWHERE or name in OF_URLS or "headers" in path[:-1]:
        return True
    if path[0] == "exchange" and name in OF_EXCHANGES:
        return True
    if path != ("db_url",) and isinstance(value, str) and WITH_PASSWORD.match(value):  # that one is refused anyway
        return True
    return name == "url" and path[0] == "webhook" and any(mark in str(value) for mark in IN_ADDRESSES)


def leaves(value: Any, path: VariablePath = ()) -> Iterator[tuple[VariablePath, Any]]:
    """Yield everything inside mappings and lists, with its path."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value
