"""The candles of a host: linked into the directory of a run, so that no download changes them under it, and read.

What is in a file is read once, by a program in the bot's image, and then known by the checksum of the file.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.iso_time import parse
from freqops.core.base.kinds import Malformed
from freqops.core.bot import host_command
from freqops.core.bot.side_container import SideContainer
from freqops.core.results.artifacts import artifact
from freqops.core.runs import candles, run_id
from freqops.core.runs.candles import Candles

from .run_directory import READABLE, RunDirectory
from .run_engine import RunEngine

DATA = Path("user_data") / "data"
KNOWN = Path("user_data") / "state" / "candles.json"  # what is in each file, by its checksum
MOST_KNOWN = 20_000
TOOL_IN_CONTAINER, LOOKED_AT = "/freqops/tool", "/freqops/data"
SECONDS = 600.0
PRIVATE = 0o600


def names(place: Path) -> list[str]:
    """Return the names of the files of candles in a directory."""
    if place.is_symlink() or not place.is_dir():
        return []
    return sorted(path.name for path in place.iterdir() if candles.FILE.fullmatch(path.name) and _is_plain(path))


def _is_plain(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)


def link(place: RunDirectory, exchange: str) -> None:
    """Give a run the candles of an exchange as they are now.

    Raises:
        Refused: There are none.
        OSError: The disk is full, read-only or failing.
    """
    source, target = place.root / DATA / exchange, place.data / exchange
    target.mkdir(mode=READABLE)
    target.chmod(READABLE)
    found = names(source)
    if not found:
        raise Refused(f"there are no candles of {exchange} below {place.root / DATA}: download_data.yml brings them")
    for name in found:
        os.link(source / name, target / name, follow_symlinks=False)


def read(
    place: RunDirectory, below: Path, wanted: Sequence[str], image: str, engine: RunEngine
) -> tuple[dict[str, Candles], list[str]]:
    """Return what is in files of candles, by their names, and what cannot be read; one that is not there is left out.

    Args:
        place: The run.
        below: The directory of the files.
        wanted: Their names.
        image: The image whose program reads what is not known yet.
        engine: The container engine.

    Raises:
        NotProven: The program gave no answer.
        EngineError: The engine does not answer.
    """
    there = [name for name in names(below) if name in set(wanted)]
    digests = {name: artifact(below, below / name).sha256 for name in there}
    known = _known(place.root)
    unknown = [name for name in there if digests[name] not in known]
    if unknown:
        told = _asked(place, below, unknown, image, engine)
        known.update({digests[name]: document for name, document in told.items()})
        durable.write_json(place.root / KNOWN, dict(list(known.items())[-MOST_KNOWN:]), PRIVATE)
    found: dict[str, Candles] = {}
    wrong: list[str] = []
    for name in there:
        try:
            found[name] = candles.checked(known[digests[name]], digests[name])
        except Malformed as error:
            wrong.append(f"{name}: {error}")
    return found, wrong


def begin_later(root: Path, below: Path, there: Sequence[str], moment: datetime) -> bool:
    """Return whether any file of candles begins after a moment, or is not known to begin before."""
    known = _known(root)
    for name in there:
        digest = artifact(below, below / name).sha256
        try:
            first = candles.checked(known.get(digest), digest).first
        except Malformed:
            return True
        if not first or parse(first) > moment:
            return True
    return False


def _known(root: Path) -> dict[str, object]:
    document = durable.read_json(root / KNOWN)
    return document if isinstance(document, dict) else {}


def _asked(
    place: RunDirectory, below: Path, unknown: Sequence[str], image: str, engine: RunEngine
) -> dict[str, object]:
    """Have the image read files, and return what it says of each."""
    name = f"{run_id.container(place.run)}.candles"
    tool = place.path / "tool"
    tool.mkdir(mode=READABLE, exist_ok=True)
    tool.chmod(READABLE)
    shutil.copyfile(host_command.TOOL, tool / "freqops-host")
    container = SideContainer(
        image=image,
        program=("-m", "freqops.research.candles", *(f"{LOOKED_AT}/{each}" for each in unknown)),
        name=name,
        mounts=(f"{below}:{LOOKED_AT}:ro", f"{tool}:{TOOL_IN_CONTAINER}:ro"),
        environment={"PYTHONPATH": f"{TOOL_IN_CONTAINER}/freqops-host"},
        memory="1g",
    )
    try:
        status, said = engine.run_container(container.command(), name, SECONDS)
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(tool)
    answer = (host_command.last_object(said) or {}).get("candles")
    if status != 0 or not isinstance(answer, dict):
        raise NotProven(f"the candles could not be read: {said.strip()[-300:]}")
    return {each: answer.get(f"{LOOKED_AT}/{each}") for each in unknown}


def unlink(place: RunDirectory) -> None:
    """Let go of the candles of a run that is over: what was downloaded since takes their place on the disk.

    Raises:
        OSError: The disk does not let them go.
    """
    if place.data.is_dir() and not place.data.is_symlink():
        shutil.rmtree(place.data)
    place.data.mkdir(mode=READABLE)
