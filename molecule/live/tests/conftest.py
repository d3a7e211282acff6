"""Bots that trade live, one for each disease, on the host that the scenario deploy left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.control import control
from lab.prices import all_pairs
from tests.support.live import LiveBot, deployed

NAMES = ("mixed", "stranger", "stopped", "silent", "stormy", "dead", "frozen", "unborn")
DECLARED = {"mixed": {"BNB": "1.5"}}


@pytest.fixture(scope="session")
def bots() -> Iterator[dict[str, LiveBot]]:
    """All of them deployed, and all but the unborn one running, while prices stand still."""
    control("DELETE", "/faults")
    all_pairs(0)
    made = {name: LiveBot(name, number, DECLARED.get(name)) for number, name in enumerate(NAMES)}
    try:
        deployed(*made.values(), but_not_started=("unborn",))
        yield made
    finally:
        control("DELETE", "/faults")
        for bot in made.values():
            bot.remove()
