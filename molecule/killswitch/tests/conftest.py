"""One bot, brought back to running before each test."""

from __future__ import annotations

import pytest

from tests.support.field import Field, all_pairs


@pytest.fixture(scope="session")
def rising() -> None:
    """Prices that rise from here on, so that there is always something to enter."""
    all_pairs(0.3, minutes=120)


@pytest.fixture
def field(rising: None) -> Field:
    """The bot alpha: running, nothing holds it."""
    return Field().ready()


@pytest.fixture
def untouched() -> Field:
    """The bot alpha as the last test left it."""
    return Field()
