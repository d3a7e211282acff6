"""``freqops-host retention``: its words, its answer, its exit status, and what it refuses before it looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.retention import answer, policy
from freqops.core.retention.policy import Policy
from freqops.hostctl import cli
from freqops.hostctl.commands import retention as command
from freqops.hostctl.retention import last_time, retention
from tests.unit.hostctl.retention.aged import DAYS, Field, Later

OLD = "bots/alpha/var/logs/freqtrade.log.3"


class Ran:
    """The command on a host with one old log, as a command line calls it."""

    def __init__(self, field: Field, capsys: pytest.CaptureFixture[str], declared: Path) -> None:
        self.field, self._capsys, self.declared = field, capsys, declared
        self.path = field.lay(OLD)

    def __call__(self, *words: str) -> tuple[int, str]:
        self._capsys.readouterr()
        status = cli.main(["retention", *words], self.field.root)
        return status, self._capsys.readouterr().out

    def json(self, *words: str) -> tuple[int, dict[str, Any]]:
        status, said = self(*words, "--json")
        return status, json.loads(said)


@pytest.fixture
def ran(field: Field, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ran:
    declared = tmp_path / "retention.json"
    declared.write_text(json.dumps(Policy().to_json()))
    monkeypatch.setattr(policy.load, "__defaults__", (declared,))
    monkeypatch.setattr(command, "Clock", lambda: Later(DAYS))
    monkeypatch.setattr(command, "IN_SESSION", False)
    return Ran(field, capsys, declared)


def test_a_look_says_what_would_go_and_removes_nothing(ran: Ran) -> None:
    status, said = ran("--look")
    assert status == 0
    assert f"GOES: logs: {OLD}" in said
    assert "NOTHING REMOVED, this was a look: 1 things, 4 bytes would go" in said
    assert ran.path.exists()


def test_without_a_look_it_goes_and_the_second_time_nothing_does(ran: Ran) -> None:
    status, said = ran.json("--reason=full", "--actor=ann@host")
    found = answer.read(said)
    assert (status, found.changed, [row["name"] for row in found.rows]) == (0, True, [OLD])
    assert not ran.path.exists()
    status, said = ran.json()
    assert (status, said["changed"], said["rows"]) == (0, False, [])


def test_a_look_writes_no_line_of_log_and_a_removal_does(ran: Ran) -> None:
    log = ran.field.root / "user_data/logs/freqops.log"
    ran("--look")
    assert not log.exists()
    ran()
    assert "retention: proven" in log.read_text()


def test_what_could_not_be_looked_at_is_not_proven(ran: Ran) -> None:
    (ran.field.root / "user_data/registry/strategies_registry.sqlite").unlink()
    status, said = ran()
    assert status == 2
    assert "NOT LOOKED AT: logs: " in said
    assert said.endswith("NOT ALL PROVEN\n")
    assert ran.path.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only=log"], "unknown kind 'log'"),
        (["--bots=gamma"], "unknown bot gamma; this host has alpha"),
        (["--only=incidents", "--bots=alpha"], "incidents belong to the host"),
    ],
)
def test_words_that_mean_nothing_are_refused(ran: Ran, words: list[str], said: str) -> None:
    status, found = ran.json(*words)
    assert status == 1
    assert said in found["refused"]
    assert ran.path.exists()


def test_a_removed_bot_may_be_named(ran: Ran) -> None:
    (ran.field.root / "removed/beta.dumps").mkdir(parents=True)
    assert ran("--bots=beta")[0] == 0
    assert ran.path.exists()


@pytest.mark.parametrize("text", [None, "", "{}", '{"version": 1, "log_days": 7}'], ids=str)
def test_a_policy_that_cannot_be_read_removes_nothing(ran: Ran, text: str | None) -> None:
    ran.declared.unlink()
    if text is not None:
        ran.declared.write_text(text)
    status, found = ran.json()
    assert status == 1
    assert "retention.json" in found["refused"]
    assert ran.path.exists()


def test_two_at_once_are_refused(ran: Ran) -> None:
    with durable.locked(ran.field.root / retention.LOCK, 0, Clock()) as mine:
        assert mine
        status, found = ran.json()
        assert (status, found["refused"]) == (1, retention.BUSY)
        assert ran("--look")[0] == 0
    assert ran.path.exists()


@pytest.mark.parametrize("words", [(), ("--look",)], ids=str)
def test_a_clock_that_may_have_jumped_removes_nothing(ran: Ran, words: tuple[str, ...]) -> None:
    """Since the last retention 400 days seem to have passed, where the timer comes each week."""
    last_time.note(ran.field.root, Clock().utcnow())
    status, found = ran.json(*words)
    assert status == 1
    assert "its clock was set ahead, or it was off" in found["refused"]
    assert ran.path.exists()
    assert ran("--accept-clock", *words)[0] == 0
    assert ran.path.exists() is bool(words)


def test_the_next_week_is_no_jump(ran: Ran) -> None:
    assert ran()[0] == ran()[0] == 0
    last_time.refuse_jump(ran.field.root, Later(DAYS + 59).utcnow())
    with pytest.raises(Refused):
        last_time.refuse_jump(ran.field.root, Later(DAYS + 61).utcnow())


@pytest.mark.parametrize("text", ["{", "[]", '{"at": 5}', '{"at": "soon"}'])
def test_a_last_time_that_cannot_be_read_is_none(ran: Ran, text: str) -> None:
    (ran.field.root / last_time.FILE).write_text(text)
    assert ran()[0] == 0


def test_what_went_is_said_although_the_disk_takes_no_note(ran: Ran) -> None:
    (ran.field.root / last_time.FILE).mkdir()
    status, said = ran.json()
    assert (status, said["rows"][0]["verdict"]) == (2, "gone")
    assert "could not be written" in said["problems"][0]
