"""The real Freqtrade of the pinned image, or none at all: without a lab this suite refuses, it does not skip."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from freqops.core.client import Reading
from lab.failure import LabError
from tests.contract.bot import Bot
from tests.contract.exchange import Exchange
from tests.contract.stack import PINNED, Stack, open_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    try:
        opened = open_stack()
    except LabError as error:
        pytest.exit(f"contract tests need a lab with the pinned Freqtrade: {error}", returncode=2)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # a suite that is told to end cleans up, too
    try:
        yield opened
    finally:
        opened.remove_all()
        signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def exchange(stack: Stack) -> Exchange:
    return Exchange(stack)


@dataclass(frozen=True)
class Deployed:
    """The one long-lived bot, and how it was found after its very first start, under a hold of level 1."""

    bot: Bot
    held: Reading


@pytest.fixture(scope="session")
def deployed(stack: Stack, exchange: Exchange, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    bot = Bot(stack, tmp_path_factory.mktemp("bot") / "home", exchange)
    bot.files.put_holds(1)
    bot.files.put_state("paused")
    bot.create()
    held = bot.at_work("paused")
    said = bot.api.call("GET", "/version")["version"]
    if said != PINNED:
        pytest.exit(f"what answers as a bot is Freqtrade {said}, pinned is {PINNED}", returncode=2)
    return Deployed(bot, held)


@pytest.fixture
def bot(deployed: Deployed) -> Bot:
    """Return the shared bot: running, flat, without locks, its strategy idle."""
    deployed.bot.reset()
    return deployed.bot
