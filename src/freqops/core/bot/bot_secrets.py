"""A bot's secrets: made once, kept over every deploy, never shown."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from . import proxies
from .db_url import SCHEME, password_of, postgres_url

USER = "freqops"
PASSWORD_BYTES = 32
EXCHANGE_KEY_LENGTH = 16
CREDENTIALS = ("key", "secret", "password", "uid")
OF_THE_API = ("password", "jwt_secret_key", "ws_token")


def complete(present: Mapping[str, Any], database_url: str | None, database: str | None, host: str) -> dict[str, Any]:
    """Return ``present`` with new values for everything that a bot needs and that was missing.

    Args:
        present: The present content of the file, which is kept.
        database_url: A ``db_url`` without secrets (SQLite), or None.
        database: Name of the Postgres database, where ``database_url`` is None.
        host: The host of that database.
    """
    api = dict(present.get("api_server", {}))
    api.setdefault("username", USER)
    for name in OF_THE_API:
        api.setdefault(name, secrets.token_urlsafe(PASSWORD_BYTES))
    return {**present, "api_server": api, "db_url": database_url or _kept_url(present, str(database), host)}


def rotated(present: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``present`` with everything new that opens the bot's API: password, signing key, stream token."""
    api = {**present.get("api_server", {}), **{name: secrets.token_urlsafe(PASSWORD_BYTES) for name in OF_THE_API}}
    return {**present, "api_server": api}


def not_credentials(exchange: Mapping[str, Any]) -> list[str]:
    """Return the places in ``exchange`` that are no secrets: laid over the configuration, they would change it."""
    unknown = [str(name) for name in exchange if name not in (*CREDENTIALS, *proxies.SECTIONS)]
    wrong = [place for place, value in proxies.given(exchange) if proxies.wrong(place, value)]
    return sorted([*unknown, *(".".join(map(str, place)) for place in wrong)])


def has_exchange_key(present: Mapping[str, Any]) -> bool:
    """Return whether key and secret of an account at an exchange are there, each long enough to be one."""
    exchange = present.get("exchange")
    if not isinstance(exchange, dict):
        return False
    words = [exchange.get(name) for name in ("key", "secret")]
    return all(isinstance(word, str) and len(word) >= EXCHANGE_KEY_LENGTH for word in words)


def _kept_url(present: Mapping[str, Any], database: str, host: str) -> str:
    url = str(present.get("db_url", ""))
    if url.startswith(f"{SCHEME}://{database}:"):
        return postgres_url(database, host, password_of(url))
    return postgres_url(database, host, secrets.token_urlsafe(PASSWORD_BYTES))
