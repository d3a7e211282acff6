"""freqops_remove: what it asks of freqops-host, what it foretells, and how it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule

from library import freqops_remove
from tests.unit.fakes import make_bot
from tests.unit.library.conftest import Run
from tests.unit.library.test_host_command_modules import Stub, use

WORDS = {"incident": "20260102T030405Z-remove-9f3c21", "reason": "it's; $(over)", "actor": "maria"}
GONE = {"bot": "alpha", "outcome": "removed", "changed": True, "proven": True, "kept": "/k", "detail": ["kept"]}
MAY_GO = {**GONE, "outcome": "may go", "changed": False, "kept": ""}
NOTHING = {**GONE, "outcome": "nothing", "changed": False}
REFUSED = {**GONE, "outcome": "refused", "changed": False, "proven": False, "detail": ["7 BTC/USDT open"]}


def said(*rows: dict[str, Any]) -> str:
    return json.dumps({"version": 1, "bots": list(rows)})


def test_it_names_bots_incident_reason_and_actor(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(said(GONE))
    use(monkeypatch, freqops_remove, tool)
    warned: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, text: warned.append(text))
    answer = run(freqops_remove, bots=["alpha"], declared=["beta"], **WORDS)
    assert (answer["changed"], answer["present"]) == (True, ["alpha"])
    options = [f"--{name}={value}" for name, value in WORDS.items()]
    assert noted.read_text().splitlines() == ["remove", "alpha", *options]
    assert warned == ["alpha is not in the inventory", "alpha: kept"]


def test_nothing_to_do_changes_nothing(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, _ = stub(said(NOTHING))
    use(monkeypatch, freqops_remove, tool)
    answer = run(freqops_remove, bots=["alpha"], **WORDS)
    assert (answer["changed"], answer["present"], answer["known"]) == (False, [], ["alpha"])


@pytest.mark.parametrize(("check", "look", "changed"), [(True, False, True), (False, True, False), (True, True, False)])
def test_who_only_looks_asks_only_that(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, check: bool, look: bool, changed: bool
) -> None:
    tool, noted = stub(said(MAY_GO))
    use(monkeypatch, freqops_remove, tool)
    answer = run(freqops_remove, check=check, bots=["alpha"], look=look, **WORDS)
    assert (answer.get("failed", False), answer["changed"]) == (False, changed)
    assert noted.read_text().splitlines()[:3] == ["remove", "alpha", "--look"]


def test_a_refusal_fails_and_says_why(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, _ = stub(said(REFUSED), 1)
    use(monkeypatch, freqops_remove, tool)
    answer = run(freqops_remove, bots=["alpha"], look=True, **WORDS)
    assert (answer["failed"], answer["changed"]) == (True, False)
    assert answer["msg"] == "NOTHING REMOVED\nalpha: REFUSED: 7 BTC/USDT open"


@pytest.mark.parametrize(("said", "changed"), [("refused", False), ("not_proven", True)])
def test_what_was_begun_and_is_not_proven_has_changed_something(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, said: str, changed: bool
) -> None:
    tool, _ = stub(json.dumps({said: "why"}), 1)
    use(monkeypatch, freqops_remove, tool)
    answer = run(freqops_remove, stack=True, **WORDS)
    assert (answer["failed"], answer["msg"], answer["changed"]) == (True, "why", changed)


def test_a_host_without_anything_of_freqops_has_nothing_to_remove(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, freqops_remove, str(tmp_path / "absent"))
    answer = run(freqops_remove, stack=True, root=str(tmp_path), **WORDS)
    assert (answer["changed"], answer["bots"]) == (False, [])
    answer = run(freqops_remove, bots=["alpha"], root=str(tmp_path), **WORDS)
    assert [row["outcome"] for row in answer["bots"]] == ["nothing"]


def test_a_host_with_bots_and_without_freqops_host_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bot(tmp_path)
    use(monkeypatch, freqops_remove, str(tmp_path / "absent"))
    answer = run(freqops_remove, stack=True, root=str(tmp_path), **WORDS)
    assert (answer["failed"], "deploy.yml brings it" in answer["msg"]) == (True, True)
