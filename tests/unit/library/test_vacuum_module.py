"""freqops_vacuum: what it asks of freqops-host, its rows, and how it fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from library import freqops_vacuum
from tests.unit.core.maintenance.test_vacuum_answer import ROW
from tests.unit.library.conftest import Run
from tests.unit.library.test_host_command_modules import Stub, use

WORDS = {"incident": "20260102T030405Z-vacuum-9f3c21", "reason": "it's; $(over)", "actor": "maria"}
OPTIONS = [f"--{name}={value}" for name, value in WORDS.items()]
REFUSED = {**ROW, "bot": "beta", "outcome": "refused", "changed": False, "proven": False, "detail": ["not held"]}


def said(*rows: dict[str, Any]) -> str:
    return json.dumps({"version": 1, "bots": list(rows)})


def test_it_names_bots_incident_reason_and_actor(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(said(ROW))
    use(monkeypatch, freqops_vacuum, tool)
    answer = run(freqops_vacuum, bots=["alpha", "beta"], **WORDS)
    assert (answer["changed"], answer["bots"]) == (True, [ROW])
    assert answer["lines"][-1] == "alpha: read back"
    assert noted.read_text().splitlines() == ["vacuum", "alpha,beta", *OPTIONS, "--json"]


def test_a_check_of_a_full_vacuum_only_looks(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(said({**ROW, "outcome": "would vacuum in full"}))
    use(monkeypatch, freqops_vacuum, tool)
    how = {"full": True, "open_trades_ok": True, "above_mb": 0, "longest": 30}
    assert run(freqops_vacuum, check=True, bots=["alpha"], **how, **WORDS)["changed"]
    words = ["--json", "--full", "--open-trades-ok", "--above-mb=0", "--longest=30", "--look"]
    assert noted.read_text().splitlines() == ["vacuum", "alpha", *OPTIONS, *words]


@pytest.mark.parametrize(
    ("check", "title"), [(False, "NOT ALL DATABASES ARE DONE"), (True, "NOT ALL DATABASES WOULD BE DONE")]
)
def test_one_that_is_not_proven_fails_all_and_each_has_its_row(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, check: bool, title: str
) -> None:
    tool, _ = stub(said(ROW, REFUSED), 1)
    use(monkeypatch, freqops_vacuum, tool)
    answer = run(freqops_vacuum, check=check, bots=["alpha", "beta"], **WORDS)
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert answer["msg"].splitlines()[0] == title
    assert answer["msg"].splitlines()[-1] == "beta: not held"


def test_a_refusal_as_a_whole_says_why(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, _ = stub(json.dumps({"refused": "unknown bot gamma"}), 1)
    use(monkeypatch, freqops_vacuum, tool)
    answer = run(freqops_vacuum, bots=["gamma"], **WORDS)
    assert (answer["failed"], answer["changed"], answer["msg"]) == (True, False, "unknown bot gamma")
