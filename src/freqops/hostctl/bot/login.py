"""The login of a bot at its database, tried before anything is touched: from its image, with its secrets."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.errors import Refused
from freqops.core.bot import engine_names, layout
from freqops.core.bot.side_container import SideContainer

from .engine import Engine

NETWORK = engine_names.DATABASE
SECONDS = 60.0
ASKED = "/freqops/asked.json"
PROGRAM = """
import json, sys
import sqlalchemy
url = json.load(open(sys.argv[1]))["db_url"]
try:
    sqlalchemy.create_engine(url).connect().close()
except sqlalchemy.exc.SQLAlchemyError as error:
    sys.exit(str(getattr(error, "orig", error)).strip().splitlines()[-1])
"""


def refuse_unless_logged_in(bot: layout.Bot, secrets: Path, engine: Engine) -> None:
    """Refuse a bot whose Postgres would not let it in.

    Args:
        bot: The bot as it would run.
        secrets: The file of secrets that it would run with.
        engine: The container engine.

    Raises:
        Refused: Postgres refuses, or does not answer; the text says what it said.
        EngineError: The container did not end in time.
    """
    document = durable.read_json(secrets)
    url = str(document.get("db_url", "")) if isinstance(document, dict) else ""
    if not url.startswith("postgresql"):
        return
    name = engine_names.beside(bot.name, engine_names.LOGIN, f"{os.getpid()}-{threading.get_ident() % 10000}")
    status, said = engine.run_container(command(bot, secrets, name), name, SECONDS)
    if status != 0:
        reason = said.strip().splitlines()[-1] if said.strip() else f"status {status}"
        raise Refused(
            f"{bot.name} was not touched: its database does not let it in: {reason}. Its password stands in "
            f"{secrets}; bring back the one that the database knows"
        )


def command(bot: layout.Bot, secrets: Path, name: str) -> list[str]:
    """Return the command line of the container that asks."""
    return container(bot, secrets, name).command()


def container(bot: layout.Bot, secrets: Path, name: str) -> SideContainer:
    """Return the container that asks."""
    return SideContainer(
        image=bot.image,
        program=("-c", PROGRAM, ASKED),
        name=name,
        networks=(NETWORK,),
        mounts=(f"{secrets}:{ASKED}:ro", f"{bot.packages_home}:/freqops/packages:ro"),
        environment={"PYTHONPATH": "/freqops/packages"},
    )
