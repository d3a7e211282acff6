"""What runs left behind: their directories, results of backtests and hyperopts. What anything cites stays for good."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from freqops.core.base.errors import NotProven
from freqops.core.retention import things
from freqops.core.retention.things import RUNS, Thing

from ..runs import trees
from .host import Host

USER_DATA = Path("user_data")
OF_RUNS = USER_DATA / "runs"
# The directories of what runs leave, and what its entries are called; anything else there is somebody else's.
PLACES = {
    OF_RUNS: re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"),
    USER_DATA / "backtest_results": re.compile(r"backtest-result[A-Za-z0-9_.-]{0,120}"),
    USER_DATA / "hyperopt_results": re.compile(r"(?:strategy_[A-Za-z0-9_.-]{1,120}|[A-Za-z0-9_.-]{1,120}\.fthypt)"),
}
FOREIGN = "no run leaves anything of this name"


def look(host: Host, problems: list[str]) -> Iterator[Thing]:
    """Yield what is old enough to go.

    Args:
        host: This host.
        problems: Where to say what could not be looked at.
    """
    if not host.policy.run_days:
        return
    for below, pattern in PLACES.items():
        place = host.root / below
        if place.is_symlink():
            problems.append(f"{RUNS}: {below} is a link: nothing below it is looked at")
            continue
        try:
            names = sorted(path.name for path in place.iterdir()) if place.is_dir() else []
            yield from _of(host, below, pattern, names)
        except OSError as error:
            problems.append(f"{RUNS}: {below}: {error.strerror}")


def _of(host: Host, below: Path, pattern: re.Pattern[str], names: list[str]) -> Iterator[Thing]:
    found = {name: trees.measured(host.root / below / name) for name in names if not name.startswith(".")}
    known = [(things.at(each.changed), name) for name, each in found.items() if pattern.fullmatch(name)]
    beyond = things.beyond_newest(known, host.policy.runs)
    for name, each in found.items():
        changed = things.at(each.changed)
        if not things.older(changed, host.policy.run_days, host.now):
            continue
        reason = f"last changed on {changed:%Y-%m-%d}, more than {host.policy.run_days} days ago"
        needs = [each.foreign] if each.foreign else []
        if not pattern.fullmatch(name):
            needs.append(FOREIGN)
        elif name not in beyond:
            needs.append(f"it is one of the newest {host.policy.runs}")
        else:
            needs += host.cited.needs(name)
        yield Thing(RUNS, str(below / name), each.bytes, reason, tuple(needs))


def left(host: Host) -> Iterator[Thing]:
    """Yield what a removal that was killed left behind."""
    for below in PLACES:
        place = host.root / below
        for path in sorted(place.glob(f"{trees.GOING}*")) if place.is_dir() and not place.is_symlink() else []:
            yield Thing(RUNS, str(below / path.name), trees.measured(path).bytes, "its removal was cut off")


def remove(host: Host, thing: Thing) -> None:
    """Remove what a run left behind.

    Raises:
        NotProven: It was changed meanwhile, or is still there.
        OSError: It cannot be removed.
    """
    below, name = Path(thing.name).parent, Path(thing.name).name
    found = trees.measured(host.root / below / name)
    old = name.startswith(trees.GOING) or things.older(things.at(found.changed), host.policy.run_days, host.now)
    if found.foreign or not old:
        raise NotProven(found.foreign or "it was changed meanwhile")
    trees.remove(host.root, below, name)
