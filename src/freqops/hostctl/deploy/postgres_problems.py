"""The problems of a host's Postgres: the faults of its container and its Compose file, each with its cure."""

from __future__ import annotations

from pathlib import Path

from freqops.core.bot import postgres
from freqops.core.bot.postgres import CONTAINER
from freqops.core.deploy import installed, own_container
from freqops.core.deploy.container import Container

from ..bot.engine import Engine
from ..bot.engine_command import EngineError
from .shared_postgres import COMPOSE

STAGED = "the one that the last deploy staged"


def postgres_problems(root: Path, engine: Engine) -> list[str]:
    """Return a line for each problem of the host's Postgres; none where no bot uses one."""
    users = postgres.users(root)
    if not users:
        return []
    own = own_container.of_postgres(root)
    files = installed.differences(own.home / COMPOSE, own.home / "staged" / COMPOSE, STAGED)
    found = [f"{CONTAINER}: its {text}" for text in files]
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
