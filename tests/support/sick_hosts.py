"""Diseases of all bots of a host at once, and the rows of a halt at each level."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.field import Field, until

GIVE_UP = 300  # seconds, of which a halt that is proven takes few, and on a busy machine some more
WAITED_FOR = 15  # seconds in which what can never be proven is tried


@contextmanager
def between(field: Field, before: str, after: str) -> Iterator[None]:
    """Do something to the host for the block."""
    field.sh(before)
    try:
        yield
    finally:
        field.sh(after)


def halt(field: Field, level: int, *, ends: bool = True) -> dict[str, Any]:
    """Halt the bot and return its row.

    Args:
        field: The bot.
        level: The level.
        ends: Whether the halt ends by itself, with its proof, as soon as that is there; else it waits to its deadline.
    """
    return field.halt(level, reason="a sick host", more=f"--deadline {GIVE_UP if ends else WAITED_FOR}")[1]


def stays_away_until_released(field: Field) -> None:
    """Check that nothing brings Freqtrade back but a resume."""
    until("its gate has seen the hold", lambda: field.processes() == [], GIVE_UP)
    assert field.level() == 3
    field.resume()
    until("it runs", lambda: field.state() == "running", GIVE_UP)


def with_an_engine_that_hangs() -> list[dict[str, Any]]:
    """Return the rows of a live bot, level by level."""
    field = Field("prod-1", "gamma").ready()
    engine = "systemctl kill --kill-whom=main --signal={} docker.service"
    with between(field, engine.format("STOP"), engine.format("CONT")):
        rows = [halt(field, 1), {**halt(field, 2, ends=False), "left": field.trades()}, halt(field, 3)]
        assert field.processes() == []
    stays_away_until_released(field)
    return rows


def with_a_database_that_hangs() -> list[dict[str, Any]]:
    """Return the rows of a bot on paper, level by level."""
    field = Field("paper-1", "alpha").ready()
    with between(field, "pkill -STOP -x postgres", "pkill -CONT -x postgres"):
        rows = [halt(field, level, ends=level == 3) for level in (1, 2, 3)]
        assert field.processes() == []
    stays_away_until_released(field)
    return rows


def with_a_database_that_is_down() -> list[dict[str, Any]]:
    """Return the rows of a bot on paper that its lost database has ended, level by level."""
    field = Field("paper-1", "alpha").ready()
    starts = "docker inspect --format '{{.RestartCount}}' freqops-alpha"
    before = int(field.sh(starts))
    with between(field, "docker stop --time 20 freqops-postgres", "docker start freqops-postgres"):
        until("its loop has met its database", lambda: int(field.sh(starts)) > before, GIVE_UP)
        rows = [halt(field, level) for level in (1, 2, 3)]
        assert field.processes() == []
    stays_away_until_released(field)
    return rows
