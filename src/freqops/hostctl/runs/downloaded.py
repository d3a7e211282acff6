"""Downloaded candles on their way: copied beside, filled by the run, and put in their place, each file whole."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.errors import NotProven
from freqops.core.bot.layout import CONTAINER_UID
from freqops.core.runs import candles

from . import candle_files
from .run_directory import READABLE, READABLE_FILE, RunDirectory


def staging(place: RunDirectory, exchange: str) -> Path:
    """Return the directory into which a run downloads."""
    return place.output / "data" / exchange


def stage(place: RunDirectory, exchange: str, wanted: Iterable[str]) -> list[str]:
    """Copy what is there already of the wanted files into the staging directory, and return the names.

    Raises:
        OSError: The disk is full, read-only or failing.
    """
    target = staging(place, exchange)
    for each in (target.parent, target):
        each.mkdir(mode=READABLE)
        os.chown(each, CONTAINER_UID, CONTAINER_UID)
    source = place.root / candle_files.DATA / exchange
    there = sorted(set(wanted) & set(candle_files.names(source)))
    for name in there:
        shutil.copyfile(source / name, target / name)
        os.chown(target / name, CONTAINER_UID, CONTAINER_UID)
    return there


def names_there(place: RunDirectory, exchange: str) -> list[str]:
    """Return the files of candles in the staging directory, in which the run may have left anything.

    Raises:
        NotProven: It is no directory of its own any more.
    """
    for each in (place.output / "data", staging(place, exchange)):
        try:
            if not stat.S_ISDIR(each.lstat().st_mode):
                raise NotProven(f"{each} is no directory any more")
        except FileNotFoundError:
            return []
    return candle_files.names(staging(place, exchange))


def put_in_place(place: RunDirectory, exchange: str, names: Iterable[str]) -> list[str]:
    """Put files in their place, each whole, and return those that changed anything.

    Raises:
        OSError: The disk is full, read-only or failing; what was not put in place is as it was.
    """
    target = place.root / candle_files.DATA / exchange
    target.mkdir(mode=READABLE, parents=True, exist_ok=True)
    changed = []
    for name in names:
        if not candles.FILE.fullmatch(name):
            continue
        source = staging(place, exchange) / name
        if durable.same(source, target / name):
            continue
        _whole(source, target / name)
        changed.append(name)
    return changed


def _whole(source: Path, target: Path) -> None:
    """Copy a file beside its place, and rename it into it: it is the host's own then, and nobody has it open."""
    handle, temporary = durable.beside(target)
    try:
        with source.open("rb") as given, os.fdopen(handle, "wb") as made:
            shutil.copyfileobj(given, made)
            made.flush()
            os.fchmod(made.fileno(), READABLE_FILE)
            os.fchown(made.fileno(), CONTAINER_UID, CONTAINER_UID)
            os.fsync(made.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    durable.sync_directory(target.parent)
