"""Runs over a fleet: what real hosts answer, merged, paged, compared, written as pages and files."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from action_plugins import freqops_runs
from freqops.core.base import durable
from freqops.core.results import backtest_archive
from freqops.core.runs import risk_variables
from freqops.core.runs.risk_variables import HostRisk
from freqops.fleet import fanout
from freqops.hostctl import cli
from freqops.hostctl.commands import runs as command
from freqops.plays import connections
from tests.support import html_page
from tests.support.patience import GIVE_UP
from tests.unit.core.results import left
from tests.unit.hostctl.runs.laid import Tree

Spoil = Callable[[dict[str, Any]], dict[str, Any]]


class Fleet:
    """Hosts with trees of their own, each of which runs the real command; one without a tree is not reached."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: Path) -> None:
        self.patch, self.capsys, self.place = patch, capsys, place
        self.trees: dict[str, Tree | None] = {}
        self.spoil: dict[str, Spoil] = {}
        self.asked: list[dict[str, list[str]]] = []
        self.shown: list[str] = []

    @property
    def directory(self) -> Path:
        return self.place / "runs"

    def host(self, name: str, *releases: str) -> Tree:
        tree = Tree(self.place / name)
        tree.lay(*releases)
        self.trees[name] = tree
        return tree

    def answer(self, host: str, words: list[str]) -> fanout.Said:
        tree = self.trees[host]
        assert tree is not None
        self.patch.setattr(command, "Clock", lambda: tree.clock)
        self.capsys.readouterr()
        cli.main(words, tree.root)
        said = json.loads(self.capsys.readouterr().out)
        return (self.spoil[host](said) if host in self.spoil else said), None

    def run(self, action: str, *, check: bool = False, **given: Any) -> dict[str, Any]:
        def ask(
            _action: Any, _vars: Any, commands: Any, _patience: Any, _clock: Any = None, arrived: Any = None, *_: Any
        ) -> Any:
            self.asked.append(commands)
            said = {host: self.answer(host, words) for host, words in commands.items() if self.trees[host]}

            def connect(host: str) -> Any:
                if host not in said:
                    raise fanout.Unreachable("no route")
                return lambda: said[host]

            hosts: Any = {host: lambda host=host: connect(host) for host in commands}
            return fanout.ask(hosts, GIVE_UP, arrived=arrived or (lambda _answer: None))

        self.patch.setattr(connections, "ask", ask)
        made = freqops_runs.ActionModule.__new__(freqops_runs.ActionModule)
        arguments = {"action": action, "directory": str(self.directory), **given}
        made._task = cast(Task, SimpleNamespace(args=arguments, check_mode=check))
        self.shown.clear()
        return made.run(None, {"hostvars": {}, "ansible_play_hosts_all": list(self.trees), "reason": "full"})


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Fleet:
    made = Fleet(monkeypatch, capsys, tmp_path)
    durable.write_json(tmp_path / "risk.json", HostRisk().to_json(), 0o600)
    monkeypatch.setattr(risk_variables.load, "__defaults__", (tmp_path / "risk.json",))
    monkeypatch.setattr(command, "IN_SESSION", False)
    monkeypatch.setattr(ActionBase, "run", lambda *_: {})
    monkeypatch.setattr(Display, "display", lambda _self, text, *_, **__: made.shown.extend(text.split("\n")))
    return made


@pytest.fixture
def two(fleet: Fleet) -> Fleet:
    """Two hosts, each with five runs."""
    fleet.host("one", "2026.9")
    fleet.host("two", "2025.8")
    assert "failed" not in fleet.run("index")
    return fleet


def run_of(release: str, number: int = left.WINDOW) -> str:
    return backtest_archive.read(left.backtest(release, number), "TwoAverages").run_id


def test_an_index_says_what_each_host_took_and_again_nothing_changes(fleet: Fleet) -> None:
    fleet.host("one", "2026.9")
    fleet.host("two", "2025.8", "2024.11")
    looked = fleet.run("index", check=True)
    assert (looked["changed"], fleet.shown[-1]) == (True, "NOTHING WRITTEN, this was a look")
    done = fleet.run("index")
    assert (done["changed"], done.get("failed")) == (True, None)
    assert [line.split() for line in fleet.shown[3:5]] == [["one", "5", "0", "0", "0"], ["two", "10", "0", "0", "0"]]
    assert fleet.run("index")["changed"] is False


def test_an_index_that_could_not_read_something_fails(two: Fleet) -> None:
    tree = two.trees["two"]
    assert tree is not None
    path = tree.backtests / left.backtest("2025.8", left.WINDOW).name
    path.write_bytes(b"PK")
    done = two.run("index")
    assert done["failed"]
    assert done["msg"].startswith(f"NOT ALL READ: two: {path.name}: it is no zip file")
    assert f"NOT READ two: {path.name}" in "\n".join(two.shown)


def test_a_list_is_one_table_of_all_hosts_in_pages(two: Fleet) -> None:
    done = two.run("list")
    assert (done["total"], len(done["runs"]), done["changed"]) == (10, 10, False)
    moments = [row["started_utc"] for row in done["runs"]]
    assert moments == sorted(moments, reverse=True)
    assert [row["host"] for row in done["runs"]] == ["one"] * 5 + ["two"] * 5
    assert two.shown[-1] == "10 runs"
    pages = [[row["id"] for row in two.run("list", limit="4", page=str(page))["runs"]] for page in (1, 2, 3, 4)]
    assert pages == [[row["id"] for row in done["runs"][at : at + 4]] for at in (0, 4, 8, 12)]
    assert two.run("list", limit=3, page=2)["runs"][0]["id"] == done["runs"][3]["id"]
    assert two.shown[-1] == "runs 4 to 6 of 10"
    assert two.run("list", kind="hyperopt", since="2026-11-30T19:04:00Z")["total"] == 1
    words = ["runs", "list", "--json", "--limit=50", "--kind=hyperopt", "--since=2026-11-30T19:04:00Z"]
    assert two.asked[-1] == {"one": words, "two": words}
    assert two.run("list", bot="nobody")["runs"] == []
    assert two.shown[-1] == "no run"


def test_a_host_that_does_not_tell_is_no_empty_list(two: Fleet) -> None:
    two.trees["three"] = None
    for action, run in (("list", ""), ("export", ""), ("show", run_of("2026.9")), ("index", "")):
        done = two.run(action, run=run)
        assert done["failed"], action
        assert "three: unreachable: no route" in done["msg"], action
    assert not (two.directory / "runs.csv").exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda said: {**said, "total": 1},
        lambda said: {**said, "runs": [{**said["runs"][0], "id": None}]},
        lambda said: {**said, "runs": [{**said["runs"][0], "metrics": {"x": "y"}}]},
        lambda said: {**said, "runs": [{**said["runs"][0], "reason": ["x"]}]},
        lambda _said: {"runs": []},
    ],
)
def test_an_answer_that_is_none_is_not_shown(two: Fleet, spoil: Spoil) -> None:
    two.spoil["two"] = spoil
    done = two.run("list")
    assert done["failed"]
    assert {row["host"] for row in done["runs"]} == {"one"}


def test_a_run_is_shown_with_its_page(two: Fleet) -> None:
    run = run_of("2026.9")
    done = two.run("show", run=run)
    assert (done.get("failed"), [row["host"] for row in done["runs"]]) == (None, ["one"])
    [page] = done["pages"]
    assert page == str(two.directory / f"one-{run}.html")
    assert stat.S_IMODE(Path(page).stat().st_mode) == 0o600
    found = html_page.read(Path(page).read_text())
    assert "TwoAverages" in found.text
    assert f"page: {page}" in two.shown
    assert any(line.startswith("host: one") for line in two.shown)
    both = two.run("show", run=f"{run}, {run_of('2025.8')}")
    assert [row["host"] for row in both["runs"]] == ["one", "two"]
    assert len(both["pages"]) == 2


def test_in_a_check_no_page_is_written(two: Fleet) -> None:
    done = two.run("show", check=True, run=run_of("2026.9"))
    assert (done["pages"], two.shown[-1]) == ([], "NOTHING WRITTEN: this was a check")
    assert two.run("export", check=True)["skipped"]
    assert not two.directory.exists()


def test_a_run_that_no_host_has_is_named(two: Fleet) -> None:
    done = two.run("show", run=f"nobody,{run_of('2026.9')}")
    assert (done["failed"], done["msg"]) == (True, "NOT ALL SHOWN: no host has a run nobody")
    assert len(done["pages"]) == 1


def test_runs_of_two_hosts_are_compared(two: Fleet) -> None:
    done = two.run("compare", run=f"{run_of('2026.9')},{run_of('2025.8')}")
    assert done.get("failed") is None, done
    assert two.shown[1:3] == [f"A: one {run_of('2026.9')}", f"B: two {run_of('2025.8')}"]
    assert any(line.startswith("B: not the trades of A: trade 1 differs, ") for line in two.shown)
    [page] = done["pages"]
    text = html_page.read(Path(page).read_text()).text
    assert "one" in text
    assert "two" in text


def test_a_comparison_of_what_is_not_all_there_fails(two: Fleet) -> None:
    tree = two.trees["two"]
    assert tree is not None
    (tree.backtests / left.backtest("2025.8", left.WINDOW).name).unlink()
    done = two.run("compare", run=f"{run_of('2026.9')},{run_of('2025.8')}")
    assert done["failed"]
    assert f"two {run_of('2025.8')}: its trades: " in done["msg"]
    done = two.run("compare", run=f"{run_of('2026.9')},nobody")
    assert "there are fewer than two to compare" in done["msg"]
    assert done["pages"] == []


def test_all_runs_are_exported(two: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freqops_runs, "AT_ONCE", 2)
    done = two.run("export")
    assert (done["total"], done["changed"]) == (10, False)
    assert done["files"] == [str(two.directory / name) for name in ("runs.csv", "runs.json")]
    rows = list(csv.DictReader((two.directory / "runs.csv").open()))
    assert {row["host"] for row in rows} == {"one", "two"}
    assert len({row["id"] for row in rows}) == 10
    assert len(json.loads((two.directory / "runs.json").read_text())) == 10
    assert stat.S_IMODE((two.directory / "runs.csv").stat().st_mode) == 0o600
    assert two.run("export", kind="hyperopt")["total"] == 2


def test_a_prune_looks_then_removes(two: Fleet) -> None:
    looked = two.run("prune", check=True, days="30", keep="1")
    assert looked["changed"] is True
    assert any(line.startswith("one: GOES: runs: ") for line in two.shown)
    done = two.run("prune", days="30", keep="1")
    assert (done["changed"], done.get("failed")) == (True, None)
    assert any(line.startswith(f"one: GONE: runs: {run_of('2026.9')}") for line in two.shown)
    assert [word.partition("=")[0] for word in two.asked[-1]["one"]] == [
        "runs", "prune", "--json", "--days", "--keep", "--incident", "--reason", "--actor",
    ]  # fmt: skip
    assert two.run("prune", days="30", keep="1")["changed"] is False


def test_a_host_that_did_not_remove_fails_the_play(two: Fleet) -> None:
    def spoil(said: dict[str, Any]) -> dict[str, Any]:
        rows = [{**row, "verdict": "not removed", "why": ["the disk"]} for row in said["rows"]]
        return {**said, "rows": rows, "exit": 2, "proven": False, "changed": False}

    two.spoil["two"] = spoil
    done = two.run("prune", days="30", keep="1")
    assert done["failed"]
    assert done["msg"].startswith("NOT ALL PROVEN: two: runs: ")


@pytest.mark.parametrize(
    ("action", "given", "why"),
    [
        ("storm", {}, "not one of"),
        ("list", {"run": "x"}, "run cannot be given with action=list"),
        ("show", {"kind": "backtest", "run": "x"}, "kind cannot be given with action=show"),
        ("show", {}, "name runs by their ids"),
        ("show", {"run": "--help"}, "name runs by their ids"),
        ("show", {"run": "a,a"}, "each once"),
        ("compare", {"run": "a b"}, "name runs by their ids"),
        ("list", {"limit": "many"}, "limit is 'many'; allowed: a whole number"),
        ("list", {"page": "0"}, "page is '0'"),
        ("list", {"limit": "5000", "page": "3"}, "is beyond 10000 runs"),
        ("prune", {}, "days is ''; allowed"),
        ("prune", {"days": "-1"}, "days is '-1'"),
        ("prune", {"days": "30", "keep": "0"}, "keep is '0'"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_host_is_asked(
    two: Fleet, action: str, given: dict[str, Any], why: str
) -> None:
    two.asked.clear()
    done = two.run(action, **given)
    assert done["failed"]
    assert why in done["msg"]
    assert two.asked == []
