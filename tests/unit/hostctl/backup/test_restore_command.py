"""``freqops-host restore``: its exit status, its answer, and the evidence that it leaves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from freqops.core.base.clock import Clock
from freqops.hostctl import cli, own_session
from freqops.hostctl.bot.engine import Engine
from tests.unit.hostctl.backup.dumped import Field, rows, write
from tests.unit.hostctl.backup.test_restore import flip, more_rows

WORDS = ("restore", "alpha", "--incident", "one", "--reason", "rows were deleted")


@pytest.fixture
def run(field: Field, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function that runs the command and returns its exit status and its answer."""
    monkeypatch.setattr(own_session, "run", lambda work: work())  # the real one forks
    for name in ("monotonic", "utcnow", "sleep"):
        monkeypatch.setattr(Clock, name, staticmethod(getattr(field.clock, name)))
    monkeypatch.setattr(Engine, "container", lambda *_: None)

    def command(*words: str) -> tuple[int, dict[str, Any]]:
        status = cli.main([*WORDS, *words], field.root)
        answer: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[0])
        return status, answer

    return command


def test_proven_is_0_and_leaves_evidence(field: Field, run: Any) -> None:
    write(field.path, "delete from trades")
    status, answer = run("--dump", "latest", "--overwrite")
    assert (status, answer["proven"], answer["outcome"], rows(field.path)) == (0, True, "restored", field.before)
    [evidence] = (field.root / "incidents" / "one").glob("*-restore-alpha-*.json")
    said = json.loads(evidence.read_text())
    assert (said["reason"], said["proven"], said["result"]["dump"]) == ("rows were deleted", True, field.stamp)
    assert list((field.root / "incidents" / "one").glob("*-alpha-restore-*.jsonl"))


def test_refused_is_1(field: Field, run: Any) -> None:
    status, answer = run("--dump", "latest")
    assert status == 1
    assert "has a database" in answer["refused"]
    flip(field)
    assert run("--dump", "latest", "--overwrite")[0] == 1
    assert run("--dump", "yesterday", "--overwrite")[0] == 1
    assert run("--overwrite")[0] == 1
    assert rows(field.path) == field.before


def test_not_proven_is_2_and_is_written_down(field: Field, run: Any) -> None:
    place = field.home / "dumps" / "rolling" / field.stamp / "manifest.json"
    document = json.loads(place.read_text())
    more_rows(document)
    place.write_text(json.dumps(document))
    status, answer = run("--dump", "latest", "--overwrite")
    assert status == 2
    assert "the FORMER database stands" in answer["not_proven"]
    [evidence] = (field.root / "incidents" / "one").glob("*-restore-alpha-*.json")
    assert "the FORMER database stands" in evidence.read_text()


def test_a_look_leaves_nothing_behind(field: Field, run: Any) -> None:
    status, answer = run("--dump", "latest", "--check")
    assert (status, answer["outcome"], answer["changed"]) == (0, "may be restored", False)
    assert answer["in_the_way"] == [
        "alpha has a database: say that it may be replaced (--overwrite, or overwrite=true of restore.yml)"
    ]
    assert not (field.root / "incidents").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from-bot", "beta"), "--from-bot needs --repository"),
        (("--fenced", "it is off"), "--fenced needs --repository"),
        (("--repository", "local", "--from-bot", "../x"), "--from-bot is no name of a bot"),
        (("--repository", "local", "--fenced", " "), "it must be one line of 1 to 200 characters"),
        (("--repository", "local", "--fenced", "one\ntwo"), "it must be one line of 1 to 200 characters"),
        (("--repository", "local"), "repositories.json is missing: deploy.yml writes it"),
    ],
)
def test_what_means_nothing_is_refused(field: Field, run: Any, words: tuple[str, ...], said: str) -> None:
    status, answer = run("--dump", "latest", "--overwrite", *words)
    assert status == 1
    assert said in answer["refused"]
    assert rows(field.path) == field.before
