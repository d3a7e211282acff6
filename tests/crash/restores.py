"""A restore as an operator gives it, the host before it, and which database stands afterwards."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from freqops.core.backup import numbers
from freqops.core.backup.manifest import DATABASE, MANIFEST, File, Manifest
from freqops.core.bot import layout
from freqops.core.halt import holds
from freqops.hostctl.bot.databases import Sqlite
from tests.crash.stops import COMMON, Stop, held
from tests.crash.world import BOT
from tests.unit.fakes import START

NAME = "trades.paper.sqlite"
IN_DUMP, NEWER = (7, "ETH/USDT", 1, 1.0), (9, "XRP/USDT", 1, 2.0)
INSERT = "insert into trades values (?, ?, ?, ?)"
FORMER, RESTORED = "FORMER", "RESTORED"


def a_loss(root: Path) -> None:
    """Write a bot that is held, with a dump, a trade that was lost since, and one that only its log has."""
    held(root)
    home = root / "bots" / BOT
    path = home / "var" / NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute(INSERT, IN_DUMP)
        connection.commit()
    dump(home, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma wal_autocheckpoint = 0")
        connection.execute("delete from trades where id = ?", IN_DUMP[:1])
        connection.execute(INSERT, NEWER)
        connection.commit()
        for name in (NAME, f"{NAME}-wal"):
            shutil.copy(path.with_name(name), root / name)
    for name in (NAME, f"{NAME}-wal"):  # as a bot that was killed leaves them
        (root / name).replace(path.with_name(name))


def dump(home: Path, path: Path) -> None:
    """Lay a dump of a database among those of a bot."""
    place = home / "dumps" / "rolling" / f"{START:%Y%m%dT%H%M%SZ}"
    place.mkdir(parents=True)
    contents = Sqlite(path).dump(place / DATABASE)
    data, bot = (place / DATABASE).read_bytes(), layout.load_bot(home)
    manifest = Manifest(
        bot.name, bot.mode, contents.kind, bot.image, bot.release, START, START, contents,
        numbers.next_numbers(Sqlite(path).contents()),
        (File(DATABASE, len(data), hashlib.sha256(data).hexdigest()),),
    )  # fmt: skip
    (place / MANIFEST).write_text(json.dumps(manifest.to_json()))


def stands(root: Path) -> str:
    """Return which database stands, read from a copy: neither of both, whole, is what is wrong with it."""
    var, copy = root / "bots" / BOT / "var", root / "copy"
    if copy.exists():
        shutil.rmtree(copy)
    copy.mkdir()
    for path in var.glob(f"{NAME}*"):
        shutil.copy(path, copy / path.name)
    with closing(sqlite3.connect(copy / NAME)) as connection:
        whole = connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        numbers_of = [number for (number,) in connection.execute("select id from trades order by id")]
    known = {(1, IN_DUMP[0]): RESTORED, (1, NEWER[0]): FORMER}
    return known.get(tuple(numbers_of), f"{numbers_of}") if whole else "a spoilt one"


def wrong(root: Path) -> list[str]:
    """Return what is wrong with the host after a restore that was cut, and a recovery."""
    home = root / "bots" / BOT
    now, held_by = stands(root), holds.load(home / "conf" / "holds.json")
    beside = {path.name for path in (home / "var").iterdir()} - {NAME, f"{NAME}-wal", f"{NAME}-shm"}
    facts = {
        f"{now} stands": now in (FORMER, RESTORED),
        "it is held at level 3": held_by.level == holds.HARD,
        "what was restored is held by the restore": now == FORMER or held_by.of("restore") is not None,
        f"nothing is left of the other one: {beside}": beside <= {f".{NAME}.replaced", f".{NAME}.replaced-wal"},
        "no note stands": not (home / "restoring.json").exists(),
    }
    return [fact for fact, so in facts.items() if not so]


RESTORE = Stop("restore", ("restore", BOT, "--dump", "latest", "--overwrite", *COMMON), a_loss, wrong)
