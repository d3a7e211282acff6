"""A halt over a fleet: each row when it is there, the table whatever one host says, and evidence in its own time."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from action_plugins import freqops_halt
from freqops.core.base.clock import Clock
from freqops.core.halt import time_limits
from freqops.core.halt.answer import Row
from freqops.core.halt.fleet_answer import SILENT, HostAnswer
from freqops.core.halt.kill_level import KillLevel
from freqops.fleet import fanout
from freqops.plays import connections, copy_back, mandate
from tests.support.patience import GIVE_UP

HELD = "20260102T030405Z-halt1-9f3c21"
OLDER = "20260101T030405Z-halt1-9f3c21"
ROW = Row("alpha", 1, HELD, "paper", latched=True, raised=True, acknowledged_s=0.2, proven_s=3.0, state="paused")
WELL: dict[str, Any] = {
    "version": 1, "proven": True, "undeclared": [], "bots": [{**ROW.to_json(), "verdict": "HALTED, PROVEN"}],
}  # fmt: skip
EVIL = "\x1b[2J\nALL PROVEN | incident one\u202e"


class Over(Clock):
    """Passes every deadline when a condition holds, and not before."""

    def __init__(self, condition: Callable[[], bool]) -> None:
        self.condition = condition

    def monotonic(self) -> float:
        return 1000.0 if self.condition() else 0.0


class Fleet:
    """Hosts that say what they are told to say, or nothing; what is shown and what is asked is noted."""

    def __init__(self) -> None:
        self.says: dict[str, dict[str, Any] | str] = {}
        self.shown: list[str] = []
        self.colours: list[str | None] = []
        self.copied: list[tuple[str, list[str], float]] = []
        self.over = threading.Event()
        self.limit = 0.0
        self.order: dict[str, Any] = {"level": 1}
        self.modes: dict[str, str] = {}

    def ask(
        self, _action: Any, _hostvars: Any, commands: dict[str, list[str]], patience: float, *more: Any
    ) -> list[fanout.Answer]:
        word, incident = next(iter(commands.values()))[:2]
        if word == "incident":
            self.copied.append((incident, sorted(commands), patience))
            return [fanout.Answer(host) for host in commands]
        self.limit = patience
        came: list[str] = []

        def arrived(answer: fanout.Answer) -> None:
            came.append(answer.host)
            more[-1](answer)

        hosts = {host: partial(self._connect, host) for host in commands}
        return fanout.ask(hosts, patience, Over(lambda: len(came) == len(self.says)), arrived)

    def _connect(self, host: str) -> Callable[[], fanout.Said]:
        said = self.says.get(host)
        if isinstance(said, str):
            raise fanout.Unreachable(said)
        if said is None:
            self.over.wait(GIVE_UP)
        return lambda: (said, None)

    def halt(self, *silent: str, **says: dict[str, Any] | str) -> dict[str, Any]:
        self.says = says
        task: Any = SimpleNamespace(args={"bots": "all", **self.order}, check_mode=False)
        action = freqops_halt.ActionModule.__new__(freqops_halt.ActionModule)
        action._task = task
        hosts = [*says, *silent]
        words = {host: {"freqtrade_bots": [{"name": "alpha", "mode": self.modes.get(host, "paper")}]} for host in hosts}
        everything = {"groups": {"all": hosts}, "ansible_inventory_sources": []}
        play = {"hostvars": words, "ansible_play_hosts_all": hosts, "reason": "a test", **everything}
        return action.run(None, play)


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Fleet]:
    made, threads = Fleet(), threading.active_count()
    monkeypatch.setattr(ActionBase, "run", lambda *_: {})
    monkeypatch.setattr(connections, "ask", made.ask)
    monkeypatch.setattr(copy_back, "DIRECTORY", tmp_path / "incidents")

    def display(_self: Display, text: str, color: str | None = None) -> None:
        made.shown.append(text)
        made.colours.append(color)

    monkeypatch.setattr(Display, "display", display)
    yield made
    made.over.set()
    while threading.active_count() > threads:
        threading.enumerate()[-1].join(GIVE_UP)


def table(fleet: Fleet) -> list[str]:
    """Return the lines of the whole table, which begins with an empty one."""
    return next(text for text in fleet.shown if text.startswith("\n")).split("\n")


@pytest.mark.parametrize("level", list(KillLevel))
@pytest.mark.parametrize("deadline", [None, 300])
def test_a_host_gets_the_time_that_it_may_take(fleet: Fleet, level: KillLevel, deadline: int | None) -> None:
    fleet.order = {"level": int(level), "deadline": deadline}
    fleet.halt(one=WELL)
    assert fleet.limit > time_limits.of_a_bot(level, deadline, live=True)


def test_a_sale_of_all_bots_says_first_how_many_live_ones_sell(fleet: Fleet) -> None:
    fleet.order, fleet.modes = {"level": 2}, {"two": "live"}
    fleet.halt(one=WELL, two=WELL)
    said = "LEVEL 2 OF ALL BOTS sells every open position at the market's price: 1 live bots (alpha on two), 1 on paper"
    assert fleet.shown[0] == f"{said}, on 2 hosts"
    fleet.shown.clear()
    fleet.order = {"level": 2, "bots": "alpha"}
    fleet.halt(one=WELL)
    assert not any("LEVEL 2 OF ALL" in text for text in fleet.shown), "who names bots knows which"


def test_each_row_is_shown_before_the_table(fleet: Fleet) -> None:
    assert "failed" not in fleet.halt(one=WELL, two=WELL)
    first = [f"alpha on {host}: acknowledged yes, proven yes, HALTED, PROVEN" for host in ("one", "two")]
    assert sorted(fleet.shown[:2]) == first
    assert fleet.shown[2].startswith("\nhost  bot")
    assert fleet.colours[:3] == ["green"] * 3


def test_a_row_is_shown_while_another_host_keeps_everybody_waiting(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown_when_it_ended: list[int] = []
    end = fanout._end

    def ended(*given: Any) -> None:
        shown_when_it_ended.append(len(fleet.shown))
        end(*given)

    monkeypatch.setattr(fanout, "_end", ended)
    result = fleet.halt("mute", one=WELL, two="no route")
    assert shown_when_it_ended == [2]
    assert "alpha on two: acknowledged NO, proven NO, NOT HALTED" in fleet.shown[:2]
    assert [row["verdict"] for row in result["bots"]] == ["HALTED, PROVEN", "NOT HALTED", "NOT HALTED"]


JUNK: dict[str, dict[str, Any]] = {
    "no rows": {"version": 1, "bots": 5},
    "no version": {"bots": [ROW.to_json()]},
    "a row without detail": {**WELL, "bots": [{k: v for k, v in WELL["bots"][0].items() if k != "detail"}]},
    "a row without verdict": {**WELL, "bots": [{k: v for k, v in WELL["bots"][0].items() if k != "verdict"}]},
    "two rows": {**WELL, "bots": WELL["bots"] * 2},
    "no number": {**WELL, "bots": [{**WELL["bots"][0], "proven_s": float("nan")}]},
    "another level": {**WELL, "bots": [{**WELL["bots"][0], "level": 0}]},
    "nothing": {},
}


@pytest.mark.parametrize("document", JUNK.values(), ids=JUNK)
def test_junk_of_one_host_costs_no_other_its_row(fleet: Fleet, document: dict[str, Any]) -> None:
    result = fleet.halt(bad=document, good=WELL)
    assert result["msg"] == "NOT ALL PROVEN: alpha on bad: NOT HALTED"
    assert [(row["host"], row["proven"]) for row in result["bots"]] == [("bad", False), ("good", True)]
    assert any(line.startswith("good  alpha") for line in table(fleet))
    assert any(line.startswith("alpha on bad: its answer cannot be understood: ") for line in table(fleet))
    assert SILENT not in "".join(table(fleet))
    json.dumps(result, allow_nan=False)


def test_what_nobody_expected_is_in_the_table_and_its_trace_in_the_incident(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = HostAnswer.lines

    def fails(answer: HostAnswer, level: int) -> list[str]:
        if answer.host == "bad":
            raise RecursionError(f"too deep {EVIL}")
        return lines(answer, level)

    monkeypatch.setattr(HostAnswer, "lines", fails)
    result = fleet.halt(bad=WELL, good=WELL)
    assert [(row["host"], row["verdict"]) for row in result["bots"]] == [
        ("bad", "NOT HALTED"), ("good", "HALTED, PROVEN"),
    ]  # fmt: skip
    assert any("bad: its answer cannot be understood: RecursionError: too deep" in line for line in table(fleet))
    assert SILENT not in "".join(table(fleet))
    path = copy_back.DIRECTORY / result["incident"] / "errors.txt"
    assert f"unexpected errors: {path}" in fleet.shown
    text = path.read_text()
    assert text.startswith("bad:\nTraceback")
    assert "in fails" in text
    assert all(line.isprintable() for line in text.split("\n"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_control_node_that_cannot_write_says_so_and_the_halt_stands(fleet: Fleet, tmp_path: Path) -> None:
    (tmp_path / "incidents").write_text("")
    [line] = copy_back.keep_traces({"bad": "Traceback"}, HELD, copy_back.DIRECTORY)
    assert line.startswith("NOT WRITTEN: the errors of bad: ")
    assert "failed" not in fleet.halt(one=WELL)


# --- evidence


def test_a_host_that_gave_no_answer_is_not_asked_again_and_is_named(fleet: Fleet) -> None:
    result = fleet.halt("mute", bad={"version": 1, "bots": 5}, gone="no route", good=WELL)
    assert [(incident, hosts) for incident, hosts, _ in fleet.copied] == [(HELD, ["good"])]
    later = f"; later: incident.yml -e incident={result['incident']}"
    named = [text for text in fleet.shown if text.startswith("NOT COPIED: ") and text.endswith(later)]
    assert named == [
        f"NOT COPIED: bad: its answer cannot be understood: bots is '5'{later}",
        f"NOT COPIED: gone: unreachable: no route{later}",
        f"NOT COPIED: mute: no answer in time{later}",
    ]


def test_all_evidence_together_has_one_short_time_that_is_announced(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ticking(Clock):
        now = 0.0

        def monotonic(self) -> float:
            Ticking.now += 10.0
            return Ticking.now

    monkeypatch.setattr(freqops_halt, "Clock", Ticking)
    said = {
        host: {**WELL, "bots": [{**WELL["bots"][0], "incident": incident}]}
        for host, incident in {"a": HELD, "b": OLDER, "c": "20260103T030405Z-halt1-9f3c21"}.items()
    }
    fleet.halt(**said)
    assert "evidence is copied, for 30 s at most" in fleet.shown
    assert [(incident, seconds) for incident, _, seconds in fleet.copied] == [(OLDER, 18.0), (HELD, 8.0)]
    last = "20260103T030405Z-halt1-9f3c21"
    assert f"NOT COPIED: c: the time for it is over; later: incident.yml -e incident={last}" in fleet.shown


def test_no_host_keeps_the_evidence_of_this_halt_back_by_what_it_names(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = SimpleNamespace(incident=HELD, reason="a test", actor="ann", to_json=dict)
    monkeypatch.setattr(mandate, "of_play", lambda *_: given)
    monkeypatch.setattr(mandate, "words", lambda _given: [])
    said = {
        host: {**WELL, "bots": [{**WELL["bots"][0], "incident": incident}]}
        for host, incident in {"a": "20200101T030405Z-halt1-9f3c21", "b": HELD, "c": OLDER, "d": OLDER}.items()
    }
    fleet.halt(**said)
    assert [(incident, hosts) for incident, hosts, _ in fleet.copied] == [
        (HELD, ["b"]), (OLDER, ["c", "d"]), ("20200101T030405Z-halt1-9f3c21", ["a"]),
    ]  # fmt: skip


@pytest.mark.parametrize("failure", [OSError("disk"), RecursionError("too deep"), KeyError("x")])
def test_evidence_that_cannot_be_copied_spoils_no_halt(
    fleet: Fleet, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise failure

    monkeypatch.setattr(copy_back, "fetch", fails)
    assert "failed" not in fleet.halt(one=WELL)
    assert fleet.shown[-1].startswith(f"NOT COPIED: {type(failure).__name__}")


def test_what_is_left_alone_is_named_and_fails_nothing(fleet: Fleet) -> None:
    beta = {"project": "/opt/beta/docker-compose.yml", "reason": "adopted on Sunday"}
    result = fleet.halt(one={**WELL, "undeclared": [{"pid": 7, "command": "f", "left_alone": beta}]})
    assert "failed" not in result
    text = "\n".join(fleet.shown)
    assert "one: LEFT ALONE, NOT HALTED: Freqtrade of /opt/beta/docker-compose.yml goes on trading (pid 7)" in text
    assert "ALL PROVEN, but for 1 Freqtrade that is left alone | incident" in text


# --- what others say


def test_nothing_that_a_host_says_is_obeyed_by_the_terminal(fleet: Fleet) -> None:
    row = {**WELL["bots"][0], "proven": False, "bot": EVIL, "verdict": EVIL, "detail": [EVIL], "closed": [EVIL]}
    undeclared = [{"pid": 7, "command": EVIL}]
    result = fleet.halt(
        bad={**WELL, "proven": False, "bots": [row], "undeclared": undeclared}, gone=EVIL, refuses={"refused": EVIL}
    )
    lines = [line for text in fleet.shown for line in text.split("\n")]
    assert all(line.isprintable() for line in lines)
    assert [line for line in lines if line.startswith("ALL PROVEN")] == []
    assert str(result["msg"]).isprintable()
    assert "\x1b" not in json.dumps(result, ensure_ascii=False)
