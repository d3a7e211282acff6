"""The files of the control node that a deploy brings to hosts: those of a strategy, and the lock of the added packages.

What looks whether anything changed asks here, and so does what judges them and what brings them: all see the same
files. A directory that cannot be brought as it is, is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from freqops.core.base.errors import Refused
from freqops.core.base.visible import visible
from freqops.core.preflight.fleet import BOTS, DeclaredBot
from freqops.core.preflight.refusal import Refusal

STRATEGIES = "strategies"
SUFFIXES = (".py", ".json")
MADE_BY_PYTHON = "__pycache__"
ENVIRONMENT = "pyvenv.cfg"  # a virtual environment has it
LINK, OF_PACKAGES = "a link", "a virtual environment"
MIB = 2**20


@dataclass(frozen=True)
class Bound:
    """The most that is brought of one directory.

    Attributes:
        files: The most files.
        mib: The most MiB of all of them.
        cure: The cure where a directory has more.
    """

    files: int
    mib: int
    cure: str


OF_STRATEGY = Bound(500, 8, "lead strategy_dir to a directory that has the strategy and its modules alone")


def resolved(path: str, inventory_dir: str | None) -> Path:
    """Return a path that the inventory names: ``~`` is a home, and a relative one begins where the inventory lies.

    Args:
        path: The path.
        inventory_dir: The variable of that name, None where a host stands in no file.
    """
    return Path(inventory_dir or "", os.path.expanduser(path))  # noqa: PTH111  Path raises for a home that is none


def strategy_dir(bot: Mapping[str, Any], inventory_dir: str | None, root: Path) -> Path:
    """Return the directory with the strategy of a bot, an item of ``freqtrade_bots``."""
    return resolved(bot.get("strategy_dir") or str(root / STRATEGIES), inventory_dir)


def strategy_files(directory: Path) -> dict[str, Path]:
    """Return the files of a strategy by their path below its directory; none where there is no such directory.

    Raises:
        Refused: There are too many, or a directory cannot be read.
    """
    found = ((name, path) for name, path in _below(directory) if path.suffix in SUFFIXES and path.is_file())
    return _bounded(directory, found, OF_STRATEGY)


def strategy_texts(directory: Path) -> dict[str, str]:
    """Return the texts of the files of a strategy by their path below its directory.

    Raises:
        Refused: As `strategy_files` says, or a file cannot be read as text.
    """
    return {name: _text(path) for name, path in strategy_files(directory).items()}


def of_bot(bot: Mapping[str, Any], inventory_dir: str | None, root: Path) -> list[Path]:
    """Return all files of a bot, an item of ``freqtrade_bots``, that are brought to its host.

    Raises:
        Refused: Some cannot be brought.
    """
    return list(strategy_files(strategy_dir(bot, inventory_dir, root)).values())


def judge(bot: DeclaredBot, inventory_dir: str | None, root: Path) -> Iterator[Refusal]:
    """Yield why files of a bot that lie here cannot be brought."""
    for key, read in READERS.items():
        try:
            read(bot.entry, inventory_dir, root)
        except Refused as refusal:
            wrong, _, cure = str(refusal).rpartition("; ")
            yield bot.refused(f"{key}: {wrong}", cure, (BOTS, bot.index, key))


def left_out(directory: Path) -> dict[str, str]:
    """Return the directories among those of a strategy that are not brought, each with what it is instead.

    Raises:
        Refused: A directory cannot be read.
    """
    found: dict[str, str] = {}
    for place, names, _ in _walked(directory):
        for path in (Path(place, name) for name in names):
            if _why_not(path):
                found[str(path.relative_to(directory))] = _why_not(path)
    return dict(sorted(found.items()))


def _why_not(directory: Path) -> str:
    """Return what a directory is where nothing of it is brought, empty where it is brought."""
    if directory.is_symlink():
        return LINK
    return OF_PACKAGES if (directory / ENVIRONMENT).is_file() else ""


def _below(directory: Path) -> Iterator[tuple[str, Path]]:
    """Yield each file that can be brought, by its path below a directory."""
    for place, _, names in _walked(directory):
        for path in (Path(place, name) for name in names):
            yield str(path.relative_to(directory)), path


def _walked(directory: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield what `os.walk` does, without what is hidden; into what is not brought it does not go."""
    if not directory.is_dir():
        return
    for place, directories, files in os.walk(directory, onerror=_refuse):
        directories[:] = [name for name in _seen(directories) if name != MADE_BY_PYTHON]
        yield place, list(directories), _seen(files)
        directories[:] = [name for name in directories if not _why_not(Path(place, name))]


def _seen(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if not name.startswith("."))


def _bounded(directory: Path, found: Iterable[tuple[str, Path]], bound: Bound) -> dict[str, Path]:
    """Return files by their names.

    Raises:
        Refused: They are more than may be brought, or a name cannot be shown.
    """
    files: dict[str, Path] = {}
    size = 0
    for name, path in found:
        if not name.isprintable():
            raise Refused(f"{directory} has a file {visible(name)}; give it a name of characters that are shown")
        files[name] = path
        try:
            size += path.stat().st_size
        except OSError as error:
            _refuse(error)
        if len(files) > bound.files:
            raise Refused(f"{directory} has more than {bound.files} files to bring; {bound.cure}")
        if size > bound.mib * MIB:
            raise Refused(f"the files of {directory} have more than {bound.mib} MiB; {bound.cure}")
    return dict(sorted(files.items()))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{path} is no text; write it in UTF-8") from None
    except OSError as error:
        _refuse(error)


def _refuse(error: OSError) -> NoReturn:
    raise Refused(f"{error.filename} cannot be read: {error.strerror}; let this account read it") from error


def _of_strategy(bot: Mapping[str, Any], inventory_dir: str | None, root: Path) -> Mapping[str, Any]:
    return strategy_texts(strategy_dir(bot, inventory_dir, root))


READERS = {"strategy_dir": _of_strategy}
