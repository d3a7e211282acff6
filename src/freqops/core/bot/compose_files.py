"""The Compose file of a project, as its owner names it: the file itself, or its directory."""

from __future__ import annotations

from pathlib import Path

from ..base.errors import Refused

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


def compose_file(project: Path) -> Path:
    """Return the Compose file of a project.

    Raises:
        Refused: There is none.
    """
    found = [project / name for name in NAMES if (project / name).is_file()] if project.is_dir() else [project]
    if not found or not found[0].is_file():
        raise Refused(f"there is no docker compose project at {project} on this host")
    return found[0]
