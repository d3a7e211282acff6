"""``freqops-host runs``: its words, its answers, its exit status, and what it refuses before it looks."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.results import backtest_archive, document
from freqops.core.runs import risk_variables
from freqops.core.runs.risk_variables import HostRisk
from freqops.core.runs.run_records import Begun
from freqops.hostctl import cli
from freqops.hostctl.commands import runs as command
from tests.unit.core.results import left
from tests.unit.hostctl.runs.laid import Tree


class Ran:
    """The command on a host with what a release left, as a command line calls it."""

    def __init__(self, tree: Tree, capsys: pytest.CaptureFixture[str], declared: Path) -> None:
        self.tree, self._capsys, self.declared = tree, capsys, declared

    def __call__(self, *words: str) -> tuple[int, str]:
        self._capsys.readouterr()
        status = cli.main(["runs", *words], self.tree.root)
        return status, self._capsys.readouterr().out

    def json(self, *words: str) -> dict[str, Any]:
        status, said = self(*words, "--json")
        found: dict[str, Any] = json.loads(said)
        return {**found, "status": status}


@pytest.fixture
def ran(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ran:
    tree, declared = Tree(tmp_path), tmp_path / "risk.json"
    tree.lay("2026.9")
    (tmp_path / "user_data" / "logs").mkdir()
    durable.write_json(declared, HostRisk().to_json(), 0o600)
    monkeypatch.setattr(risk_variables.load, "__defaults__", (declared,))
    monkeypatch.setattr(command, "Clock", lambda: tree.clock)
    monkeypatch.setattr(command, "IN_SESSION", False)
    return Ran(tree, capsys, declared)


@pytest.fixture
def indexed(ran: Ran) -> Ran:
    assert ran("index")[0] == 0
    return ran


def run_of(number: int) -> str:
    return backtest_archive.read(left.backtest("2026.9", number), "TwoAverages").run_id


def log(ran: Ran) -> list[str]:
    path = ran.tree.root / "user_data" / "logs" / "freqops.log"
    return [json.loads(line)["message"] for line in path.read_text().splitlines()] if path.exists() else []


def test_an_index_says_what_it_took_and_the_second_time_nothing(ran: Ran) -> None:
    looked = ran.json("index", "--look")
    assert (len(looked["taken"]), looked["changed"], looked["status"]) == (5, True, 0)
    assert ran.tree.rows()["runs"] == 0
    status, said = ran("index")
    assert (status, said.splitlines()[-2:]) == (0, ["5 taken, 0 updated, 0 unchanged", "ALL READ"])
    assert f"TAKEN: {run_of(left.WINDOW)}" in said
    again = ran.json("index")
    assert (again["taken"], again["unchanged"], again["changed"]) == ([], 5, False)


def test_an_index_that_cannot_read_something_says_why_and_ends_with_2(ran: Ran) -> None:
    left_one = ran.tree.backtests / left.backtest("2026.9", left.WINDOW).name
    left_one.write_bytes(b"PK")
    status, said = ran("index")
    assert status == 2
    assert f"NOT READ: {left_one.name}: it is no zip file" in said
    assert said.splitlines()[-1] == "NOT ALL READ"


def test_runs_are_listed_in_pages_the_latest_execution_first(indexed: Ran) -> None:
    status, said = indexed("list")
    lines = said.splitlines()
    assert (status, lines[0].split()[:3], lines[-1]) == (0, ["run", "kind", "strategy"], "5 runs")
    assert lines[2].startswith(run_of(left.GAP))
    assert "+4.28%" in lines[2]
    assert "0.90%" in lines[2]
    assert "24.09" in lines[6], "the smallest loss of the hyperopt"
    page = indexed.json("list", "--limit=2", "--page=2")
    assert (len(page["runs"]), page["total"]) == (2, 5)
    assert indexed("list", "--limit=2", "--page=2")[1].splitlines()[-1] == "runs 3 to 4 of 5"
    assert indexed("list", "--limit=2", "--page=9")[1] == "no run on this page; there are 5\n"
    assert indexed("list", "--strategy=Other")[1] == "no run\n"
    assert not any(name.endswith("_json") for row in page["runs"] for name in row)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (["--kind=hyperopt"], 1), (["--strategy=TwoAverages"], 4), (["--strategy=Never", "--status=finished"], 1),
        (["--status=unknown"], 1), (["--since=2026-11-30T19:05:11Z"], 3), (["--until=2026-11-30T19:05:11Z"], 4),
        (["--bot=alpha"], 0),
    ],
)  # fmt: skip
def test_filters_sort_out(indexed: Ran, words: list[str], number: int) -> None:
    assert indexed.json("list", *words)["total"] == number


def test_a_run_is_shown_with_all_that_it_left(indexed: Ran) -> None:
    run = run_of(left.WINDOW)
    status, said = indexed("show", run)
    assert status == 0
    assert f"id: {run}" in said
    assert ["max_drawdown_account", "0.0312412"] in [line.split() for line in said.splitlines()]
    answer = indexed.json("show", run, "nobody")
    assert (answer["status"], answer["absent"]) == (0, ["nobody"])
    [found] = [document.read(each) for each in answer["documents"]]
    assert found.backtest is not None
    assert found.backtest.trades == backtest_archive.read(left.backtest("2026.9", left.WINDOW)).trades
    assert (found.notes, len(found.artifacts)) == ((), 2)
    assert found.run["host"] == os.uname().nodename


def test_of_a_hyperopt_the_best_epochs_are_shown(indexed: Ran) -> None:
    run = indexed.json("list", "--kind=hyperopt")["runs"][0]["id"]
    _, said = indexed("show", run)
    lines = said.splitlines()
    at = lines.index("epochs, 7 of 7, the smallest loss first:")
    assert [line.split()[0] for line in lines[at + 3 : at + 10]] == ["2", "1", "5", "4", "7", "3", "6"]
    assert "fast 6, slow 32" in lines[at + 3]


def test_what_a_run_no_longer_has_is_said(indexed: Ran) -> None:
    path = indexed.tree.backtests / left.backtest("2026.9", left.WINDOW).name
    path.write_bytes(left.backtest("2026.9", left.GAP).read_bytes())
    status, said = indexed("show", run_of(left.WINDOW))
    assert (status, said.splitlines()[-1]) == (
        0,
        f"MISSING: its trades: user_data/backtest_results/{path.name} is not what it was when the run was written down",
    )
    path.unlink()
    assert indexed("show", run_of(left.WINDOW))[1].splitlines()[-1].endswith(f"{path.name} is missing")


def test_a_run_of_ours_shows_its_gaps(indexed: Ran) -> None:
    data = {"ETH_USDT-1h.feather": {"candles": 3, "gaps": [["2025-06-07T20:00:00Z", "2025-06-09T08:00:00Z"]]}}
    with indexed.tree.opened() as present:
        present.begin_run(Begun("ours", "download", indexed.tree.clock.utcnow()))
        present.end_run("ours", "finished", indexed.tree.clock.utcnow(), {}, more={"data_json": json.dumps(data)})
        present.begin_run(Begun("odd", "download", indexed.tree.clock.utcnow()))
        present.end_run("odd", "finished", indexed.tree.clock.utcnow(), {}, more={"data_json": '{"x": [1]}'})
    [found] = indexed.json("show", "ours")["documents"]
    gap = {"begins": "2025-06-07T20:00:00+00:00", "ends": "2025-06-09T08:00:00+00:00"}
    assert found["gaps"] == [{"pair": "ETH/USDT", "timeframe": "1h", **gap}]
    [found] = indexed.json("show", "odd")["documents"]
    assert found["notes"] == ["the gaps in its candles: those of 'x' are none"]


def test_runs_are_compared(indexed: Ran) -> None:
    status, said = indexed("compare", run_of(left.WINDOW), run_of(left.GAP))
    lines = said.splitlines()
    assert status == 0
    assert lines[:2] == [f"{letter}: {os.uname().nodename} {run_of(n)}" for letter, n in (("A", 0), ("B", 2))]
    assert any(line.startswith("profit_total ") and line.endswith("yes") for line in lines)
    assert any(line.startswith("buy.fast ") and not line.endswith("yes") for line in lines)
    assert lines[-1].startswith("B: not the trades of A: 26 and 13 trades; trade ")
    assert len(indexed.json("compare", run_of(left.WINDOW), run_of(left.GAP))["documents"]) == 2
    (indexed.tree.backtests / left.backtest("2026.9", left.GAP).name).unlink()
    status, said = indexed("compare", run_of(left.WINDOW), run_of(left.GAP))
    assert (status, "MISSING of B: its trades: " in said) == (2, True)


def test_runs_are_exported_as_csv_and_json(indexed: Ran) -> None:
    with indexed.tree.opened() as present:
        more = {"reason": "=cmd|' /C calc'!A0", "actor": "a\nb"}
        present.begin_run(Begun("ours", "download", indexed.tree.clock.utcnow(), more=more))
    status, said = indexed("export")
    rows = list(csv.DictReader(io.StringIO(said)))
    assert (status, len(rows), rows[0]["id"]) == (0, 6, "ours")
    assert rows[0]["reason"] == "'=cmd|' /C calc'!A0", "a spreadsheet calculates nothing"
    assert rows[0]["actor"] == r"a\nb"
    assert rows[1]["metric.max_drawdown_account"] == "0.008987509073274148"
    assert rows[1]["metric.profit_mean"].startswith("0.03")
    assert float(rows[2]["metric.profit_total_abs"]) < 0
    found = json.loads(indexed("export", "--format=json", "--kind=backtest")[1])
    assert len(found) == 4
    assert found[0]["metrics"]["trades"] == 13.0


def test_a_prune_looks_then_removes_and_is_logged(indexed: Ran) -> None:
    words = ("prune", "--days=30", "--keep=1")
    looked = indexed.json(*words, "--look")
    assert [row["name"] for row in looked["rows"] if row["verdict"] == "goes"] == [run_of(left.WINDOW)]
    assert (looked["changed"], looked["status"], looked["what"]) == (True, 0, "prune")
    status, said = indexed(*words, "--actor=ann@host")
    assert status == 0
    assert f"GONE: runs: {run_of(left.WINDOW)}" in said
    assert "ALL PROVEN" in said
    assert log(indexed) == ["runs index: proven", f"gone: {run_of(left.WINDOW)}", "runs prune: proven"]
    assert indexed.json(*words)["changed"] is False


def test_without_what_the_guard_counts_nothing_is_pruned(indexed: Ran) -> None:
    indexed.declared.write_text("{}")
    status, said = indexed("prune", "--days=30", "--keep=1")
    assert (status, "it is not known how many runs the drawdown guard counts" in said) == (1, True)
    durable.write_json(indexed.declared, HostRisk(backtest_drawdown_runs=3).to_json(), 0o600)
    assert indexed.json("prune", "--days=30", "--keep=1")["changed"] is False


@pytest.mark.parametrize(
    "words",
    [
        [], ["list", "--kind=plot"], ["list", "--limit=0"], ["list", "--limit=x"], ["list", "--page=-1"],
        ["list", "--since=soon"], ["list", "--status=ok"], ["show"], ["show", "nobody"], ["compare", "one"],
        ["prune"], ["prune", "--days=0"], ["prune", "--days=30", "--keep=0"], ["export", "--format=xml"],
    ],
)  # fmt: skip
def test_bad_words_are_refused_and_nothing_happens(indexed: Ran, words: list[str]) -> None:
    before = indexed.tree.dump()
    assert indexed(*words)[0] == 1
    assert indexed.tree.dump() == before


def test_what_is_compared_must_be_here_and_named_once(indexed: Ran) -> None:
    run = run_of(left.WINDOW)
    assert "name from two to 10 runs, each once" in indexed("compare", run, run)[1]
    assert "there is no run nobody on this host" in indexed("compare", run, "nobody")[1]
    assert "name from two to 10" in indexed("compare", *(f"{number}" for number in range(11)))[1]
