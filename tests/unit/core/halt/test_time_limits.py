"""The time limits of a halt: each stands on the one before."""

from __future__ import annotations

import pytest

from freqops.core.halt import time_limits
from freqops.core.halt.kill_level import KillLevel


@pytest.mark.parametrize("given", [None, 1.0, 45.0, 600.0])
@pytest.mark.parametrize("level", list(KillLevel))
def test_no_host_is_given_up_before_its_own_limits_are_over(level: KillLevel, given: float | None) -> None:
    proof = time_limits.of_a_proof(level, given)
    paper = time_limits.of_a_bot(level, given, live=False)
    live = time_limits.of_a_bot(level, given, live=True)
    assert proof < paper <= live < time_limits.of_a_host(level, given)


def test_a_given_deadline_is_that_of_the_proof() -> None:
    assert [time_limits.of_a_proof(level, 7.0) for level in KillLevel] == [7.0, 7.0, 7.0]
    assert [time_limits.of_a_proof(level, None) for level in KillLevel] == [45.0, 120.0, 45.0]


def test_the_limits_are_those_that_the_page_says() -> None:
    assert [time_limits.of_a_host(level, None) for level in KillLevel] == [310.0, 250.0, 310.0]
    assert [time_limits.of_a_host(level, 100.0) for level in KillLevel] == [530.0, 230.0, 530.0]
