"""The names of freqops in Postgres: one user and one database for each bot and mode."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from pathlib import Path

from ..base import durable
from ..base.errors import FreqopsError
from . import engine_names, layout
from .db_url import POSTGRES, SQLITE, password_of

NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
CONTAINER = engine_names.POSTGRES
SUPERUSER = "postgres"
PSQL = (
    "docker", "exec", "--interactive", CONTAINER, "psql", f"--username={SUPERUSER}", "--dbname=postgres",
    "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1",
)  # fmt: skip
PRESENT = "select 'user ' || rolname from pg_roles union all select 'database ' || datname from pg_database;"
LIMITS = "select 'limit ' || rolconnlimit || ' of ' || rolname from pg_roles;"
ITERATIONS = 4096
UPGRADING = "upgrade.json"  # in the directory of Postgres, as long as one cluster takes the place of another


class NoPassword(FreqopsError):
    """A bot has no usable password for its database."""


def database_name(bot: str, mode: str) -> str:
    """Return the name of a bot's database and of its only user."""
    return f"{bot.replace('-', '_')}_{mode}"


def password_in_use(home: Path, *, waiting: bool = True) -> str:
    """Return the password of a bot's database: of the secrets that wait for a switch, else of those in use.

    Raises:
        NoPassword: There is no file of secrets, or it has no such password.
    """
    places = [home / "staged" / "secrets.json"] if waiting else []
    for path in [*places, home / "conf" / "secrets.json"]:
        document = durable.read_json(path)
        if isinstance(document, dict):
            password = password_of(str(document.get("db_url", "")))
            if password:
                return password
    raise NoPassword(f"{home.name} has no password for its database")


def url_in_use(home: Path) -> str:
    """Return the ``db_url`` of a bot; empty where its secrets cannot be read."""
    return url_in(home / "conf" / "secrets.json")


def url_in(secrets: Path) -> str:
    """Return the ``db_url`` in a file of secrets; empty where it cannot be read."""
    document = durable.read_json(secrets)
    return str(document.get("db_url", "")) if isinstance(document, dict) else ""


def may_use(home: Path) -> bool:
    """Return whether a bot uses Postgres; one whose secrets cannot be read may."""
    return not url_in_use(home).startswith(SQLITE)


def is_between(home: Path) -> bool:
    """Return whether a bot's Postgres is between two clusters, so that what the bot writes now could be lost."""
    return may_use(home) and (layout.Home(home).root / "postgres" / UPGRADING).exists()


def users(root: Path) -> list[str]:
    """Return the names of the bots of a host that use Postgres; one of which that is not known, where there is one."""
    is_there = (root / "postgres" / "compose.yml").exists()
    return [home.name for home in layout.homes(root)
            if url_in_use(home).startswith(POSTGRES) or (is_there and may_use(home))]  # fmt: skip


def scram_verifier(password: str, salt: bytes) -> str:
    """Return a password as Postgres keeps it: SCRAM-SHA-256, RFC 5803 as the catalogue pg_authid writes it.

    Sent instead of the password, it keeps the password out of every log of the server.

    Args:
        password: Plain ASCII, so that SASLprep changes nothing.
        salt: Sixteen random bytes.
    """
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    server = hmac.digest(salted, b"Server Key", "sha256")
    stored = hashlib.sha256(client).digest()
    salt_text, stored_text, server_text = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${ITERATIONS}:{salt_text}${stored_text}:{server_text}"


def create_user(name: str, verifier: str) -> str:
    """Return the statement that makes a bot's user."""
    return f"create role {_quoted(name)} login nosuperuser nocreatedb nocreaterole password '{verifier}';"


def limit_connections(name: str, most: int) -> str:
    """Return the statement that limits how many connections a bot's user has at a time."""
    return f"alter role {_quoted(name)} connection limit {most:d};"


def create_database(name: str) -> str:
    """Return the statement that makes a bot's database."""
    return f"create database {_quoted(name)} owner {_quoted(name)} encoding 'UTF8' template template0;"


def _quoted(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a database of freqops")
    return f'"{name}"'
