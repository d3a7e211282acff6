"""The fleet of four bots, deployed once for all tests of this directory; of its longest files some are drawn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.drawn import draw
from tests.support.rollout import Rollout, fleet_of_four

DRAWN_FROM = ("test_elsewhere.py", "test_upgrade.py")
LONGEST = "test_moved_hosts.py"


@pytest.fixture(scope="session")
def rollout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rollout]:
    """The fleet, and deploys to it."""
    yield from fleet_of_four(tmp_path_factory.mktemp("rollout"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Draw one of the long files, and leave the longest, behind which one host is bare, to `make prove`."""
    items.sort(key=lambda item: item.path.name == LONGEST)
    draw(config, items, DRAWN_FROM, never=(LONGEST,))
