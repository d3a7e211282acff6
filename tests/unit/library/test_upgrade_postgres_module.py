"""freqops_upgrade_postgres: what it asks of freqops-host, how it fails; and freqops_postgres, that judges an image."""

from __future__ import annotations

import json
from typing import Any

import pytest

from library import freqops_postgres, freqops_upgrade_postgres
from tests.unit.core.maintenance.test_upgrade_rules import ANSWER, NEW
from tests.unit.library.conftest import Run
from tests.unit.library.test_host_command_modules import Stub, use

WORDS = {"incident": "20260102T030405Z-upgrade_postgres-9f3c21", "reason": "it's; $(over)", "actor": "maria"}
OPTIONS = [f"--{name}={value}" for name, value in WORDS.items()]


def said(**changed: Any) -> str:
    return json.dumps({**ANSWER, **changed})


def test_it_names_image_host_and_mandate(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(said())
    use(monkeypatch, freqops_upgrade_postgres, tool)
    answer = run(freqops_upgrade_postgres, image=NEW, host="paper-1", **WORDS)
    assert (answer["changed"], answer["outcome"], answer["way_back"]) == (True, "upgraded", ANSWER["way_back"])
    assert answer["lines"][-1].startswith("when it is not needed any more")
    assert noted.read_text().splitlines() == [
        "upgrade-postgres",
        f"--image={NEW}",
        *OPTIONS,
        "--host=paper-1",
        "--json",
    ]


def test_a_check_of_an_undo_only_looks(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(said(outcome="would undo"))
    use(monkeypatch, freqops_upgrade_postgres, tool)
    assert run(freqops_upgrade_postgres, check=True, state="undone", overwrite=True, **WORDS)["changed"]
    assert noted.read_text().splitlines() == ["upgrade-postgres", "--undo", *OPTIONS, "--json", "--overwrite", "--look"]


def test_what_is_not_proven_fails(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, _ = stub(said(proven=False, detail=["NOT STARTED: alpha"]), 2)
    use(monkeypatch, freqops_upgrade_postgres, tool)
    answer = run(freqops_upgrade_postgres, image=NEW, **WORDS)
    assert (answer["failed"], answer["changed"], answer["msg"].splitlines()[0]) == (True, True, "NOT PROVEN")


def test_a_host_without_bots_on_it_is_left_alone(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(said())
    use(monkeypatch, freqops_upgrade_postgres, tool)
    answer = run(freqops_upgrade_postgres, used=False, **WORDS)
    assert (answer["changed"], answer["outcome"], noted.exists()) == (False, "no bot uses it", False)


def test_overwrite_is_for_an_undo_alone(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(said())
    use(monkeypatch, freqops_upgrade_postgres, tool)
    answer = run(freqops_upgrade_postgres, image=NEW, overwrite=True, **WORDS)
    assert (answer["failed"], noted.exists()) == (True, False)


def test_a_deploy_has_an_image_judged(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(json.dumps({"changed": False, "bots": [], "detail": []}))
    use(monkeypatch, freqops_postgres, tool)
    assert run(freqops_postgres, judge=NEW)["changed"] is False
    assert noted.read_text().splitlines() == ["postgres", f"--judge={NEW}"]
    noted.unlink()
    run(freqops_postgres, check=True, judge=NEW)
    assert not noted.exists()
    tool, _ = stub(json.dumps({"refused": "Postgres was not touched: postgres_image is Postgres 17"}), 1)
    use(monkeypatch, freqops_postgres, tool)
    answer = run(freqops_postgres, judge=NEW)
    assert (answer["failed"], "is Postgres 17" in answer["msg"]) == (True, True)
