"""Freqtrade's own way from SQLite into Postgres, run by the bot's image in a container beside the bot."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

from freqops.core.bot import engine_names, layout
from freqops.core.bot.side_container import SideContainer

from ..bot.database_copies import DatabaseError
from ..bot.engine import Engine
from ..bot.login import NETWORK

SECONDS = 300.0
PRIVATE, PRIVATE_DIRECTORY = 0o600, 0o700
COPY = "trades.sqlite"
SAID = 400
# The address of the database stays out of every command line.
CONVERT = """
import json, sys
from freqtrade.commands.db_commands import start_convert_db
url = json.load(open(sys.argv[1]))["db_url"]
start_convert_db(
    {"db_url": url, "db_url_from": "sqlite:////freqops/from/trades.sqlite", "user_data_dir": "/tmp"}
)
"""


def convert(source: Path, place: Path, bot: layout.Bot, engine: Engine) -> None:
    """Have Freqtrade of the bot's image write a SQLite database into the bot's own in Postgres.

    Args:
        source: The database in SQLite; it is not opened, but copied.
        place: A directory for that copy, made here, and gone afterwards.
        bot: The bot.
        engine: The container engine.

    Raises:
        DatabaseError: It could not be written.
    """
    _clear(place)
    place.mkdir(mode=PRIVATE_DIRECTORY)
    copy = place / COPY
    shutil.copyfile(source, copy)
    copy.chmod(PRIVATE)
    for each in (place, copy):
        os.chown(each, layout.CONTAINER_UID, layout.CONTAINER_UID)
    mark = f"{os.getpid()}-{threading.get_ident() % 10000}"
    name = engine_names.beside(bot.name, engine_names.CONVERT, mark)
    try:
        status, said = engine.run_container(container(bot, place, name).command(), name, SECONDS)
    finally:
        _clear(place)
    if status != 0:
        raise DatabaseError(f"Freqtrade did not convert the database: {said.strip()[-SAID:]}")


def container(bot: layout.Bot, place: Path, name: str) -> SideContainer:
    """Return the container that converts."""
    return SideContainer(
        image=bot.image,
        program=("-c", CONVERT, "/freqops/asked.json"),
        name=name,
        networks=(NETWORK,),
        mounts=(
            f"{bot.conf / 'secrets.json'}:/freqops/asked.json:ro",
            f"{place}:/freqops/from",
            f"{bot.packages_home}:/freqops/packages:ro",
        ),
        environment={"PYTHONPATH": "/freqops/packages"},
    )


def _clear(place: Path) -> None:
    """Take a directory away where there is one."""
    if place.exists():
        shutil.rmtree(place)
