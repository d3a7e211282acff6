"""The host command's own code, compiled once: each start would else compile it again out of the zipapp.

A directory for each version of the code and each kind of bytecode, named by both, so that none can be stale. It
appears whole, by one rename, and is never written to afterwards. Where there is none, the zipapp itself is imported.
"""

from __future__ import annotations

import importlib.util
import os
import py_compile
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.errors import NotProven, Refused
from freqops.core.deploy import zipapp

PLACE = Path(zipapp.COMPILED)
KEPT = 3  # commands that began before an update go on in their own version


def directory(tool: Path) -> Path:
    """Return the directory for the code of ``tool``, compiled for the Python that runs this.

    Raises:
        Refused: ``tool`` is no zipapp of freqops.
    """
    return PLACE / f"{zipapp.code_of(_sources(tool))}-{sys.implementation.cache_tag}"


def bring(tool: Path) -> tuple[Path, bool]:
    """Compile the code of ``tool`` where that is not done, and return where it lies and whether anything was done.

    Raises:
        Refused: ``tool`` is no zipapp of freqops.
        NotProven: It was compiled, and is not there.
    """
    target, sources = directory(tool), _sources(tool)
    if target.is_dir():
        return target, False
    PLACE.mkdir(mode=0o755, parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=PLACE, prefix=".making-"))
    try:
        for name, content in sources.items():
            _compile(made, target, name, content)
        _make_last(made)
        made.chmod(0o755)
        made.rename(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    durable.sync_directory(PLACE)
    if not target.is_dir():
        raise NotProven(f"{target} was made and is not there")
    _forget_old(target)
    return target, True


def _sources(tool: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(tool) as archive:
            return {name: archive.read(name) for name in archive.namelist() if name.startswith("freqops/")}
    except (OSError, zipfile.BadZipFile) as error:
        raise Refused(f"{tool} is no zipapp of freqops: {error}") from None


def _compile(made: Path, target: Path, name: str, content: bytes) -> None:
    source = made / name
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(content)
    py_compile.compile(
        str(source),
        cfile=importlib.util.cache_from_source(str(source)),
        dfile=str(target / name),
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def _make_last(place: Path) -> None:
    """Have everything below ``place`` survive a power failure before its name says that it is whole."""
    for path in (place, *place.rglob("*")):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _forget_old(present: Path) -> None:
    """Remove all but the newest directories, and what a crash left unfinished."""
    others = sorted((path for path in PLACE.iterdir() if path != present), key=lambda path: path.stat().st_mtime)
    unfinished = [path for path in others if path.name.startswith(".")]
    whole = [path for path in others if not path.name.startswith(".")]
    for path in (*unfinished, *whole[: 1 - KEPT]):
        shutil.rmtree(path)
