"""What befalls all bots of a host at once, and a halt at each level."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.field import Field, until


@contextmanager
def between(field: Field, before: str, after: str) -> Iterator[None]:
    """Do something to the host for the block."""
    field.sh(before)
    try:
        yield
    finally:
        field.sh(after)


def halt(field: Field, level: int) -> dict[str, Any]:
    """Halt the bot and return its row."""
    return field.halt(level, reason="a sick host", more="--deadline 15")[1]


def stays_away_until_released(field: Field) -> None:
    """Check that nothing brings Freqtrade back but a release."""
    until("its gate has seen the hold", lambda: field.processes() == [], 30)
    assert field.level() == 3
    field.release()
    until("it runs", lambda: field.state() == "running", 90)


def with_an_engine_that_hangs() -> list[dict[str, Any]]:
    """Return the rows of a live bot, level by level."""
    field = Field("prod-1", "gamma").ready()
    engine = "systemctl kill --kill-whom=main --signal={} docker.service"
    with between(field, engine.format("STOP"), engine.format("CONT")):
        rows = [halt(field, 1), {**halt(field, 2), "left": field.trades()}, halt(field, 3)]
        assert field.processes() == []
    stays_away_until_released(field)
    return rows


def with_a_database_that_hangs() -> list[dict[str, Any]]:
    """Return the rows of a bot on paper, level by level."""
    field = Field("paper-1", "alpha").ready()
    with between(field, "pkill -STOP -x postgres", "pkill -CONT -x postgres"):
        rows = [halt(field, level) for level in (1, 2, 3)]
        assert field.processes() == []
    stays_away_until_released(field)
    return rows


@pytest.fixture(scope="module")
def hosts() -> Iterator[dict[str, Future[list[dict[str, Any]]]]]:
    """Both hosts in their trouble at the same time."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield {"engine": pool.submit(with_an_engine_that_hangs), "database": pool.submit(with_a_database_that_hangs)}


def test_with_an_engine_that_hangs(hosts: dict[str, Future[list[dict[str, Any]]]]) -> None:
    first, second, third = hosts["engine"].result()
    assert (first["verdict"], first["state"]) == ("HALTED, PROVEN", "paused"), first
    assert (second["verdict"], second["left"]) == ("FLAT NOT PROVEN", []), second
    assert "the witness was not started" in "\n".join(second["detail"])
    assert (third["verdict"], third["state"]) == ("HALTED, EXCHANGE NOT PROVEN", "no process"), third
    assert "killed directly" in "\n".join(third["detail"])


def test_with_a_database_that_hangs(hosts: dict[str, Future[list[dict[str, Any]]]]) -> None:
    first, second, third = hosts["database"].result()
    assert all(row["latched"] for row in (first, second, third))
    assert (first["verdict"], first["proven"]) == ("NOT PROVEN", False), first
    assert (second["verdict"], second["proven"]) == ("NOT PROVEN", False), second
    assert (third["verdict"], third["state"]) == ("HALTED, PROVEN", "no process"), third
