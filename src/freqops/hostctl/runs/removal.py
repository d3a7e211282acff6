"""The removal of runs: row and files together, or neither, whenever it is cut off.

The registry decides. In one transaction the rows go, and the files get names by which they do not count; then the
files go. A removal that was killed before the end of the transaction left rows, and files under such names: they get
their own ones back. One that was killed behind it left such files alone: they go. Whoever indexes or removes runs looks
first.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from freqops.core.base.errors import NotProven
from freqops.core.results.left_files import BACKTESTS, HYPEROPTS
from freqops.core.runs import registry_schema
from freqops.core.runs.registry import Registry
from freqops.core.runs.run_rows import RunRows

from . import trees

USER_DATA = Path("user_data")
OF_RUNS = USER_DATA / "runs"
SHARED = (USER_DATA / BACKTESTS, USER_DATA / HYPEROPTS)  # the files of several runs lie there side by side
PLACES = (OF_RUNS, *SHARED)
GOING = ".pruned-"


def files(root: Path, rows: RunRows, run: str) -> list[Path]:
    """Return what a run left on this disk: its directory, or its files among those of others.

    A file elsewhere is none of freqops', and one that is gone needs no removal.
    """
    row = rows.row(run)
    if row is None:
        return []
    if row["source"] == registry_schema.RUN:
        found = [OF_RUNS / run] if PurePosixPath(run).name == run else []
    else:
        found = [Path(each.path) for each in rows.artifacts(run)]
        found = [path for path in found if path.parent in SHARED and not path.name.startswith(".")]
    return [path for path in found if os.path.lexists(root / path)]


def remove(root: Path, present: Registry, runs: Sequence[str]) -> None:
    """Remove runs that share files, and prove that row and files are gone.

    Args:
        root: The tree of freqops.
        present: The registry, open to be written.
        runs: Their ids.

    Raises:
        Refused: The registry does not let one of them go; rows and files are as they were.
        RegistryUnreadable: It could not be written; likewise.
        OSError: A file cannot be renamed, and nothing has changed; or it cannot be removed, and the rows are gone.
        NotProven: Something is still there.
    """
    moved: list[Path] = []
    try:
        with present.runs_changed() as rows:
            found = sorted({path for run in runs for path in files(root, rows, run)})
            for run in runs:
                rows.remove(run)
            for path in found:
                trees.rename(root, path.parent, path.name, f"{GOING}{path.name}")
                moved.append(path)
    except BaseException:
        for path in moved:
            with suppress(OSError):  # `settle` does it then
                trees.rename(root, path.parent, f"{GOING}{path.name}", path.name)
        raise
    for path in found:
        trees.remove(root, path.parent, f"{GOING}{path.name}")
    left = [path for path in found if os.path.lexists(root / path)]
    if left or any(present.run(run) is not None for run in runs):
        raise NotProven(f"{left[0] if left else runs[0]} was removed, and is still there")


def settle(root: Path, present: Registry) -> list[str]:
    """End what a removal that was killed left behind, and return what was done.

    Raises:
        NotProven: A file should get its name back, and another one has it.
        OSError: The disk does not let it.
    """
    return [text for place in PLACES for text in _settled(root, present.run_rows(), place)]


def _settled(root: Path, rows: RunRows, place: Path) -> Iterable[str]:
    directory = root / place
    if directory.is_symlink() or not directory.is_dir():
        return
    for going in sorted(path.name for path in directory.glob(f"{GOING}*")):
        name = going[len(GOING) :]
        needed = rows.row(name) is not None if place == OF_RUNS else bool(rows.of_artifact((place / name).as_posix()))
        if not needed:
            trees.remove(root, place, going)
            yield f"{place / name}: its removal was cut off, and came to its end"
        elif os.path.lexists(directory / name):
            raise NotProven(f"{directory / going} should get its name back, and another one has it; move that away")
        else:
            trees.rename(root, place, going, name)
            yield f"{place / name}: its removal was cut off, and was taken back"
