"""freqops_start and freqops_release: what they ask of freqops-host, and how they pass on its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from library import freqops_fleet, freqops_halt, freqops_release, freqops_start, freqops_status
from tests.unit.library.conftest import Run

Stub = Callable[..., tuple[str, Path]]
STARTED = {"bot": "alpha", "outcome": "running", "changed": True, "level": 0, "detail": []}
PERMISSION = {"bot": "alpha", "incident": "20260102T030405Z-halt1-9f3c21", "reason": "it's; $(back)", "actor": "maria"}


def test_start_passes_on_what_changed(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(json.dumps(STARTED))
    monkeypatch.setattr(freqops_start, "TOOL", tool)
    answer = run(freqops_start, bot="alpha", deadline=7)
    assert (answer["changed"], answer["outcome"], answer["level"]) == (True, "running", 0)
    assert noted.read_text().splitlines() == ["start", "alpha", "--deadline", "7"]


def test_start_of_what_already_runs_changes_nothing(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, _ = stub(json.dumps({**STARTED, "changed": False}))
    monkeypatch.setattr(freqops_start, "TOOL", tool)
    assert run(freqops_start, bot="alpha")["changed"] is False


@pytest.mark.parametrize("stale", [True, False])
def test_start_predicts_and_calls_nothing(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, stale: bool) -> None:
    tool, noted = stub(json.dumps(STARTED))
    monkeypatch.setattr(freqops_start, "TOOL", tool)
    assert run(freqops_start, check=True, bot="alpha", stale=stale)["changed"] is stale
    assert not noted.exists()


def test_start_warns_of_a_hold_and_ends_well(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    held = {**STARTED, "outcome": "held", "changed": False, "level": 3, "detail": ["held at level 3"]}
    tool, _ = stub(json.dumps(held), 1)
    monkeypatch.setattr(freqops_start, "TOOL", tool)
    answer = run(freqops_start, bot="alpha")
    assert (answer.get("failed", False), answer["outcome"], answer["level"]) == (False, "held", 3)
    assert "alpha: held at level 3" in json.dumps(answer["warnings"])


def test_release_names_incident_reason_and_actor(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(json.dumps({**STARTED, "detail": ["as it should be"]}))
    monkeypatch.setattr(freqops_release, "TOOL", tool)
    answer = run(freqops_release, **PERMISSION)
    assert (answer["changed"], answer["outcome"], answer["detail"]) == (True, "running", ["as it should be"])
    assert noted.read_text().splitlines() == [
        "release",
        "alpha",
        "--incident=20260102T030405Z-halt1-9f3c21",
        "--reason=it's; $(back)",
        "--actor=maria",
    ]


def test_release_is_skipped_in_check_mode(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(json.dumps(STARTED))
    monkeypatch.setattr(freqops_release, "TOOL", tool)
    assert run(freqops_release, check=True, **PERMISSION)["skipped"] is True
    assert not noted.exists()


@pytest.mark.parametrize(("module", "arguments"), [(freqops_start, {"bot": "alpha"}), (freqops_release, PERMISSION)])
@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ('{"refused": "another command is working on alpha"}', 1, "another command is working on alpha"),
        ('{"not_proven": "its loop has not come round"}', 2, "its loop has not come round"),
        ("Traceback, or nothing that is JSON", 1, "gave no answer"),
        ("", 0, "gave no answer"),
    ],
)
def test_a_refusal_is_a_failure_even_with_status_0(  # noqa: PLR0917  one case is all of these
    run: Run,
    stub: Stub,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    arguments: dict[str, Any],
    answer: str,
    status: int,
    said: str,
) -> None:
    tool, _ = stub(answer, status)
    monkeypatch.setattr(module, "TOOL", tool)
    result = run(module, **arguments)
    assert result["failed"] is True
    assert said in result["msg"]


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        (freqops_fleet, {"playbook": "status.yml"}),
        (freqops_halt, {"level": "1", "reason": "why", "bots": "all"}),
        (freqops_status, {}),
    ],
)
def test_documentation_of_an_action_does_nothing_on_a_host(
    run: Run, module: ModuleType, arguments: dict[str, Any]
) -> None:
    answer = run(module, **arguments)
    assert answer["failed"] is True
    assert "runs on the control node only" in answer["msg"]
