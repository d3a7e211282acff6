"""Bots that trade live, one for each disease, on the host that the scenario deploy left behind.

They come up and fall ill while other tests run: none but those of the deployed bot that end with a table of all bots.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from lab.services.control import control
from lab.services.prices import all_pairs
from tests.support import live_diseases
from tests.support.live import LiveBot, deployed

PAIRS = {
    "mixed": ("BTC/USDT", "ETH/USDT", "SOL/USDT", "BNB/USDT", "LTC/USDT", "XRP/USDT", "DOGE/USDT"),
    "frozen": ("ETH/USDT", "SOL/USDT", "XRP/USDT"),
    "stranger": ("ETH/USDT", "BTC/USDT", "SOL/USDT"),
    "stopped": ("ETH/USDT",),
    "silent": ("ETH/USDT", "SOL/USDT", "BNB/USDT"),
    "stormy": ("ETH/USDT", "SOL/USDT", "BNB/USDT"),
    "dead": ("ETH/USDT",),
    "unborn": ("ETH/USDT",),
}
DECLARED = {"mixed": {"BNB": "1.5"}}


@pytest.fixture(scope="session")
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads for what happens while tests run."""
    with ThreadPoolExecutor() as made:
        yield made


@pytest.fixture(scope="session")
def coming(pool: ThreadPoolExecutor) -> Iterator[Future[dict[str, LiveBot]]]:
    """All of them deployed, and all but the unborn one running, while prices stand still."""
    control("DELETE", "/faults")
    all_pairs(0)
    numbered = enumerate(PAIRS.items())
    made = {name: LiveBot(name, number, DECLARED.get(name), pairs=pairs) for number, (name, pairs) in numbered}

    def come_up() -> dict[str, LiveBot]:
        deployed(made["mixed"])  # alone: how long it takes to boot is what a halt gets of time
        deployed(*(bot for name, bot in made.items() if name != "mixed"), but_not_started=("unborn",))
        return made

    up = pool.submit(come_up)
    yield up
    up.exception()
    control("DELETE", "/faults")
    for bot in made.values():
        bot.remove()


@pytest.fixture(scope="session")
def bots(coming: Future[dict[str, LiveBot]]) -> dict[str, LiveBot]:
    """All of them, when they have come up."""
    return coming.result()


@pytest.fixture(scope="session")
def ill(coming: Future[dict[str, LiveBot]], pool: ThreadPoolExecutor) -> Iterator[Future[live_diseases.Rows]]:
    """The rows of a halt over all that fell ill, when it is over."""
    halted = pool.submit(lambda: live_diseases.halted(coming.result()))
    yield halted
    halted.exception()
