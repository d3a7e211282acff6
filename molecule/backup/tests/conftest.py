"""The fleet of four bots, deployed once for all tests of this directory; its longest file is left to `make prove`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.rollout import Rollout, fleet_of_four

LONGEST = "test_moved_hosts.py"


@pytest.fixture(scope="session")
def rollout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rollout]:
    """The fleet, and deploys to it."""
    yield from fleet_of_four(tmp_path_factory.mktemp("rollout"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the longest file out where others run, too, and nobody asks for everything."""
    left_out = [item for item in items if item.path.name == LONGEST]
    if len(left_out) < len(items) and os.environ.get("FREQOPS_PROVE") != "1":
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
