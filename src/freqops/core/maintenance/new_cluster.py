"""The container in which a new cluster is made and filled: nothing reaches it, and it reaches nothing."""

from __future__ import annotations

from pathlib import Path

from ..backup.scratch_containers import ScratchContainer
from ..bot.engine_names import UPGRADE
from .upgrade import NEW, WORK


def container(image: str, user: int, home: Path, memory: str) -> ScratchContainer:
    """Return the container of the new version, on an empty directory beside that of the old one.

    Args:
        image: The image of the new version.
        user: The user who owns the clusters.
        home: The directory of Postgres.
        memory: The most memory that it gets.
    """
    return ScratchContainer(
        name=UPGRADE,
        image=image,
        user=user,
        mounts=(
            f"{home / NEW}:/var/lib/postgresql/data",
            f"{home / WORK / 'run'}:/var/run/postgresql",
            f"{home / 'secrets'}:/secrets:ro",
        ),
        program=("postgres",),
        environment={
            "POSTGRES_PASSWORD_FILE": "/secrets/superuser",
            "POSTGRES_INITDB_ARGS": "--data-checksums",
            "PGDATA": "/var/lib/postgresql/data",
        },
        memory=memory,
    )
