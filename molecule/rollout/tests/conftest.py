"""The fleet of four bots, deployed once for all tests of this directory; of its longest files one is drawn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.drawn import draw
from tests.support.rollout import Rollout, fleet_of_four

DRAWN_FROM = ("test_failures.py", "test_takedown.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Draw one of the long files."""
    draw(config, items, DRAWN_FROM)


@pytest.fixture(scope="session")
def rollout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rollout]:
    """The fleet, and deploys to it."""
    yield from fleet_of_four(tmp_path_factory.mktemp("rollout"))
