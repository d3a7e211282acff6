"""The files of the control node that a deploy brings to hosts: those of a strategy, and the lock of the added packages.

The comparison with the last deploy, the preflight and the stage all ask here, so all see the same files. A directory
that cannot be brought as it is, is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
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


OF_USER = Bound(500, 16, "take out what its strategy does not read")
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
    paths = (Path(place, name) for place, _, names in _walked(directory, _why_not) for name in names)
    wanted = (path for path in paths if path.suffix in SUFFIXES and path.is_file())
    return _bounded(directory, ((str(path.relative_to(directory)), path) for path in wanted), OF_STRATEGY)


def strategy_texts(directory: Path) -> dict[str, str]:
    """Return the texts of the files of a strategy by their path below its directory.

    Raises:
        Refused: As `strategy_files` says, or a file cannot be read as text.
    """
    return {name: _text(path) for name, path in strategy_files(directory).items()}


def user_dir(bot: Mapping[str, Any], inventory_dir: str | None) -> Path | None:
    """Return the directory with the files that the strategy of a bot reads, None where it has none."""
    return resolved(bot["user_files"], inventory_dir) if bot.get("user_files") else None


def user_files(directory: Path) -> dict[str, Path]:
    """Return the files that a strategy reads by their path below their directory.

    Raises:
        Refused: There are none or too many, or something of it is no file of that directory, or cannot be read.
    """
    found = _bounded(directory, _of_user(directory), OF_USER)
    if not found:
        raise Refused(f"no files in {directory}; lead user_files to a directory that has some, or leave it out")
    return found


def _of_user(directory: Path) -> Iterator[tuple[str, Path]]:
    """Yield each file that a strategy reads by its path below their directory."""
    whole = directory.resolve()
    for place, directories, names in _walked(directory, Path.is_symlink):
        for path in (Path(place, name) for name in directories):
            if path.is_symlink():
                raise Refused(f"{path} is a link to a directory; put the directory itself in its place")
        for path in (Path(place, name) for name in names):
            if whole not in path.resolve().parents:
                raise Refused(f"{path} is a link that leads out of {directory}; put the file itself in its place")
            if not path.is_file():
                raise Refused(f"{path} is no file that could be brought; take it away")
            yield str(path.relative_to(directory)), path


def user_contents(directory: Path) -> dict[str, bytes]:
    """Return the contents of the files that a strategy reads by their path below their directory.

    Raises:
        Refused: As `user_files` says.
    """
    return {name: _read(path) for name, path in user_files(directory).items()}


def of_bot(bot: Mapping[str, Any], inventory_dir: str | None, root: Path) -> list[Path]:
    """Return all files of a bot, an item of ``freqtrade_bots``, that are brought to its host.

    Raises:
        Refused: Some cannot be brought.
    """
    directory = user_dir(bot, inventory_dir)
    read = user_files(directory) if directory else {}
    return [*strategy_files(strategy_dir(bot, inventory_dir, root)).values(), *read.values()]


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
    for place, names, _ in _walked(directory, _why_not):
        for path in (Path(place, name) for name in names):
            if _why_not(path):
                found[str(path.relative_to(directory))] = _why_not(path)
    return dict(sorted(found.items()))


def _why_not(directory: Path) -> str:
    """Return what a directory is where nothing of it is brought, empty where it is brought."""
    if directory.is_symlink():
        return LINK
    return OF_PACKAGES if (directory / ENVIRONMENT).is_file() else ""


def _walked(directory: Path, left: Callable[[Path], object]) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield what `os.walk` does, without what is hidden.

    Args:
        directory: Where it begins.
        left: Whether it does not go into a directory.
    """
    if not directory.is_dir():
        return
    for place, directories, files in os.walk(directory, onerror=_refuse):
        directories[:] = [name for name in _seen(directories) if name != MADE_BY_PYTHON]
        yield place, list(directories), _seen(files)
        directories[:] = [name for name in directories if not left(Path(place, name))]


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


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        _refuse(error)


def _refuse(error: OSError) -> NoReturn:
    raise Refused(f"{error.filename} cannot be read: {error.strerror}; let this account read it") from error


def _of_strategy(bot: Mapping[str, Any], inventory_dir: str | None, root: Path) -> object:
    return strategy_texts(strategy_dir(bot, inventory_dir, root))


def _of_operator(bot: Mapping[str, Any], inventory_dir: str | None, _root: Path) -> object:
    directory = user_dir(bot, inventory_dir)
    return user_contents(directory) if directory else {}


READERS = {"strategy_dir": _of_strategy, "user_files": _of_operator}
