"""The fleet of four bots, deployed once for all tests of this directory; of its two longest files one is drawn.

Both where FREQOPS_PROVE asks for that. FREQOPS_SEED draws the same one again.
"""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Iterator

import pytest

from tests.support.rollout import Rollout, fleet_of_four

LONGEST = ("test_moved_hosts.py", "test_upgrade.py")


@pytest.fixture(scope="session")
def rollout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rollout]:
    """The fleet, and deploys to it."""
    yield from fleet_of_four(tmp_path_factory.mktemp("rollout"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Draw one of the longest files, where both would run."""
    there = sorted({item.path.name for item in items if item.path.name in LONGEST})
    if len(there) < len(LONGEST) or os.environ.get("FREQOPS_PROVE") == "1":
        return
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    drawn = random.Random(seed).choice(there)  # noqa: S311  a sample
    left_out = [item for item in items if item.path.name in there and item.path.name != drawn]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(f"FREQOPS_SEED={seed}: {drawn} of {', '.join(there)}")
