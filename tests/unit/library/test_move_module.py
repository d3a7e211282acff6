"""freqops_move: the step that it asks of freqops-host, what it passes on, and how it fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from library import freqops_move
from tests.unit.library.conftest import Run
from tests.unit.library.test_host_command_modules import Stub, use

WORDS = {"incident": "20260102T030405Z-migrate_host-9f3c21", "reason": "it's; $(over)", "actor": "maria"}
OPTIONS = [f"--{name}={value}" for name, value in WORDS.items()]
ANSWER = {
    "bot": "alpha", "outcome": "left", "changed": True, "proven": True, "level": 3, "detail": ["it left"],
    "incident": "one", "since": "2026-01-02T03:04:05Z", "handover": {}, "data": "", "described": {"mode": "live"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "given", "words"),
    [
        ("expected", {}, ["expect", "alpha", *OPTIONS]),
        ("described", {}, ["describe", "alpha", *OPTIONS]),
        ("asked", {"there": {"mode": "live"}}, ["ask", "alpha", *OPTIONS, '--there={"mode": "live"}']),
        ("left", {"to": "new-1"}, ["leave", "alpha", *OPTIONS, "--to=new-1"]),
        ("given_back", {"to": "old-1", "under": "one"}, ["give-back", "alpha", *OPTIONS, "--to=old-1", "--under=one"]),
        ("arrived", {"under": "one"}, ["arrive", "alpha", *OPTIONS, "--under=one"]),
        ("tidy", {}, ["tidy", "alpha", *OPTIONS]),
    ],
)
def test_each_state_is_a_step(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, state: str, given: dict[str, Any], words: list[str]
) -> None:
    tool, noted = stub(json.dumps(ANSWER))
    use(monkeypatch, freqops_move, tool)
    answer = run(freqops_move, bot="alpha", state=state, **given, **WORDS)
    assert noted.read_text().splitlines() == ["move", *words]
    assert (answer["changed"], answer["incident"], answer["level"]) == (True, "one", 3)
    assert answer["described"] == {"mode": "live"}


def test_a_check_only_looks_or_does_nothing(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(json.dumps({**ANSWER, "outcome": "expected"}))
    use(monkeypatch, freqops_move, tool)
    assert run(freqops_move, check=True, bot="alpha", state="expected", **WORDS)["changed"]
    assert noted.read_text().splitlines()[-1] == "--look"
    refused = run(freqops_move, check=True, bot="alpha", state="left", to="new-1", **WORDS)
    assert (refused["failed"], refused["msg"]) == (True, "alpha: NOTHING DONE: this was a check")


def test_what_is_not_proven_fails(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, _ = stub(json.dumps({**ANSWER, "proven": False, "detail": ["it runs"]}), 2)
    use(monkeypatch, freqops_move, tool)
    answer = run(freqops_move, bot="alpha", state="left", to="new-1", **WORDS)
    assert (answer["failed"], answer["msg"]) == (True, "alpha: NOT LEFT: it runs")


def test_a_refusal_says_why(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, _ = stub(json.dumps({"refused": "alpha was resumed here"}), 1)
    use(monkeypatch, freqops_move, tool)
    answer = run(freqops_move, bot="alpha", state="given_back", to="old-1", under="one", **WORDS)
    assert (answer["failed"], answer["changed"]) == (True, False)
    assert answer["msg"] == "alpha: NOT GIVEN BACK: alpha was resumed here"
