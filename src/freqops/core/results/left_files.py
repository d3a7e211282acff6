"""Which files in Freqtrade's directories of results belong together, by their names.

``.last_result.json`` names the latest result, and two runs at once swap it: it is never looked at. Nor is anything else
whose name begins with a point.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .archive_file import META

BACKTESTS, HYPEROPTS = "backtest_results", "hyperopt_results"  # the directories, below user_data
ZIP, JSON, EPOCHS = ".zip", ".json", ".fthypt"
CACHE = "hyperopt_tickerdata.pkl"  # the candles of the hyperopt that runs; the next one replaces it
LONGEST = 255


@dataclass(frozen=True)
class Left:
    """The files of one result.

    Attributes:
        result: The name of the file with the result.
        others: The names of the files beside it that belong to it.
    """

    result: str
    others: tuple[str, ...] = ()


def backtests(names: Iterable[str]) -> tuple[list[Left], list[str]]:
    """Return the results of backtests in a directory, and why other files are none.

    Args:
        names: The names in the directory.
    """
    usable, odd = _usable(names)
    results = {_base(name): name for name in usable if name.endswith(JSON) and not name.endswith(META)}
    results.update({_base(name): name for name in usable if name.endswith(ZIP)})
    others: dict[str, list[str]] = {base: [] for base in results}
    for name in usable:
        owner = _owner(name, results)
        if owner:
            others[owner].append(name)
        elif name.endswith(META):
            odd.append(f"{name}: its result is missing")
    owned = {name for names in others.values() for name in names}  # the parameter file of another one, say
    return [Left(results[base], tuple(others[base])) for base in sorted(results) if results[base] not in owned], odd


def hyperopts(names: Iterable[str]) -> tuple[list[Left], list[str]]:
    """Return the results of hyperopts in a directory, and why other files are none."""
    usable, odd = _usable(names)
    return [Left(name) for name in usable if name.endswith(EPOCHS)], odd


def foreign(names: Iterable[str], found: Sequence[Left]) -> list[str]:
    """Return the names in a directory that no result gives, and of which nothing else is said."""
    taken = {name for each in found for name in (each.result, *each.others)} | {CACHE}
    return [name for name in _usable(names)[0] if name not in taken and not name.endswith(META)]


def _owner(name: str, results: Mapping[str, str]) -> str:
    """Return the longest base to which a file belongs; empty where it belongs to none, or is a result itself."""
    bases = [name[:at] for at, char in enumerate(name) if char in "._"]
    return max((base for base in bases if results.get(base, name) != name), key=len, default="")


def _base(name: str) -> str:
    return name[: name.rindex(".")]


def _usable(names: Iterable[str]) -> tuple[list[str], list[str]]:
    found = sorted(name for name in names if not name.startswith("."))
    odd = [name for name in found if not name.isprintable() or len(name) > LONGEST]
    return [name for name in found if name not in odd], [f"{name}: no run gives a file such a name" for name in odd]
