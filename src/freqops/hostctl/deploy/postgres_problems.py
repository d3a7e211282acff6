"""The problems of a host's Postgres: its container, its Compose file, the connections of bots; each with its cure."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from freqops.core.base.errors import FreqopsError
from freqops.core.bot import connections, postgres
from freqops.core.bot.postgres import CONTAINER
from freqops.core.deploy import installed, own_container
from freqops.core.deploy.container import Container

from ..bot.engine import Engine
from ..bot.engine_command import EngineError
from .shared_postgres import COMPOSE, ENDS

STAGED = "the one that the last deploy staged"
SECONDS = 10.0


def postgres_problems(root: Path, engine: Engine) -> list[str]:
    """Return a line for each problem of the host's Postgres; none where no bot uses one."""
    users = postgres.users(root)
    if not users:
        return []
    own = own_container.of_postgres(root)
    files = installed.differences(own.home / COMPOSE, own.home / "staged" / COMPOSE, STAGED)
    found = [f"{CONTAINER}: its {text}" for text in files]
    if (own.home / postgres.UPGRADING).exists():
        found.append(f"{CONTAINER}: an upgrade of it is under way, or not over: {ENDS}")
    try:
        present = engine.container(CONTAINER)
    except EngineError as error:
        return [*found, f"whether {CONTAINER} runs as it was made is not known: {error}"]
    return [*found, *(own.wrong(present) or _not_running(present, users))]


def _not_running(present: Container | None, users: list[str]) -> list[str]:
    without = f"no database of {', '.join(users)} answers"
    if present is None:
        return [f"{CONTAINER} is gone: {without}; the next deploy makes it again"]
    if present.status != "running":
        return [f"{CONTAINER} is {present.status}: {without}; 'docker start {CONTAINER}' or a deploy starts it"]
    return []


def connections_of_bots(root: Path, engine: Engine) -> tuple[list[str], list[str]]:
    """Return the problems of the connections that bots have to the host's Postgres, and the figures as notes."""
    urls = {name: postgres.url_in_use(root / "bots" / name) for name in postgres.users(root)}
    users = {name: str(urlsplit(url).username) for name, url in urls.items() if url}
    if not users:
        return [], []
    try:
        said = engine.pipe([*postgres.PSQL, f"--command={connections.QUERY}"], SECONDS)
        return connections.judged(connections.parsed(said), users)
    except (FreqopsError, ValueError) as error:
        return [f"how many connections its bots have to Postgres is not known: {error}"], []
