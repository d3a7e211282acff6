"""Which bots of a host the steps of vacuum.yml mean, and what they are given; with Ansible itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.plays.noted_steps import Steps


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    return Steps(tmp_path, "vacuum", [{"name": name} for name in ("alpha", "beta")])


def test_all_bots_of_a_host_are_meant_and_the_evidence_is_brought(steps: Steps) -> None:
    given = steps.run()
    assert given is not None
    assert (given["bots"], given["full"], given["open_trades_ok"]) == (["alpha", "beta"], False, False)
    assert (given["above_mb"], given["longest"]) == (None, None)
    assert steps.evidence.read_text() == "one"


def test_words_of_the_command_line_are_what_they_mean(steps: Steps) -> None:
    words = "bots='beta, gamma' full=true open_trades_ok=true above_mb=0 longest=30"
    given = steps.run("-e", words)
    assert given is not None
    assert (given["bots"], given["full"], given["open_trades_ok"]) == (["beta"], True, True)
    assert (given["above_mb"], given["longest"]) == (0, 30)


def test_a_check_brings_no_evidence_and_bots_of_other_hosts_run_nothing(steps: Steps) -> None:
    assert steps.run("--check") is not None
    assert not steps.evidence.exists()
    steps.note.unlink()
    assert steps.run("-e", "bots=gamma") is None
