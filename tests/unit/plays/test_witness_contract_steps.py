"""Which bots of a host the steps of witness_contract.yml mean, and what they are given; with Ansible itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.plays.noted_steps import Steps


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    return Steps(tmp_path, "witness_contract", [{"name": name} for name in ("alpha", "beta")])


def test_the_bot_that_is_named_is_asked_and_nothing_is_ordered(steps: Steps) -> None:
    given = steps.run("-e", "bots=alpha")
    assert given is not None
    assert (given["bot"], given["allow_order"], given["pair"], given["most"]) == ("alpha", False, None, None)
    assert steps.evidence.read_text() == "one"


def test_what_a_person_allows_is_passed_on(steps: Steps) -> None:
    given = steps.run("-e", "bots='beta, gamma' allow_order=true pair=BTC/USDT most=10")
    assert given is not None
    assert (given["bot"], given["allow_order"], given["pair"], given["most"]) == ("beta", True, "BTC/USDT", "10")


def test_a_check_brings_no_evidence_and_bots_of_other_hosts_run_nothing(steps: Steps) -> None:
    assert steps.run("-e", "bots=gamma") is None
    assert not steps.evidence.exists()
