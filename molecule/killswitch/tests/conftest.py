"""One bot, brought back to running before each test."""

from __future__ import annotations

import pytest

from tests.support.field import Field, uptrend


@pytest.fixture(scope="session")
def rising() -> None:
    """Prices that jump up and go on rising, so that there is always something to enter."""
    uptrend(Field().ready())


@pytest.fixture
def field(rising: None) -> Field:
    """The bot alpha: running, nothing holds it."""
    return Field().ready()


@pytest.fixture
def untouched() -> Field:
    """The bot alpha as the last test left it."""
    return Field()
