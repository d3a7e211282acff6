"""The fleet of four bots, deployed once for all tests of this directory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.rollout import Rollout, fleet_of_four


@pytest.fixture(scope="session")
def rollout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rollout]:
    """The fleet, and deploys to it."""
    yield from fleet_of_four(tmp_path_factory.mktemp("rollout"))
