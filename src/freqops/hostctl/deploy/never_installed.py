"""A bot whose first deploy was refused, and that no inventory has any more: the files laid out for it go."""

from __future__ import annotations

import shutil
from pathlib import Path

from freqops.core.bot import layout, postgres

from ..bot import databases
from ..bot.engine import Engine


def sweep(root: Path, engine: Engine) -> list[str]:
    """Remove what was laid out for bots and never installed, their empty databases first, and return their names.

    Called when a deploy succeeded: everything that the inventory wants is installed then. A database with trades is
    kept, and so are all files of its bot.

    Raises:
        DatabaseError: Postgres does not answer.
        OSError: A file cannot be removed.
    """
    homes = layout.laid_out(root)
    there = databases.present(engine) if homes and (root / "postgres" / "compose.yml").exists() else []
    swept = []
    for home in homes:
        names = [postgres.database_name(home.name, mode) for mode in layout.MODES]
        own = [name for name in names if f"database {name}" in there or f"user {name}" in there]
        if any(databases.Postgres(name, engine).trades() for name in own if f"database {name}" in there):
            continue
        for name in own:
            databases.Postgres(name, engine).drop()
        shutil.rmtree(home)
        swept.append(home.name)
    return swept
