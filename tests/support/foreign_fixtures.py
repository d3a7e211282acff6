"""The start of tests of an adoption: a foreign Freqtrade, its strategy, and an inventory that declares the bot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.services.control import control
from lab.services.prices import all_pairs
from tests.support.foreign import OldBot, new_bot, patient_strategy


@pytest.fixture(scope="session")
def strategies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with the strategy of both, while prices stand still."""
    control("DELETE", "/faults")
    all_pairs(0)
    return patient_strategy(tmp_path_factory.mktemp("strategies")).parent


@pytest.fixture(scope="session")
def old(strategies: Path) -> Iterator[OldBot]:
    """The foreign Freqtrade; taken away at the end."""
    bot = OldBot(strategies)
    try:
        yield bot
    finally:
        bot.down()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, strategies: Path) -> str:
    """An inventory that declares the bot as it must become: with Postgres."""
    return new_bot(tmp_path_factory.mktemp("inventory"), strategies, "postgresql")
