"""The playbooks that are procedures, and the former names of procedures, which only refuse."""

from __future__ import annotations

from pathlib import Path

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
FORMER = {"release": "resume"}  # each former name, and the present one


def playbooks() -> list[Path]:
    """Return the playbook of each procedure."""
    files = (path for path in PLAYBOOKS.glob("*.yml") if not path.name.endswith(".meta.yml"))
    return sorted(path for path in files if path.stem not in FORMER)
