"""The files of the control node that a deploy brings to hosts: strategies, and the lock of the added packages.

What looks whether anything changed asks here, and so does what brings it: both see the same files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

STRATEGIES = "strategies"
SUFFIXES = (".py", ".json")
MADE_BY_PYTHON = "__pycache__"


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


def strategy_files(directory: Path) -> list[Path]:
    """Return the files of a strategy: those of its directory, and none of a directory below it."""
    return sorted(path for path in _seen(directory) if path.suffix in SUFFIXES and path.is_file())


def directories_below(directory: Path) -> list[str]:
    """Return the directories in a strategy's directory that have files of the same kinds: they are not brought."""
    below = [path for path in _seen(directory) if path.is_dir() and path.name != MADE_BY_PYTHON]
    return sorted(path.name for path in below if any(each.suffix in SUFFIXES for each in path.rglob("*")))


def _seen(directory: Path) -> list[Path]:
    return [path for path in directory.glob("*") if not path.name.startswith(".")]
