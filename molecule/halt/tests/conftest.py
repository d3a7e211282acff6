"""A host of bots that trade live, one for each disease."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.control import control
from tests.support.diseases import DISEASES, SickBot
from tests.support.field import all_pairs
from tests.support.live import deployed


@pytest.fixture(scope="session")
def sick() -> Iterator[dict[str, SickBot]]:
    """All of them ill, while prices stand still."""
    control("DELETE", "/faults")
    all_pairs(0)
    bots = {name: SickBot(name, number) for number, name in enumerate(DISEASES)}
    try:
        deployed(*bots.values(), but_not_started=tuple(name for name, each in DISEASES.items() if not each.starts))
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(lambda bot: bot.disease.befall(bot), bots.values()))
        yield bots
    finally:
        control("DELETE", "/faults")
        for bot in bots.values():
            bot.remove()
