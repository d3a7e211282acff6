"""Connections to Postgres: each bot has a limit, near to which it is red, and one without is red as well."""

from __future__ import annotations

import pytest

from freqops.core.bot import connections
from freqops.core.bot.connections import Connections

SAID = "alpha_paper 20 6\npostgres -1 2\nall 100 9\n"
USERS = {"alpha": "alpha_paper"}


def test_what_the_server_says_is_told() -> None:
    problems, notes = connections.judged(connections.parsed(SAID), USERS)
    assert (problems, notes) == ([], ["connections to Postgres: alpha 6 of 20; 9 of 100 in all"])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("alpha_paper 20 16\nall 100 9", "alpha has 16 of 20 connections to Postgres, and is refused the next"),
        ("alpha_paper -1 1\nall 100 9", "alpha may open any number of connections to Postgres; deploy.yml limits"),
        ("alpha_paper 20 1\nall 100 80", "Postgres has 80 of 100 connections: bots of this host are refused"),
    ],
)
def test_what_is_near_to_its_limit_or_has_none_is_red(said: str, told: str) -> None:
    [problem] = connections.judged(connections.parsed(said), USERS)[0]
    assert problem.startswith(told)


def test_a_bot_without_a_user_yet_is_not_told_of() -> None:
    assert connections.judged(connections.parsed("all 100 9"), USERS) == ([], [])


@pytest.mark.parametrize("line", ["", "alpha_paper 20", "alpha_paper 20 6 7", "Alpha 20 6", "a 1e3 6", "a 20 -1"])
def test_an_answer_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="no user with a limit"):
        connections.parsed(f"all 100 9\n{line}\nall 100 9")


def test_figures_read_as_they_are() -> None:
    assert [str(Connections("a", limit, 3)) for limit in (20, -1)] == ["3 of 20", "3 without a limit"]
