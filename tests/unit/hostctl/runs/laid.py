"""A tree of freqops with a registry, and results that others left."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from freqops.core.runs import registry, registry_migration
from freqops.core.runs.registry import Registry
from tests.unit.core.results import left
from tests.unit.core.runs import old_registry
from tests.unit.fakes import FakeClock

YEARS = 2 * 366 * 86400.0  # after which the fixtures are of the past


class Later(FakeClock):
    """A clock for which the fixtures are of the past."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = YEARS


class Tree:
    """A tree of freqops."""

    def __init__(self, root: Path) -> None:
        self.root, self.clock = root, Later()
        self.registry = registry.place(root)
        registry_migration.prepare(self.registry, self.clock, os.getuid())

    @property
    def backtests(self) -> Path:
        return self.root / "user_data" / "backtest_results"

    @property
    def hyperopts(self) -> Path:
        return self.root / "user_data" / "hyperopt_results"

    def lay(self, *releases: str) -> None:
        """Lay out what releases left."""
        for release in releases or left.RELEASES:
            shutil.copytree(left.FIXTURES / release, self.root / "user_data", dirs_exist_ok=True)

    @contextmanager
    def opened(self) -> Iterator[Registry]:
        with registry.opened(self.registry, write=True, owner=os.getuid()) as present:
            yield present

    def dump(self) -> dict[str, list[old_registry.Row]]:
        """Return all rows of the registry."""
        return old_registry.dump(self.registry)

    def rows(self) -> dict[str, int]:
        with self.opened() as present:
            return present.rows()

    def files(self) -> set[str]:
        """Return the names of all results."""
        places = (self.backtests, self.hyperopts, self.root / "user_data" / "runs")
        return {path.name for place in places if place.is_dir() for path in place.iterdir()}
