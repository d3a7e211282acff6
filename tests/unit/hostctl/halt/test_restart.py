"""A person's resume of a live bot: refused before anything is touched, or with its checklist in the evidence."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.client import Unreachable
from freqops.core.bot.processes import Process
from freqops.core.deploy.container import Container
from freqops.core.halt import holds
from freqops.core.incident import life
from freqops.core.incident.life import Event
from freqops.core.runs import registry, registry_migration
from freqops.hostctl import cli, own_session
from freqops.hostctl.bot import as_declared, holds_file, messengers, start
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.exchange import witness
from freqops.hostctl.halt import resume
from freqops.hostctl.incident import entering, recorded, registered
from freqops.hostctl.incident.journal import silent
from tests.unit.accounts import Account, conversations
from tests.unit.fakes import FakeClock, FakeEngine, StillApi, lay_breaker, made_container, make_bot, process

AT = "2026-01-02T03:04:05Z"
CLOSED = Event(life.CLOSED, AT, "cat", "closed", root_cause="a cable", action="a new one")
TICKS = ("--ticked", "runs,messages")
ASKS = {"read", "log"}  # what of the bot's API changes nothing


class Api(StillApi):
    """A bot with a log."""

    def log(self, *loggers: str) -> list[tuple[datetime, str, str]]:
        self._said("log")
        return [each for each in LINES if each[1] in loggers]


LINES: list[tuple[datetime, str, str]] = []


class Case:
    """A bot on a host with a registry, and the command line that resumes it."""

    def __init__(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mode: str
    ) -> None:
        self.root, self._capsys, self.clock = root, capsys, FakeClock()
        self.home = make_bot(root, mode=mode)
        self.bot = layout.load_bot(self.home)
        self.api = Api(self.clock, dry_run=mode != "live", state="paused")
        self.engine = FakeEngine()
        self.engine.present = made_container()
        self.processes: list[Process] = [process()]
        self.asked: list[str] = []
        config = {"stake_currency": "USDT", "strategy": "Mine", "telegram": {"enabled": True}}
        (self.bot.release_home / "config.json").write_text(json.dumps(config))
        secrets = {"api_server": {"username": "u", "password": "p"}, "telegram": {"token": "1:a", "chat_id": "2"}}
        (self.bot.conf / "secrets.json").write_text(json.dumps(secrets))
        registry_migration.prepare(registry.place(root), self.clock, os.getuid())
        open_account = conversations(Account())

        def conversation(*arguments: Any) -> Any:
            self.asked.append("exchange")
            return open_account(*arguments)

        monkeypatch.setattr(witness, "conversation", conversation)
        monkeypatch.setattr(own_session, "run", lambda work: work())  # the real one forks
        monkeypatch.setattr(entering, "begin", lambda _root, _incident: None)  # `registered.enter` does it in here
        monkeypatch.setattr("freqops.hostctl.commands.resume.Engine", lambda: self.engine)
        monkeypatch.setattr("freqops.hostctl.commands.resume.Clock", lambda: self.clock)
        for module in (start, resume, as_declared, messengers):
            if hasattr(module, "client"):
                monkeypatch.setattr(module, "client", lambda _bot: self.api)
            monkeypatch.setattr(module, "alive", lambda _bot: self.processes)

    def hold(self, level: int = 1, incident: str = "one", *, opens: bool = True) -> None:
        """Hold the bot, and leave the evidence of a halt, where it opens an incident."""
        hold = holds.Hold("halt", level, "why", "ann@host", incident, 0, "")
        assert holds_file.latch(self.home, hold, self.clock).error is None
        self.api.locks = [{"id": 1, "reason": hold.lock_reason}]
        if opens:
            said = {"command": "halt", "level": level, "bots": [{"bot": "alpha"}], "proven": True, "ended": AT,
                    "reason": "why", "actor": "ann"}  # fmt: skip
            assert recorded.record(self.root, incident, f"halt{level}-20260102T030405Z", said, enter=False) is None
            registered.enter(self.root, incident)

    def close(self, incident: str = "one") -> None:
        registered.act(self.root, incident, CLOSED, self.clock)

    def resume(self, *words: str, incident: str = "one") -> tuple[int, dict[str, Any]]:
        """Run the command, and return its exit status and its answer."""
        self._capsys.readouterr()
        given = ["resume", "alpha", "--incident", incident, "--reason", "done", "--actor", "ann@desk", *words]
        status = cli.main(given, self.root)
        return status, json.loads(self._capsys.readouterr().out)

    def evidence(self) -> dict[str, Any]:
        """Return the evidence of the resume."""
        [path] = (self.root / "incidents" / "one").glob("*-resume-alpha-*.json")
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def journal(self) -> str:
        return "".join(path.read_text() for path in (self.root / "incidents" / "one").glob("*resume*.jsonl"))

    @property
    def level(self) -> int:
        return holds.effective_level(self.bot.holds)


def states(answer: dict[str, Any]) -> list[str]:
    return [item["state"] for item in answer["restart"]["items"]]


@pytest.fixture(autouse=True)
def no_lines() -> Iterator[None]:
    yield
    LINES.clear()


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Case:
    case = Case(tmp_path, monkeypatch, capsys, "live")
    case.hold()
    return case


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Case:
    case = Case(tmp_path, monkeypatch, capsys, "paper")
    case.hold()
    return case


def files(case: Case) -> dict[str, bytes]:
    """Return every file of the bot but the locks."""
    found = [path for path in case.home.rglob("*") if path.is_file() and not path.name.endswith(".lock")]
    return {str(path): path.read_bytes() for path in found}


def refused(case: Case, *words: str, incident: str = "one") -> dict[str, Any]:
    """Resume, which must be refused with nothing touched, and return the answer."""
    before, calls = files(case), len(case.api.calls)
    status, answer = case.resume(*words, incident=incident)
    assert status == 1, answer
    assert files(case) == before
    assert set(case.api.calls[calls:]) <= ASKS
    assert (case.api.state, case.engine.ups, case.engine.stops, case.asked) == ("paused", [], [], [])
    assert list(case.root.glob("incidents/*/*-resume-*.json")) == []
    return answer


def test_a_live_bot_with_a_complete_checklist_is_resumed(live: Case) -> None:
    live.close()
    status, answer = live.resume(*TICKS)
    assert (status, answer["outcome"], live.level) == (0, "running", 0)
    assert states(answer) == ["met", "ticked", "met", "ticked"]
    assert answer["restart"]["items"][1]["by"] == "ann@desk"
    assert [line for line in answer["detail"] if "restart checklist: 1/4" in line]
    assert live.evidence()["result"]["restart"] == answer["restart"]


def test_an_incident_that_is_open_refuses_and_the_way_out_is_named(live: Case) -> None:
    answer = refused(live, *TICKS)
    assert states(answer) == ["not met", "ticked", "met", "ticked"]
    assert "incident: the incident is documented" in answer["refused"]
    assert "one is open and has no root cause and no action" in answer["refused"]
    assert answer["next_steps"] == [{"step": "close", "incident": "one"}, {"step": "vouch", "incident": "one"}]
    assert "the restart checklist" in live.journal()


def test_an_incident_that_was_added_to_another_is_closed_with_it(live: Case) -> None:
    live.resume("--anyway", "it must trade")
    live.api.state = "paused"
    live.asked.clear()
    live.hold(incident="two")
    (evidence,) = (live.root / "incidents" / "one").glob("*-resume-*.json")
    evidence.unlink()
    answer = refused(live, *TICKS, incident="two")
    assert "one is open" in answer["refused"]
    assert answer["next_steps"] == [{"step": "close", "incident": "one"}, {"step": "vouch", "incident": "two"}]
    live.close()
    assert live.resume(*TICKS, incident="two")[0] == 0


def test_an_incident_that_was_opened_again_counts_as_open(live: Case) -> None:
    live.close()
    said = {"command": "halt", "level": 1, "bots": [{"bot": "alpha"}], "proven": True, "ended": AT}
    assert recorded.record(live.root, "one", "halt1-20260102T030500Z", said, enter=False) is None
    assert "evidence of one is not in the registry" in refused(live, *TICKS)["refused"]
    registered.enter(live.root, "one")
    assert "one is open and has no root cause" in refused(live, *TICKS)["refused"]


def test_a_hold_whose_incident_is_none_of_the_registry_is_ticked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = Case(tmp_path, monkeypatch, capsys, "live")
    case.hold(opens=False)
    answer = refused(case, *TICKS)
    assert states(answer) == ["not ticked", "ticked", "met", "ticked"]
    assert [step["step"] for step in answer["next_steps"]] == ["vouch"]
    assert case.resume("--ticked", "incident,runs,messages")[0] == 0


@pytest.mark.parametrize("how", ["missing", "torn", "link"])
def test_a_registry_that_cannot_be_read_documents_nothing(live: Case, how: str) -> None:
    live.close()
    place = registry.place(live.root)
    if how == "torn":
        place.write_bytes(b"SQLite format 3\x00" + b"x" * 5000)
    else:
        place.unlink()
    if how == "link":
        place.symlink_to(live.root / "elsewhere")
    answer = refused(live, "--ticked", "incident,runs,messages")
    assert "a tick is no measurement" in answer["refused"]
    assert "the registry does not say whether it is: " in answer["refused"]


def test_what_nobody_ticked_refuses(live: Case) -> None:
    live.close()
    assert states(refused(live)) == ["met", "not ticked", "met", "not ticked"]
    assert states(refused(live, "--ticked", "runs")) == ["met", "ticked", "met", "not ticked"]


@pytest.mark.parametrize("word", ["risk", "all", "runs,", "\x1b[2J"])
def test_an_item_that_cannot_be_ticked_is_refused_with_those_that_can(live: Case, word: str) -> None:
    answer = refused(live, "--ticked", word)
    assert "allowed: incident, runs, messages" in answer["refused"]
    assert live.api.calls == []


@pytest.mark.parametrize("words", ["", " ", "two\nlines", "x" * 201])
def test_anyway_is_one_line(live: Case, words: str) -> None:
    assert "must be one line" in refused(live, "--anyway", words)["refused"]


def test_no_messenger_refuses_and_is_not_ticked_away(live: Case) -> None:
    live.close()
    (live.bot.release_home / "config.json").write_text('{"strategy": "Mine"}')
    answer = refused(live, *TICKS)
    assert "a tick is no measurement" in answer["refused"]
    assert "no messenger of it is on" in answer["refused"]


def test_messages_that_were_lost_refuse(live: Case) -> None:
    live.close()
    LINES.append((live.clock.utcnow(), "freqtrade.rpc.webhook", "Could not call webhook url. Exception: timed out"))
    assert "1 messages were not delivered in the last hour" in refused(live, *TICKS)["refused"]


def test_risk_that_is_not_in_force_refuses(live: Case) -> None:
    live.close()
    lay_breaker(live.root, active=True, reason="feed is wrong")
    answer = refused(live, *TICKS)
    assert states(answer)[2] == "not met"
    assert "the operator breaker is active (feed is wrong)" in answer["refused"]


def test_anyway_is_written_down_before_and_after(live: Case) -> None:
    status, answer = live.resume("--anyway", "the market moves, \x1b[2J: I look at it")
    assert status == 1, "a control character is no part of a line"
    status, answer = live.resume("--anyway", "the market moves")
    assert (status, live.level, answer["restart"]["anyway"]) == (0, 0, "the market moves")
    assert "resume although the restart checklist is not complete: the market moves" in live.journal()
    evidence = live.evidence()
    assert evidence["result"]["restart"]["anyway"] == "the market moves"
    assert (
        "alpha: restart checklist: resumed anyway, without incident, runs, messages: the market moves"
        in (evidence["result"]["detail"])
    )
    registered.enter(live.root, "one")
    _, events = registered.shown(live.root, "one")
    assert events[-1]["text"] == "resume, although its restart checklist was not complete: the market moves"


def test_anyway_is_written_down_where_the_resume_is_not_proven(live: Case) -> None:
    def silent_after_the_list(what: str) -> None:
        if what == "our_locks":
            raise Unreachable("refused")

    live.api.before_call = silent_after_the_list
    status, answer = live.resume("--anyway", "the market moves")
    assert (status, live.level) == (2, 0)
    ends = "it was resumed although its restart checklist was not complete: the market moves"
    assert answer["not_proven"].endswith(ends)
    assert live.evidence()["result"]["not_proven"].endswith(ends)
    assert "the market moves" in live.journal()


def test_from_level_3_the_list_is_shown_and_refuses_nothing(live: Case) -> None:
    live.hold(3)
    live.processes.clear()

    def come_up() -> None:
        live.processes[:] = [process()]

    live.engine.starting = come_up
    status, answer = live.resume()
    assert (status, answer["outcome"], live.level) == (0, "paused", 1)
    assert states(answer)[0] == "not met"
    assert answer["restart"]["only_shown"] == "it comes up paused"
    assert len([line for line in answer["detail"] if "restart checklist" in line]) == 5


def test_a_bot_on_paper_is_shown_its_list_and_refused_nothing(paper: Case) -> None:
    registry.place(paper.root).unlink()
    (paper.bot.release_home / "config.json").write_text("{")
    lay_breaker(paper.root, active=True, reason="feed is wrong")
    status, answer = paper.resume("--ticked", "messages")
    assert (status, answer["restart"]["only_shown"]) == (0, "it is on paper")
    assert states(answer) == ["not met", "not ticked", "not met", "not met"]


def test_a_hold_that_goes_counts_also_where_another_one_is_left(live: Case) -> None:
    """The file of a breaker ends its hold without a person, and the bot would enter then."""
    hold = holds.Hold("breaker", 1, "why", "operator breaker", "three", 0, "")
    assert holds_file.latch(live.home, hold, live.clock).error is None
    refused(live)


def test_without_a_process_a_live_bot_is_asked_the_same(live: Case) -> None:
    live.processes.clear()
    live.close()
    refused(live)
    status, answer = live.resume(*TICKS)
    assert (status, answer["outcome"], live.level) == (0, "no process", 0)
    assert "its log was not read (it does not run)" in answer["restart"]["items"][3]["said"][0]


def test_an_engine_that_does_not_answer_is_no_proof(live: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    live.close()

    def fail(_name: str) -> Container | None:
        raise EngineError("no answer")

    monkeypatch.setattr(live.engine, "container", fail)
    assert "its container cannot be compared: no answer" in refused(live, *TICKS)["refused"]


def test_whoever_takes_down_its_own_hold_has_no_checklist(live: Case) -> None:
    """The drill of the halt and the breaker's guard call it like this."""
    mandate = Mandate("one", "done", "ann@host")
    resumed = resume.resume(live.bot, mandate, silent(live.clock), live.clock, live.engine)
    assert (resumed.outcome, live.level) == ("running", 0)
    assert not hasattr(resumed, "restart")


def test_a_wrong_incident_is_refused_before_the_list(live: Case) -> None:
    status, answer = live.resume(*TICKS, incident="other")
    assert (status, "restart" in answer) == (1, False)
    with pytest.raises(Refused):
        holds.load(live.bot.holds).under("other")
