"""The module that tells the incidents of a host: what it asks, and whom it does not believe."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from library import freqops_incident_info
from tests.unit.library.conftest import Run
from tests.unit.plays.test_incident_action import HEAD, ROW

Stub = Callable[..., tuple[str, Path]]


def told(stub: Stub, monkeypatch: pytest.MonkeyPatch, said: Any) -> Path:
    tool, noted = stub(json.dumps(said), 0)
    monkeypatch.setattr("library.freqops_incident_info.host_command.TOOL", tool)
    return noted


def test_it_passes_on_what_was_asked_for(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = told(stub, monkeypatch, {"incidents": [ROW], "head": HEAD})
    done = run(freqops_incident_info, state="open", bot="alpha", limit=5, up_to="x")
    assert (done["changed"], done["incidents"], done["head"]) == (False, [ROW], HEAD)
    words = ["incidents", "list", "--json", "--bot=alpha", "--state=open", "--until=x", "--limit=5"]
    assert noted.read_text().splitlines() == words


@pytest.mark.parametrize("said", [{"refused": "no"}, {"incidents": [{**ROW, "state": "odd"}]}, {"incidents": "x"}])
def test_what_cannot_be_understood_is_no_empty_list(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, said: Any
) -> None:
    told(stub, monkeypatch, said)
    assert run(freqops_incident_info)["failed"] is True
