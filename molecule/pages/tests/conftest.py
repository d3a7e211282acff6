"""Two bare hosts for each file, of which one is drawn; `make prove` runs both."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from lab.base.paths import INVENTORY
from lab.reset import reset
from lab.services.control import control
from lab.services.prices import all_pairs
from tests.support.drawn import draw

DRAWN_FROM = ("test_first_evening.py", "test_first_host.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Draw the page that is followed."""
    draw(config, items, DRAWN_FROM)


@pytest.fixture(scope="session")
def lab() -> dict[str, Any]:
    """What the lab's inventory says of the lab."""
    return dict(yaml.safe_load((INVENTORY / "group_vars/lab.yml").read_text()))


@pytest.fixture(scope="module")
def bare(request: pytest.FixtureRequest) -> None:
    """Both hosts of the lab, bare, and its exchange as it was made."""
    for host in (request.module.HOST, request.module.SECOND):
        reset(host)
    control("DELETE", "/faults")
    all_pairs(0)
