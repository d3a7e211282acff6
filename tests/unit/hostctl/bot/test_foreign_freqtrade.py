"""What a host tells of Freqtrade that belongs to no bot, and that nothing of it keeps a halt from its answer."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from freqops.core.bot import left_alone
from freqops.core.bot.left_alone import Places
from freqops.hostctl.bot import foreign_freqtrade
from freqops.hostctl.bot.foreign_freqtrade import of_host, told
from tests.unit.core.bot.test_left_alone import ID, Host


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_one_of_a_declared_project_has_its_mark_and_another_has_none(host: Host) -> None:
    found = told([host.process(77), host.process(78, "0::/user.slice\n")], host.places)
    project = {"project": str(host.compose), "reason": "adopted on Sunday"}
    assert found == [
        {"pid": 77, "command": "freqtrade trade", "left_alone": project},
        {"pid": 78, "command": "freqtrade trade"},
    ]
    assert of_host(found[:1], host.places) == ([], [])


def test_where_nothing_is_foreign_nothing_is_read(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Places] = []
    monkeypatch.setattr(left_alone, "load", read.append)
    assert (told([], host.places), read) == ([], [])


@pytest.mark.parametrize("break_it", ["the list", "the container", "the process"])
def test_whatever_cannot_be_read_leaves_nothing_alone(host: Host, break_it: str) -> None:
    process = host.process(77)
    {
        "the list": host.places.file,
        "the container": host.places.containers / ID / "config.v2.json",
        "the process": host.places.proc / "77" / "cgroup",
    }[break_it].write_bytes(b"\xff\xfe")
    assert told([process], host.places) == [{"pid": 77, "command": "freqtrade trade"}]


def test_a_process_that_ended_meanwhile_costs_no_other_its_mark(host: Host) -> None:
    ended = host.process(76)
    (host.places.proc / "76" / "cgroup").unlink()
    assert ["left_alone" in each for each in told([ended, host.process(77)], host.places)] == [False, True]


def test_a_disk_that_is_stuck_costs_the_mark_and_not_the_answer(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, load = threading.Event(), left_alone.load
    monkeypatch.setattr(foreign_freqtrade, "SECONDS", 0.01)
    monkeypatch.setattr(left_alone, "load", lambda places: [gate.wait(5), load(places)][1])
    assert told([host.process(77)], host.places) == [{"pid": 77, "command": "freqtrade trade"}]
    gate.set()


def test_an_entry_of_which_nothing_runs_is_named_with_its_cure(host: Host) -> None:
    problems, notes = of_host([], host.places)
    assert problems == []
    assert notes == [f"nothing of {host.compose} runs: adopt it or take it out of host_left_alone"]


def test_where_something_undeclared_runs_nobody_says_that_nothing_of_it_does(host: Host) -> None:
    _, [note] = of_host([{"pid": 78, "command": "freqtrade trade"}], host.places)
    assert note == (f"no process is known to be of {host.compose}: see 'One after the other' in docs/runbooks/adopt.md")


def test_a_list_that_cannot_be_read_is_a_problem_with_its_cure(host: Host) -> None:
    host.places.file.write_text("{")
    [problem], notes = of_host([], host.places)
    assert problem.startswith(f"{host.places.file}: it is not JSON")
    assert problem.endswith("nothing is left alone; deploy.yml writes it again")
    assert notes == []
