"""Passwords that are too short, or that everybody knows. None of them is ever shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..bot import db_url
from . import items
from .row import OK, RED, UNKNOWN, Row

OF_THE_API = ("password", "jwt_secret_key", "ws_token")
# What stands in Freqtrade's own examples, in those of others, and in every list that is tried first.
DEFAULTS = frozenset(
    {
        *("admin", "administrator", "changeme", "change_me", "default", "freqtrade", "freqtrader", "freqops"),
        *("letmein", "pass", "passw0rd", "password", "postgres", "qwerty", "root", "secret", "somethingrandom"),
        *("supersecret", "supersecret1", "supersecretpassword", "supersecurepassword", "supersecurejwtsecret"),
        *("test", "user", "your_exchange_key", "your_exchange_secret", "yourpassword", "yoursecret"),
        *("sercet_ws_t0ken", "somethingrandomsomethingrandom123", "pleasechangethispassword"),
    }
)
FEWEST = 8  # different characters


def wrong(secret: object) -> str:
    """Return what is wrong with a password, without any of it; empty where nothing is."""
    if not isinstance(secret, str) or not secret:
        return "is missing"
    if any(secret.strip().lower() == each or secret.strip().lower() == each * 2 for each in DEFAULTS):
        return "is one that everybody knows"
    if len(secret) < items.PASSWORD_LENGTH:
        return f"has {len(secret)} characters"
    if len(set(secret)) < FEWEST:
        return f"has {len(set(secret))} different characters"
    return ""


def of_bot(bot: str, document: Any) -> Row:
    """Return the verdict on the passwords in a bot's file of secrets, which must be an object."""
    if not isinstance(document, Mapping) or not isinstance(document.get("api_server"), Mapping):
        return Row(items.PASSWORDS, bot, UNKNOWN, "its secrets cannot be read")
    looked = dict(_of_bot(document))
    found = [f"{name} {text}" for name, value in looked.items() for text in [wrong(value)] if text]
    said = "; ".join(found) or f"{', '.join(looked)}: each is long, and none that everybody knows"
    return Row(items.PASSWORDS, bot, RED if found else OK, said)


def of_postgres(secret: str | None, *, there: bool) -> Row:
    """Return the verdict on the superuser's password of Postgres.

    Args:
        secret: The password, None where it cannot be read.
        there: Whether the host has a Postgres of ours at all.
    """
    if not there:
        return Row(items.POSTGRES_PASSWORD, "", OK, "this host has no Postgres of freqops")
    if secret is None:
        return Row(items.POSTGRES_PASSWORD, "", UNKNOWN, "its password cannot be read")
    text = wrong(secret.strip("\n"))
    return Row(
        items.POSTGRES_PASSWORD,
        "",
        RED if text else OK,
        f"it {text}" if text else "it is long, and none that everybody knows",
    )


def _of_bot(document: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name in OF_THE_API:
        yield f"api_server.{name}", document["api_server"].get(name)
    url = document.get("db_url")
    if isinstance(url, str) and url.startswith(db_url.POSTGRES):
        yield "the password of its database", db_url.password_of(url)
