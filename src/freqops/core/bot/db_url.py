"""Freqtrade's ``db_url`` for a bot's Postgres database, and the password inside it."""

from __future__ import annotations

POSTGRES, SQLITE = "postgresql", "sqlite"
SCHEME = f"{POSTGRES}+psycopg2"
HOST, PORT = "postgres", 5432  # by which a bot reaches its host's Postgres in their network


def postgres_url(database: str, host: str, password: str) -> str:
    """Return Freqtrade's ``db_url`` for a database whose only user has its own name."""
    return f"{SCHEME}://{database}:{password}@{host}:{PORT}/{database}"


def of_another(url: str, database: str, password: str) -> str:
    """Return a ``db_url`` that leads to another database of the same Postgres, whose only user has its own name."""
    scheme, _, rest = url.partition("://")
    host = rest.rpartition("@")[2].partition("/")[0]
    return f"{scheme}://{database}:{password}@{host}/{database}"


def place_of(url: str) -> str:
    """Return where a ``db_url`` leads, without who opens it and by which password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def password_of(url: str) -> str:
    """Return the password inside a ``db_url`` made by `postgres_url`."""
    return url.partition("://")[2].partition("@")[0].partition(":")[2]
