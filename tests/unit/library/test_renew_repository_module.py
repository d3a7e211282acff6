"""freqops_renew_repository: what it asks of freqops-host, what it shows, and how it fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from freqops.core.backup.answer import Answer, Row
from freqops.hostctl import cli
from library import freqops_renew_repository
from tests.unit.library.conftest import Run
from tests.unit.library.test_host_command_modules import Stub, use

WORDS = {"incident": "20260102T030405Z-renew-9f3c21", "reason": "it's; $(over)", "actor": "maria"}
GIVEN = {"repository": "vault", "lost": "it burnt down; $(really)", **WORDS}
WELL = Answer("renew", [Row("vault", proven=True, changed=True, detail=["lost: it burnt down"])])
NOTHING = Answer("renew", [Row("vault", proven=True, detail=["nothing to do"])])


def test_it_says_what_is_lost_and_why(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(json.dumps(WELL.to_json()))
    use(monkeypatch, freqops_renew_repository, tool)
    answer = run(freqops_renew_repository, from_repository="local", **GIVEN)
    assert (answer["changed"], answer["lines"]) == (True, ["vault: lost: it burnt down"])
    words = noted.read_text().splitlines()
    told = ["--lost=it burnt down; $(really)", "--from-repository=local"]
    assert words == ["renew-repository", "vault", *told, *[f"--{name}={WORDS[name]}" for name in WORDS], "--json"]
    assert cli._parser(words).parse_args(words).from_repository == "local"


def test_a_check_only_looks(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, noted = stub(json.dumps(WELL.to_json()))
    use(monkeypatch, freqops_renew_repository, tool)
    assert run(freqops_renew_repository, check=True, **GIVEN)["changed"]
    assert noted.read_text().splitlines()[-1] == "--look"


def test_nothing_to_do_is_no_change(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, _ = stub(json.dumps(NOTHING.to_json()))
    use(monkeypatch, freqops_renew_repository, tool)
    answer = run(freqops_renew_repository, **GIVEN)
    assert (answer["changed"], "failed" in answer) == (False, False)


@pytest.mark.parametrize(
    ("document", "changed", "said"),
    [
        (Answer("renew", [Row("vault", changed=True, problems=["boom"])]).to_json(), True, "NOT PROVEN: vault: boom"),
        ({"refused": "nothing is lost"}, False, "nothing is lost"),
        ({"not_proven": "nothing was made"}, True, "nothing was made"),
        ({"repositories": 1, "action": "renew", "exit": 0}, True, "is understood"),
    ],
)
def test_what_is_not_proven_fails(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, document: Any, changed: bool, said: str
) -> None:
    tool, _ = stub(json.dumps(document), 2)
    use(monkeypatch, freqops_renew_repository, tool)
    answer = run(freqops_renew_repository, **GIVEN)
    assert (answer["failed"], answer["changed"]) == (True, changed)
    assert said in answer["msg"]
