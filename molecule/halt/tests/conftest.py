"""A host of bots that trade live, one for each disease; and one of bots on paper, in its own troubles meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from lab.services.control import control
from lab.services.prices import all_pairs
from tests.support.diseases import DISEASES, SickBot
from tests.support.live import model
from tests.support.sick_hosts import with_a_database_that_hangs, with_a_database_that_is_down


@pytest.fixture(scope="session", autouse=True)
def paper() -> Iterator[dict[str, Future[list[dict[str, Any]]]]]:
    """What befalls the host of bots on paper, one after the other, while the other host is used."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield {
            "slow database": pool.submit(with_a_database_that_hangs),
            "lost database": pool.submit(with_a_database_that_is_down),
        }


@pytest.fixture(scope="session")
def sick() -> Iterator[dict[str, SickBot]]:
    """All of them ill, while prices stand still."""
    control("DELETE", "/faults")
    all_pairs(0)
    bots = {name: SickBot(name, number) for number, name in enumerate(DISEASES)}
    try:
        found = model()
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(lambda bot: bot.fall_ill(found), bots.values()))
        yield bots
    finally:
        control("DELETE", "/faults")
        for bot in bots.values():
            bot.remove()
