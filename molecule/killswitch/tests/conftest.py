"""Bots of their own for the tests that need no more; the deployed ones for those that touch the whole host."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from tests.support.abreast import Abreast, Test
from tests.support.field import Field


def is_abreast(item: pytest.Item) -> bool:
    """Return whether a test is run by a worker."""
    return isinstance(item, Test) and bool({"bot", "alpha", "beta"} & set(item.fixturenames))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put those that touch the whole host last."""
    items.sort(key=lambda item: not is_abreast(item))


@pytest.fixture(scope="session")
def abreast(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Abreast]:
    """All tests that are run by workers, under way."""
    tests = [item for item in request.session.items if isinstance(item, Test) and is_abreast(item)]
    made = Abreast(tests, tmp_path_factory)
    made.begin()
    yield made
    made.end()


@pytest.fixture
def bot(abreast: Abreast) -> None:
    """A bot on paper, running, nothing holds it; the worker's own, so there is none in pytest's thread."""


@pytest.fixture
def alpha(abreast: Abreast) -> None:
    """The deployed bot that keeps its records in Postgres, running, nothing holds it."""


@pytest.fixture
def beta(abreast: Abreast) -> None:
    """The other deployed bot, which no test that runs beside others touches."""


@pytest.fixture
def calm(abreast: Abreast) -> None:
    """A block in which every other bot of the host is well."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Wait for the end of a test that a worker runs."""
    if not is_abreast(pyfuncitem):
        return None
    workers = pyfuncitem.funcargs["abreast"]
    assert isinstance(workers, Abreast)
    pyfuncitem.stash[SECONDS] = workers.seconds_of(pyfuncitem)
    return True


SECONDS = pytest.StashKey[float]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report how long a test took in its worker, not how long pytest waited for it."""
    report = yield
    if call.when == "call":
        report.duration = item.stash.get(SECONDS, report.duration)
    return report


@pytest.fixture
def field(abreast: Abreast) -> Field:
    """The deployed bot alpha, running, nothing holds it, and no other test under way."""
    abreast.over()
    return Field().ready()


@pytest.fixture
def other(field: Field) -> Field:
    """The deployed bot beta, likewise."""
    return Field(bot="beta").ready()
