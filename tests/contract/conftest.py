"""The real Freqtrade of the releases asked for, or none at all: without a lab this suite refuses, it does not skip."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from freqops.core.bot.client import Reading
from lab.base.failure import LabError
from tests.contract.bot import Bot
from tests.contract.exchange import Account, Exchange
from tests.contract.identity import doubts
from tests.contract.results import Results
from tests.contract.stack import PINNED, Stack, open_stack

RESULTS = pytest.StashKey[Results]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the releases be chosen."""
    parser.addoption("--release", default=PINNED, help=f"Freqtrade releases, comma-separated (default: {PINNED})")


def pytest_configure(config: pytest.Config) -> None:
    """Write down what held."""
    config.stash[RESULTS] = Results(config)
    config.pluginmanager.register(config.stash[RESULTS])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every contract once for each release."""
    if "release" in metafunc.fixturenames:
        releases = [release.strip() for release in metafunc.config.getoption("--release").split(",")]
        metafunc.parametrize("release", releases, scope="session")


@pytest.fixture(scope="session")
def stacks(pytestconfig: pytest.Config) -> dict[str, Stack]:
    """Return a stack for each release; one that cannot be had refuses the whole run before its first test."""
    releases = [release.strip() for release in pytestconfig.getoption("--release").split(",")]
    try:
        return {release: open_stack(release) for release in releases}
    except LabError as error:
        pytest.exit(f"contract tests need a lab with the Freqtrade that they are to test: {error}", returncode=2)


@pytest.fixture(scope="session")
def stack(stacks: dict[str, Stack], release: str) -> Iterator[Stack]:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # a suite that is told to end cleans up, too
    try:
        yield stacks[release]
    finally:
        stacks[release].remove_all()
        signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def exchange(stack: Stack) -> Exchange:
    return Exchange(stack)


@pytest.fixture(scope="session")
def account(exchange: Exchange) -> Account:
    """Return the account that the live bot trades with; it has had a crumb of a coin before."""
    return Account(exchange, "contract-live", USDT="1000000", BTC="0.000005")


@dataclass(frozen=True)
class Deployed:
    """The two long-lived bots, and how the paper bot was found after its very first start, under a hold of level 1."""

    bot: Bot
    live: Bot
    held: Reading


@pytest.fixture(scope="session")
def deployed(
    stack: Stack,
    exchange: Exchange,
    account: Account,
    release: str,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Deployed:
    """Start both bots, side by side, and believe neither before it proved to be Freqtrade."""
    bot = Bot(stack, tmp_path_factory.mktemp("bot") / "home", exchange)
    live = Bot(stack, tmp_path_factory.mktemp("live") / "home", exchange, account)
    bot.files.put_holds(1)
    bot.files.put_state("paused")
    live.files.put_state("running")
    bot.create()
    live.create()
    held = bot.at_work("paused")
    live.at_work("running")
    doubtful = doubts(bot, release) + doubts(live, release)
    if doubtful:
        pytest.exit(f"what answers is not Freqtrade {release}: {'; '.join(doubtful)}", returncode=2)
    api_version = f"{bot.api.call('GET', '/show_config')['api_version']:.2f}"  # a number there: 2.5 is 2.50
    pytestconfig.stash[RESULTS].api_versions[release] = api_version
    return Deployed(bot, live, held)


@pytest.fixture
def bot(deployed: Deployed) -> Bot:
    """Return the paper bot: running, flat, without locks, its strategy idle."""
    deployed.bot.reset()
    return deployed.bot


@pytest.fixture
def live(deployed: Deployed) -> Bot:
    """Return the bot whose orders are real, in the same condition."""
    deployed.live.reset()
    return deployed.live
