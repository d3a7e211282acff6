"""One run where it is: followed, cancelled, run again and compared; what hosts tell decides, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from freqops.core.base.errors import Refused
from freqops.core.results.document import Document
from freqops.fleet.fanout import Answer
from freqops.plays import connections, mandate, run_acts, run_following
from freqops.plays.fleet_action import FleetAction
from tests.support import run_documents

RUN, AGAIN = "backtest-20260102T030405Z-0a1b2c", "backtest-20270102T030405Z-ffffff"
FIRST = run_documents.run(12)
SECOND = replace(FIRST, run={**FIRST.run, "id": AGAIN})
PROGRESS = {"kind": "backtest", "seconds": 3.0, "log": "reading candles"}
ANALYSIS = "lookahead_analysis-20260102T030405Z-0a1b2c"
Words = list[str]
Said = dict[str, Any]


def absent(run: str) -> str:
    return f"there is no run {run}"


def end_of(run: str, status: str = "finished", reason: str = "") -> Said:
    row = {"id": run, "status": status, "duration_s": 4.0}
    return {"run": run, "status": status, "reason": reason, "row": row, "metrics": {"trades": 12.0}, "log": []}


class Hosts:
    """Hosts, each of which answers as it is told; what was asked of them is kept."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.having: dict[str, Document] = {"one": FIRST}
        self.names = ["one", "two"]
        self.silent: set[str] = set()
        self.said: dict[str, Said | str] = {}
        self.ends: dict[str, Said] = {}
        self.documents = [FIRST, SECOND]
        self.orders: dict[str, Any] = {}
        self.acts: list[tuple[str, Words]] = []
        self.shown: list[str] = []
        self.check = False
        for module in (run_acts, run_following):
            patch.setattr(module, "show", lambda lines, *_: self.shown.extend(lines))
        patch.setattr(mandate, "actor", lambda: "ann@here")
        patch.setattr(connections, "follow", self.follow)
        patch.delenv("FREQOPS_REASON", raising=False)

    @property
    def action(self) -> FleetAction:
        made = SimpleNamespace(
            ask=self.ask, hostvars={}, variables={}, _task=SimpleNamespace(check_mode=self.check)
        )  # fmt: skip
        return cast(FleetAction, made)

    def ask(
        self, commands: dict[str, Words], _patience: float, check: Callable[[Said], object],
        data: Mapping[str, bytes] | None = None,
    ) -> list[Answer]:  # fmt: skip
        answers = []
        for host, words in commands.items():
            said = self.answer(host, words)
            if data is not None:
                self.orders[host] = json.loads(data[host])
            if isinstance(said, str):
                answers.append(Answer(host, None, said))
                continue
            check(said)
            answers.append(Answer(host, said, None))
        return answers

    def answer(self, host: str, words: Words) -> Said | str:
        if host in self.silent:
            return "no answer in time"
        if words[:2] == ["runs", "show"] and len(words) == 4:
            return {"documents": [self.having[host].to_json()]} if host in self.having else absent(words[3])
        self.acts.append((host, words))
        if words[:2] == ["runs", "show"]:
            return {"documents": [each.to_json() for each in self.documents]}
        return self.said[words[1]]

    def follow(
        self, _action: Any, _vars: Any, commands: dict[str, Words], _patience: Any, listener: Any, _: Any
    ) -> Any:
        for host, words in commands.items():
            end = self.ends.get(words[2])
            listener.ended(Answer(host, end, None if end else "the connection was lost"))
        return []


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Hosts:
    made = Hosts(monkeypatch)
    made.said = {"start": {"run": AGAIN}, "cancel": {"run": RUN, "status": "stopped", "reason": "cancelled by ann"}}
    made.ends = {run: end_of(run) for run in (RUN, AGAIN)}
    return made


def reproduced(hosts: Hosts) -> dict[str, Any]:
    return run_acts.reproduce(hosts.action, hosts.names, RUN, 30, force=True)


def test_it_is_followed_where_it_is(hosts: Hosts) -> None:
    done = run_acts.follow(hosts.action, hosts.names, RUN)
    assert (done.get("failed"), [each["run"] for each in done["runs"]], done["changed"]) == (None, [RUN], False)
    hosts.ends[RUN] = end_of(RUN, "failed", "it was killed for memory")
    done = run_acts.follow(hosts.action, hosts.names, RUN)
    assert done["failed"]
    assert "it was killed for memory" in done["msg"]
    hosts.ends.clear()
    assert "it is not known how it ended" in run_acts.follow(hosts.action, hosts.names, RUN)["msg"]


@pytest.mark.parametrize(
    ("metrics", "msg"), [({"passed": 1.0}, ""), ({"passed": 0.0}, f"NOT PASSED: one {ANALYSIS}: BIASED"), ({}, "NOT P")]
)
def test_an_analysis_that_finished_and_did_not_pass_is_an_error(
    hosts: Hosts, metrics: dict[str, float], msg: str
) -> None:
    hosts.ends[ANALYSIS] = {**end_of(ANALYSIS, "finished", "BIASED in 20 trades"), "metrics": metrics}
    done = run_acts.follow(hosts.action, hosts.names, ANALYSIS)
    assert done.get("failed", False) is bool(msg)
    assert str(done.get("msg", "")).startswith(msg)


def test_an_analysis_that_did_not_pass_is_reproduced_where_it_finds_the_same(hosts: Hosts) -> None:
    again = ANALYSIS.replace("2026", "2027")
    biased = {**run_documents.LOOKAHEAD, "biased": True, "biased_exits": 2}
    first = run_documents.analysis(biased, {"passed": 0.0}, id=ANALYSIS)
    hosts.having, hosts.documents = {"one": first}, [first, replace(first, run={**first.run, "id": again})]
    hosts.said["start"] = {"run": again}
    hosts.ends[again] = {**end_of(again, "finished", "BIASED"), "metrics": {"passed": 0.0}}
    done = run_acts.reproduce(hosts.action, hosts.names, ANALYSIS, 0, force=False)
    assert (done.get("failed"), done["reproduced"]) == (None, True)


@pytest.mark.parametrize("act", ["follow", "cancel", "reproduce"])
def test_a_run_that_no_host_has_is_refused_and_silent_hosts_are_named(hosts: Hosts, act: str) -> None:
    hosts.having.clear()
    hosts.silent = {"two"}
    more: dict[str, Any] = {"wait": 0, "force": False} if act == "reproduce" else {}
    with pytest.raises(Refused, match=f"no host has a run {RUN}; two: no answer in time"):
        getattr(run_acts, act)(hosts.action, hosts.names, RUN, **more)
    assert hosts.acts == []


def test_it_is_cancelled_with_the_actor_and_the_reason(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREQOPS_REASON", "it found nothing")
    done = run_acts.cancel(hosts.action, hosts.names, RUN)
    assert (done.get("failed"), done["changed"]) == (None, True)
    assert hosts.acts == [("one", ["run", "cancel", RUN, "--reason=it found nothing", "--actor=ann@here"])]
    assert f"one {RUN}: stopped: cancelled by ann" in hosts.shown


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (f"{RUN} is over", "is over"),
        ({"run": RUN, "status": "finished", "reason": "it was through"}, "finished: it was through"),
    ],
)
def test_what_was_not_cancelled_is_an_error(hosts: Hosts, said: Any, why: str) -> None:
    hosts.said["cancel"] = said
    done = run_acts.cancel(hosts.action, hosts.names, RUN)
    assert done["failed"]
    assert done["msg"].startswith("NOT CANCELLED")
    assert why in done["msg"]


def test_a_check_does_nothing_and_fails(hosts: Hosts) -> None:
    hosts.check = True
    for done in (run_acts.cancel(hosts.action, hosts.names, RUN), reproduced(hosts)):
        assert (done["failed"], done["changed"]) == (True, False)
        assert "NOTHING DONE" in done["msg"]
    assert hosts.acts == []


def test_it_is_run_again_where_it_is_and_both_are_compared(hosts: Hosts) -> None:
    done = reproduced(hosts)
    assert (done.get("failed"), done["reproduced"], done["run"], done["changed"]) == (None, True, AGAIN, True)
    order = {"version": 1, "again": RUN, "actor": "ann@here", "wait": 30, "force": True}
    assert hosts.orders == {"one": {**order, "reason": f"{RUN} again, by ann@here"}}
    assert [words[:2] for _, words in hosts.acts] == [["run", "start"], ["runs", "show"]]
    assert f"one {AGAIN}: the same 12 trades" in hosts.shown


def test_what_brings_something_else_fails_and_says_why(hosts: Hosts) -> None:
    other = run_documents.run(11, data_sha256="0" * 64)
    hosts.documents = [FIRST, replace(other, run={**other.run, "id": AGAIN})]
    done = reproduced(hosts)
    assert (done["failed"], done["reproduced"]) == (True, False)
    assert done["msg"].startswith("NOT THE SAME")
    assert "12 and 11 trades" in done["msg"]
    assert "the candles are not the same" in done["msg"]


@pytest.mark.parametrize(
    "documents", [[FIRST], [SECOND, SECOND], [FIRST, replace(FIRST, run={**FIRST.run, "id": "x"})]]
)
def test_a_host_that_does_not_tell_of_both_compares_nothing(hosts: Hosts, documents: list[Document]) -> None:
    hosts.documents = documents
    done = reproduced(hosts)
    assert "the host does not tell of both" in done["msg"]
    assert done["reproduced"] is False


def test_one_that_does_not_begin_or_finish_is_not_compared(hosts: Hosts) -> None:
    hosts.ends[AGAIN] = end_of(AGAIN, "failed", "its candles are gone")
    done = reproduced(hosts)
    assert (done["failed"], done["changed"]) == (True, True)
    assert "its candles are gone" in done["msg"]
    hosts.said["start"] = "circuit_breaker_active: lunch"
    done = reproduced(hosts)
    assert (done["failed"], done["changed"], "circuit_breaker_active: lunch" in done["msg"]) == (True, False, True)
    assert all(words[:2] != ["runs", "show"] for _, words in hosts.acts)


def test_a_run_that_two_hosts_have_is_run_again_on_neither(hosts: Hosts) -> None:
    hosts.having["two"] = FIRST
    with pytest.raises(Refused, match="one, two have"):
        reproduced(hosts)
    assert hosts.acts == []
