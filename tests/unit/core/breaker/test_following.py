"""What follows for a bot from the breaker files: held while one is active, and not a moment for any other reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.breaker.breaker_file import Breaker
from freqops.core.breaker.following import Due, Standing, due, why_not_resumed
from freqops.core.halt.holds import BREAKER, HALT, Hold, Holds
from tests.unit.fakes import START


def breaker(*, active: bool = True, reason: str = "", readable: bool = True) -> Breaker:
    return Breaker(active, reason, None, readable, why="")


OFF, ON = breaker(active=False), breaker(reason="feed is wrong")
TORN = breaker(reason="circuit_breaker_parse_error: it is empty", readable=False)
HOST, OWN = Path("/srv/state/circuit_breaker.json"), Path("/srv/bots/alpha/circuit_breaker.json")
BREAKERS = st.sampled_from([OFF, ON, TORN])
HOLDERS = st.sets(st.sampled_from([HALT, BREAKER, "restore"]))


def standing(host: Breaker = OFF, own: Breaker = OFF) -> Standing:
    return Standing(HOST, host, OWN, own)


def held(*holders: str) -> Holds:
    made = Holds()
    for holder in holders:
        made = made.raised(Hold(holder, 1, "why", "ann", f"{holder}-1", 0, ""), START)
    return made


@pytest.mark.parametrize(
    ("host", "own", "steps"),
    [(OFF, OFF, []), (ON, OFF, ["disable"]), (OFF, TORN, ["disable_own"]), (TORN, ON, ["disable", "disable_own"])],
)
def test_what_is_active_has_its_release(host: Breaker, own: Breaker, steps: list[str]) -> None:
    assert [each.step for each in standing(host, own).release] == steps


@given(BREAKERS, BREAKERS, HOLDERS, st.booleans())
def test_a_bot_is_held_exactly_while_a_file_is_active(
    host: Breaker, own: Breaker, holders: set[str], waits: bool
) -> None:
    what = due(standing(host, own), held(*sorted(holders)), waits=waits)
    if host.active or own.active:
        assert what is Due.HOLD
    elif BREAKER not in holders:
        assert what is Due.NOTHING
    else:
        assert what is (Due.WAIT if waits else Due.LIFT)


@pytest.mark.parametrize(
    ("host", "own", "reason", "files"),
    [
        (ON, OFF, "feed is wrong", [HOST]),
        (OFF, TORN, "circuit_breaker_parse_error: it is empty", [OWN]),
        (ON, ON, "feed is wrong", [HOST, OWN]),
        (TORN, ON, "circuit_breaker_parse_error: it is empty; feed is wrong", [HOST, OWN]),
        (OFF, OFF, "", []),
        (breaker(), OFF, "no reason is given", [HOST]),
        (breaker(reason="one\ntwo\x1b[2J"), OFF, "one\\ntwo\\x1b[2J", [HOST]),
    ],
)
def test_its_reason_is_that_of_the_files_on_one_line(
    host: Breaker, own: Breaker, reason: str, files: list[Path]
) -> None:
    now = standing(host, own)
    assert (now.reason, now.files) == (reason, [str(path) for path in files])


def test_a_reason_is_no_longer_than_a_line_of_the_holds() -> None:
    assert len(standing(breaker(reason="x" * 10_000)).reason) < 300


def test_the_file_of_a_breaker_is_its_release() -> None:
    of_breaker, of_halt = held(BREAKER).holds[0], held(HALT).holds[0]
    why = why_not_resumed(standing(ON), of_breaker)
    assert why is not None
    assert "breaker-1 is held by the operator breaker (feed is wrong)" in why
    assert str(HOST) in why
    assert str(OWN) not in why
    assert why_not_resumed(standing(ON), of_halt) is None
    assert why_not_resumed(standing(), of_breaker) is None
