"""Freqtrade's own way from SQLite into Postgres, run by the bot's image in a container beside the bot."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from freqops.core.base import durable
from freqops.core.bot import db_url, engine_names, layout, postgres
from freqops.core.bot.database_contents import compared
from freqops.core.bot.side_container import SideContainer

from . import databases
from .database_copies import DatabaseError
from .engine import Engine
from .login import NETWORK

SECONDS = 300.0
PRIVATE, PRIVATE_DIRECTORY, SECRET = 0o600, 0o700, 0o400
COPY, ASKED = "trades.sqlite", "asked.json"
RESTORE = "restore"
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


def convert(
    source: Path, place: Path, bot: layout.Bot, engine: Engine, *, mark: str, asked: Path | None = None
) -> None:
    """Have Freqtrade of the bot's image write a SQLite database into Postgres.

    Args:
        source: The database in SQLite; it is not opened, but copied.
        place: A directory for that copy, made here, and gone afterwards.
        bot: The bot.
        engine: The container engine.
        mark: What tells the container from others that convert for the bot.
        asked: The file with the ``db_url`` of the database into which it goes; that of the bot's own where None.

    Raises:
        DatabaseError: It could not be written.
    """
    clear(place)
    place.mkdir(mode=PRIVATE_DIRECTORY)
    copy = place / COPY
    shutil.copyfile(source, copy)
    copy.chmod(PRIVATE)
    for each in (place, copy):
        os.chown(each, layout.CONTAINER_UID, layout.CONTAINER_UID)
    name = engine_names.beside(bot.name, engine_names.CONVERT, mark)
    try:
        status, said = engine.run_container(container(bot, place, name, asked).command(), name, SECONDS)
    finally:
        clear(place)
    if status != 0:
        raise DatabaseError(f"Freqtrade did not convert the database: {said.strip()[-SAID:]}")


def container(bot: layout.Bot, place: Path, name: str, asked: Path | None = None) -> SideContainer:
    """Return the container that converts."""
    return SideContainer(
        image=bot.image,
        program=("-c", CONVERT, f"/freqops/{ASKED}"),
        name=name,
        networks=(NETWORK,),
        mounts=(
            f"{asked or bot.conf / 'secrets.json'}:/freqops/{ASKED}:ro",
            f"{place}:/freqops/from",
            f"{bot.packages_home}:/freqops/packages:ro",
        ),
        environment={"PYTHONPATH": "/freqops/packages"},
    )


def stage(source: Path, database: databases.Postgres, bot: layout.Bot, engine: Engine) -> databases.Postgres:
    """Bring a SQLite database beside the bot's own in Postgres, read every table back, and return it.

    Postgres lets a user into the database of its own name alone. So the one beside has a user of its name while
    Freqtrade writes there, and becomes that of the bot's user afterwards.

    Raises:
        DatabaseError: It could not be converted, or something of it did not come through; `swept` and
            `Place.withdraw` take away what is there of it.
    """
    home = layout.Home(bot.home).converting
    clear(home)
    home.mkdir(mode=PRIVATE_DIRECTORY)
    kept, asked = home / COPY, home / ASKED  # out of the container's reach; SQLite would write beside the dump itself
    shutil.copyfile(source, kept)
    told = databases.Sqlite(kept)
    told.refuse_unless_sound()
    password = secrets.token_hex(32)
    beside = database.lent(password)
    url = db_url.of_another(postgres.url_in_use(bot.home), beside.name, password)
    durable.write_json(asked, {"db_url": url}, SECRET, (layout.CONTAINER_UID, layout.CONTAINER_UID))
    convert(kept, home / "from", bot, engine, mark=RESTORE, asked=asked)
    database.take_in()
    beside.refuse_unless_sound()
    wrong, _ = compared(told.contents(), beside.contents())
    if wrong:
        raise DatabaseError(f"not all of it came through the conversion: {'; '.join(wrong)}")
    clear(home)
    return beside


def swept(bot: layout.Bot, engine: Engine) -> None:
    """Take away what `stage` left: its container, which may still write, and its copies.

    Raises:
        EngineError: The engine does not answer.
    """
    home = layout.Home(bot.home).converting
    if not home.exists():
        return
    name = engine_names.beside(bot.name, engine_names.CONVERT, RESTORE)
    if engine.container(name) is not None:
        engine.remove(name)
    clear(home)


def clear(place: Path) -> None:
    """Take a directory away where there is one."""
    if place.exists():
        shutil.rmtree(place)
