"""The module that restores parts: what it asks of freqops-host, and how it passes on its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule

from freqops.core.backup import parts_answer
from freqops.core.backup.parts_answer import ADD, MAY_BE, NAMED, REPLACE, RESTORED, SAME_ALREADY, RestoredParts
from freqops.hostctl import cli
from library import freqops_restore_parts
from tests.unit.library.conftest import Run

Stub = Callable[..., tuple[str, Path]]
GIVEN = {
    "only": "state,runs", "repository": "vault", "snapshot": "latest", "incident": "20260102T030405Z-restore-9f3c21",
    "reason": "it's; $(lost)", "actor": "maria",
}  # fmt: skip
ROWS = [
    {"part": "runs", "path": "user_data/runs/1", "what": ADD, "why": ""},
    {"part": "runs", "path": "user_data/runs/2", "what": REPLACE, "why": "as it was then"},
]
DONE = RestoredParts(RESTORED, True, True, "vault", "abcdef0123", "2026-01-02T03:04:05Z", ROWS, [], ["read back"])


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, text: said.append(text))
    return said


@pytest.fixture
def answers(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    def give(document: Any, status: int = 0) -> Path:
        tool, noted = stub(json.dumps(document), status)
        monkeypatch.setattr("library.freqops_restore_parts.host_command.TOOL", tool)
        return noted

    return give


def test_it_asks_for_what_is_wanted_and_says_what_came_of_each_file(
    run: Run, answers: Callable[..., Path], warned: list[str]
) -> None:
    noted = answers(DONE.to_json())
    done = run(freqops_restore_parts, bots=["alpha", "beta"], overwrite=True, **GIVEN)
    assert (done["changed"], done["outcome"], done["rows"]) == (True, "restored", ROWS)
    words = noted.read_text().splitlines()
    assert words == [
        "restore-parts", "--incident=20260102T030405Z-restore-9f3c21", "--reason=it's; $(lost)", "--actor=maria",
        "--only=state,runs", "--repository=vault", "--snapshot=latest", "--bots=alpha,beta", "--overwrite",
    ]  # fmt: skip
    assert cli._parser(words).parse_args(words).only == "state,runs"
    assert warned == [
        "restored: snapshot abcdef01 of repository vault, begun 2026-01-02T03:04:05Z",
        "runs: user_data/runs/2: replaced: as it was then",
        "runs: user_data/runs/1: added",
        "1 added, 1 replaced",
        "read back",
    ]


@pytest.mark.parametrize("changed", [True, False])
def test_a_check_says_truthfully_whether_anything_would_change(
    run: Run, answers: Callable[..., Path], warned: list[str], *, changed: bool
) -> None:
    look = RestoredParts(MAY_BE, changed, True, "vault", "abcdef0123", "", ROWS if changed else [], ["a slot is held"])
    noted = answers(look.to_json())
    done = run(freqops_restore_parts, check=True, **GIVEN)
    assert (done["changed"], done["in_the_way"]) == (changed, ["a slot is held"])
    assert noted.read_text().splitlines()[-1] == "--check"
    assert warned[0].startswith("NOTHING RESTORED, this was a check: a restore would bring snapshot abcdef01")
    assert "it would be refused now: a slot is held" in warned
    assert ("no file differs" in warned) is not changed


def test_what_was_there_is_no_change(run: Run, answers: Callable[..., Path], warned: list[str]) -> None:
    answers(RestoredParts(SAME_ALREADY, False, True, "vault", "abcdef0123").to_json())
    assert run(freqops_restore_parts, **GIVEN)["changed"] is False
    assert warned[0].startswith("nothing to do: snapshot")


@pytest.mark.parametrize(
    ("document", "changed", "said"),
    [
        ({"refused": "a run is under way"}, False, "NOT RESTORED: a run is under way"),
        ({"not_proven": "half of it"}, True, "NOT RESTORED: half of it"),
        ({**DONE.to_json(), "proven": False}, False, "is understood: it says that it ended with 0"),
        ({**DONE.to_json(), "proven": False, "exit": 2}, True, "NOT RESTORED: read back"),
        ({**DONE.to_json(), "rows": [{"part": "runs"}]}, False, "is understood"),
        ({**DONE.to_json(), "outcome": "well"}, False, "is understood"),
    ],
)
def test_what_is_not_proven_is_a_failure(
    run: Run, answers: Callable[..., Path], document: Any, said: str, *, changed: bool, warned: list[str]
) -> None:
    answers(document)
    done = run(freqops_restore_parts, **GIVEN)
    assert done["failed"]
    assert bool(done.get("changed")) is changed
    assert said in done["msg"]


def test_of_many_files_the_first_are_named_and_the_others_counted() -> None:
    rows = [{"part": "runs", "path": f"r/{number}", "what": ADD, "why": ""} for number in range(NAMED + 5)]
    lines = list(parts_answer.RestoredParts(RESTORED, rows=rows).lines())
    assert len([line for line in lines if line.startswith("runs: r/")]) == NAMED
    assert "and 5 more files: added" in lines
