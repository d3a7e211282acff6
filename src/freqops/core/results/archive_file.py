"""The files in which Freqtrade leaves the results of backtests, read within bounds.

Since 2025 that is a zip file: ``<base>.json`` has the results, ``<base>_config.json`` the configuration as it was
given, ``<base>_<strategy>.py`` and ``.json`` the strategy and its parameter file. Older releases left ``<base>.json``
alone.
Beside both lies ``<base>.meta.json``, with the run id of each strategy. The formats are those of
``store_backtest_results`` in Freqtrade's ``optimize/optimize_reports/bt_storage.py``.

Strategies write what they like to where results lie. So nothing here is taken for what it is called.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base import plain_file, strict_json
from ..base.errors import FreqopsError
from ..base.kinds import Malformed
from ..base.visible import visible

LARGEST = 64 * 1024 * 1024  # bytes of results
LARGEST_SMALL = 1024 * 1024  # bytes of a configuration, of parameters, of a meta file
MOST_MEMBERS = 2000
MOST_VALUES = 5_000_000  # in results; what each of them takes in memory is far more than its text
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
META, CONFIG = ".meta.json", "_config.json"
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError, ValueError)


class ResultUnreadable(FreqopsError):
    """What should be the result of a run is none that can be read; the text says why."""


@dataclass(frozen=True)
class Contents:
    """The contents of the files of one backtest.

    Attributes:
        results: What each strategy did, by its class.
        config: The configuration as it was given; empty where it is not there.
        config_sha256: The SHA-256 of its text; empty where it is not there.
        parameters: The parameter file of each strategy that has one.
        metas: What the meta file says of each strategy; empty where it is not there.
    """

    results: dict[str, Any]
    config: dict[str, Any] = field(default_factory=dict)
    config_sha256: str = ""
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    metas: dict[str, Any] = field(default_factory=dict)


def contents(path: Path) -> Contents:
    """Return what is in the files of a backtest.

    Args:
        path: The zip file, or the JSON file of an older release. No link is followed.

    Raises:
        ResultUnreadable: It is missing, or no result.
    """
    metas = _object(_beside(path), "the meta file") if path.with_name(f"{path.stem}{META}").exists() else {}
    if path.suffix != ".zip":
        return Contents(_results(_document(_read(path, LARGEST), path.name)), metas=metas)
    try:
        with plain_file.opened(path) as stream, zipfile.ZipFile(stream) as archive:
            return _unpacked(_Members(archive), path.stem, metas)
    except FileNotFoundError:
        raise ResultUnreadable(f"{path.name}: it is missing") from None
    except plain_file.NotRead as error:
        raise ResultUnreadable(f"{path.name}: {error}") from None
    except BROKEN as error:
        raise ResultUnreadable(f"{path.name}: it is no zip file that can be read: {visible(str(error), 120)}") from None


class _Members:
    """The members of a zip file, each read within a bound."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        found = archive.infolist()
        if len(found) > MOST_MEMBERS:
            raise ResultUnreadable(f"it has {len(found)} members, more than {MOST_MEMBERS}")
        self._found = {each.filename: each for each in found}
        if len(self._found) != len(found):
            raise ResultUnreadable("it has two members of one name")

    @property
    def names(self) -> list[str]:
        """Their names."""
        return list(self._found)

    def read(self, name: str, limit: int) -> bytes:
        """Return the content of a member.

        Raises:
            ResultUnreadable: It is larger, or packed in another way than Freqtrade packs.
        """
        info = self._found[name]
        if info.compress_type not in COMPRESSIONS or info.flag_bits & 1:
            raise ResultUnreadable(f"{visible(name, 80)} is packed in a way in which Freqtrade packs nothing")
        with self._archive.open(info) as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            raise ResultUnreadable(f"{visible(name, 80)} has more than {limit} bytes")
        return data


def _unpacked(members: _Members, stem: str, metas: dict[str, Any]) -> Contents:
    base = _base(members.names, stem)
    results = _results(_document(members.read(f"{base}.json", LARGEST), f"{base}.json"))
    config: dict[str, Any] = {}
    digest = ""
    if f"{base}{CONFIG}" in members.names:
        data = members.read(f"{base}{CONFIG}", LARGEST_SMALL)
        config, digest = _object(data, "the configuration"), hashlib.sha256(data).hexdigest()
    files = {name: f"{base}_{name}.json" for name in results}
    parameters = {
        name: _object(members.read(file, LARGEST_SMALL), f"the parameter file of {visible(name, 80)}")
        for name, file in files.items()
        if file in members.names and file != f"{base}{CONFIG}"
    }
    return Contents(results, config, digest, parameters, metas)


def _base(names: list[str], stem: str) -> str:
    """Return how the names of all members begin; a file may have been called otherwise since.

    Raises:
        ResultUnreadable: There is no result, or more than one that it could be.
    """
    if f"{stem}.json" in names:
        return stem
    bases = [name[: -len(CONFIG)] for name in names if name.endswith(CONFIG)]
    found = [base for base in bases if f"{base}.json" in names]
    if len(found) != 1:
        raise ResultUnreadable(f"{len(found)} of its members could be the results, where there must be one")
    return found[0]


def _results(document: Any) -> dict[str, Any]:
    results = document.get("strategy") if isinstance(document, dict) else None
    if not isinstance(results, dict) or not results:
        raise ResultUnreadable("it has no results of a strategy")
    odd = [name for name in results if not name.isidentifier()]
    if odd:
        raise ResultUnreadable(f"{visible(odd[0], 80)} is no name of a strategy")
    return results


def _document(data: bytes, what: str) -> Any:
    if data.count(b",") + data.count(b"[") + data.count(b"{") > MOST_VALUES:
        raise ResultUnreadable(f"{visible(what, 80)} has more than {MOST_VALUES} values")
    try:
        return strict_json.parse(data)
    except Malformed as error:
        raise ResultUnreadable(f"{visible(what, 80)}: {error}") from None


def _object(data: bytes, what: str) -> dict[str, Any]:
    found = _document(data, what)
    if not isinstance(found, dict):
        raise ResultUnreadable(f"{what} is no object")
    return found


def _beside(path: Path) -> bytes:
    return _read(path.with_name(f"{path.stem}{META}"), LARGEST_SMALL)


def _read(path: Path, limit: int) -> bytes:
    try:
        return plain_file.read(path, limit)
    except FileNotFoundError:
        raise ResultUnreadable(f"{path.name}: it is missing") from None
    except plain_file.NotRead as error:
        raise ResultUnreadable(f"{path.name}: {error}") from None
