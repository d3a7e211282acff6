"""The fleet of four bots, deployed once for all tests of this scenario."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.control import control
from tests.support.field import all_pairs, play, until
from tests.support.rollout import BOTS, HOST, OWN, PAIR, Rollout

PSQL = "docker exec freqops-postgres psql --username postgres --quiet --command"


@pytest.fixture(scope="session")
def rollout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rollout]:
    """The fleet, deployed, every bot with an open trade."""
    control("DELETE", "/faults")
    all_pairs(0.3, jump=1.02)
    rollout = Rollout(tmp_path_factory.mktemp("rollout"))
    for name in OWN:
        rollout.bots[name].wish(enter=[PAIR])
    deployed = rollout.deploy()
    assert deployed.rc == 0, deployed.out
    try:
        for name in BOTS:
            until(f"{name} has a trade", rollout.bots[name].trades, 120)
        for name in OWN:
            rollout.bots[name].wish()
        yield rollout
    finally:
        for name in OWN:
            field = rollout.bots[name]
            field.sh(f"docker rm --force freqops-{name}; docker network rm freqops-{name}; rm -rf {field.home}")
        field.sh(
            f'{PSQL} "drop database if exists delta_paper with (force)" --command "drop role if exists delta_paper"'
        )
        play("deploy", "--limit", HOST)
