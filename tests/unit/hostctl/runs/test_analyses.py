"""An analysis on its host: its program, what it left, its end in the registry, and its document."""

from __future__ import annotations

import argparse
import json
import os
import zipfile
from pathlib import Path
from typing import Any, cast

import pytest

from freqops.core.base.clock import iso
from freqops.core.base.errors import Refused
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.bot import host_command
from freqops.core.deploy import zipapp
from freqops.core.results import analysis_file
from freqops.core.runs import (
    breaker_gate,
    registry,
    registry_migration,
    registry_schema,
    risk_variables,
    run_command,
    run_id,
    run_inputs,
    run_tables,
    slot_processes,
)
from freqops.core.runs.candles import Candles
from freqops.core.runs.run_command import ANALYSIS, PROGRAM
from freqops.core.runs.run_inputs import Inputs
from freqops.core.runs.run_records import Begun
from freqops.core.runs.slot_directory import SlotDirectory
from freqops.core.runs.slots import Holder, Wanted
from freqops.hostctl.commands import run as run_command_line
from freqops.hostctl.runs import beginning, candle_files, ending, gate, harvest, program, run_directory, run_rows
from freqops.hostctl.runs.documents import of_runs
from freqops.hostctl.runs.run_directory import ASKED, CANCELLED, CONTAINED, ENDED, RunDirectory
from freqops.hostctl.runs.run_engine import RunEngine
from tests.support import run_documents
from tests.unit.fakes import FakeClock

RUNS = {kind: f"{kind}-20260131T180000Z-0a1b2c" for kind in run_id.ANALYSES}
SAID = {"lookahead_analysis": run_documents.LOOKAHEAD, "recursive_analysis": run_documents.RECURSIVE}
OF_KIND: dict[str, dict[str, Any]] = {
    "lookahead_analysis": {"least_trades": 10, "trades": 20},
    "recursive_analysis": {"startup_candles": [199, 400], "most_variance": 0.1},
}
BEGAN = FakeClock().utcnow()
CANDLES = Candles(5000, "2026-01-01T00:00:00Z", "2026-01-18T00:00:00Z", (), 0, "a" * 64)
SOURCE = Path(host_command.__file__).parents[2]


class Host:
    """A host with one analysis, whose container has ended."""

    def __init__(self, root: Path, kind: str) -> None:
        self.root, self.run, self.kind = root, RUNS[kind], kind
        self.place = RunDirectory(root, self.run)
        self.place.make()
        inputs = {"kind": kind, "strategy": "Mine", "timerange": "20260101-20260117", "memory": "2g", **OF_KIND[kind]}
        self.asked: dict[str, Any] = {
            "version": 1, "id": self.run, "kind": kind, "inputs": inputs, "strategy": "Mine", "exchange": "binance",
            "pairs": ["BTC/USDT"], "image": "image", "commands": [["python3"]], "place": f"user_data/runs/{self.run}",
            "started_utc": iso(BEGAN), "program": "b" * 64, **dict.fromkeys(run_rows.TEXTS, ""),
        }  # fmt: skip
        registry_migration.prepare(registry.place(root), FakeClock(), owner=os.getuid())
        with registry.opened(registry.place(root), write=True) as opened:
            opened.begin_run(Begun(self.run, kind, BEGAN, "Mine", run_rows.begun(self.asked)))
        self.contained(exit_status=0)

    @property
    def result(self) -> Path:
        return self.place.output / ANALYSIS

    def leave(self, **changed: Any) -> None:
        """Leave a result."""
        self.result.write_text(json.dumps({**SAID[self.kind], **changed}))

    def contained(self, **how: Any) -> None:
        """Say how its container ended."""
        self.place.write(CONTAINED, {"exit_status": 0, "out_of_memory": False, "duration_s": 4.0, **how})

    def ended(self) -> dict[str, Any]:
        """Decide its end, and enter it."""
        document = ending._decided(self.place, self.asked, cast(RunEngine, None), FakeClock(), "")
        ending._enter(self.place, self.asked, document)
        return document

    def row(self) -> tuple[dict[str, Any], dict[str, float]]:
        with registry.opened(registry.place(self.root)) as opened:
            return opened.run(self.run) or {}, opened.run_rows().metrics(self.run)


@pytest.fixture
def host_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(run_directory, "CONTAINER_UID", os.getuid())
    monkeypatch.setattr(candle_files, "read", lambda *_: ({"BTC_USDT-5m.feather": CANDLES}, []))
    return lambda kind="lookahead_analysis": Host(tmp_path, kind)


@pytest.mark.parametrize("kind", SAID)
def test_what_passed_has_a_row_with_all_that_reproduces_it(host_of: Any, kind: str) -> None:
    host = host_of(kind)
    host.leave()
    assert host.ended()["status"] == "finished"
    row, metrics = host.row()
    assert (row["status"], row["kind"], row["freqtrade_version"]) == ("finished", kind, "2026.9")
    assert metrics["passed"] == 1.0
    assert json.loads(row["config_json"])["program"] == "b" * 64
    assert json.loads(row["data_json"])["BTC_USDT-5m.feather"]["sha256"] == "a" * 64


@pytest.mark.parametrize(
    ("changed", "status", "why"),
    [
        ({"biased": True, "biased_entries": 2}, "finished", "BIASED in 20 trades: 2 biased entries"),
        ({"trades": 3, "judged": False}, "failed", "not judged: 3 of 10 trades"),
        ({"trades": 0, "judged": False}, "failed", "not judged: 0 of 10 trades"),
        ({"least_trades": 1}, "failed", "its result cannot be read: it wanted 1 to 20 trades, which nobody asked for"),
        ({"strategy": "Other"}, "failed", "its result cannot be read"),
        ({"biased": True}, "failed", "contradicts itself"),
        ({"more": "x" * 2**21}, "failed", "more than 1048576"),
        ({"trades": float("nan")}, "failed", "NaN"),
    ],
)
def test_what_did_not_pass_has_no_metric_that_says_so(
    host_of: Any, changed: dict[str, Any], status: str, why: str
) -> None:
    host = host_of()
    host.leave(**changed)
    end = host.ended()
    assert end["status"] == status
    assert why in end["reason"]
    row, metrics = host.row()
    assert row["end_reason"] == end["reason"]
    assert metrics.get("passed", 0.0) == 0.0


@pytest.mark.parametrize("kind", SAID)
def test_an_end_with_0_and_no_file_failed_whatever_the_log_says(host_of: Any, kind: str) -> None:
    host = host_of(kind)
    host.place.log.write_text("Mine: no bias detected\nx - ERROR - There were no strategies specified\n")
    end = host.ended()
    assert (end["status"], end["metrics"]) == ("failed", {})
    assert end["reason"] == "Freqtrade ended with 0 and left no result: There were no strategies specified"


def test_a_file_that_is_a_link_is_not_read(host_of: Any, tmp_path: Path) -> None:
    host = host_of()
    (tmp_path / "elsewhere.json").write_text(json.dumps(SAID["lookahead_analysis"]))
    host.result.symlink_to(tmp_path / "elsewhere.json")
    end = host.ended()
    assert end["status"] == "failed"
    assert "it is a link, not a plain file" in end["reason"]


@pytest.mark.parametrize(
    ("how", "status", "why"),
    [
        ({"exit_status": 1}, "failed", "Freqtrade ended with 1"),
        ({"exit_status": 137, "out_of_memory": True}, "failed", "it was killed for memory"),
        ({"exit_status": None}, "failed", "nobody saw its end"),
    ],
)
def test_a_good_file_of_a_container_that_ended_badly_is_no_result(
    host_of: Any, how: dict[str, Any], status: str, why: str
) -> None:
    host = host_of()
    host.leave()
    host.contained(**how)
    end = host.ended()
    assert end["status"] == status
    assert why in end["reason"]


def test_one_that_was_cancelled_is_stopped(host_of: Any) -> None:
    host = host_of()
    host.place.write(CANCELLED, {"actor": "ann", "reason": "enough"})
    assert host.ended()["status"] == "stopped"
    assert host.row()[0]["end_reason"] == "cancelled by ann: enough"


def test_a_pair_that_nobody_asked_for_is_no_result(host_of: Any) -> None:
    host = host_of("recursive_analysis")
    host.leave(pair="../etc")
    found = harvest.of_run(host.place, host.asked, cast(RunEngine, None))
    assert found.verdict is None
    assert "its pair is ../etc, which nobody asked for" in found.unreadable


@pytest.mark.parametrize("kind", SAID)
def test_its_document_has_what_it_found_as_long_as_the_file_is_what_it_was(host_of: Any, kind: str) -> None:
    host = host_of(kind)
    host.leave()
    host.ended()
    for found, note in ((True, ""), (False, "is not what it was"), (False, "is missing")):
        with registry.opened(registry.place(host.root)) as opened:
            [document], _ = of_runs(host.root, opened, [host.run])
        assert (document.analysis is not None) is found
        assert note in "".join(document.notes)
        if host.result.exists() and not found:
            host.result.unlink()
        elif found:
            host.leave(freqtrade_version="2027.1")


def test_its_program_is_that_of_this_command_and_stands_apart_from_what_strategies_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_directory, "CONTAINER_UID", os.getuid())
    tool = tmp_path / "freqops-host"
    tool.write_bytes(zipapp.build(SOURCE))
    monkeypatch.setattr(host_command, "TOOL", str(tool))
    place = RunDirectory(tmp_path, RUNS["lookahead_analysis"])
    place.make()
    assert len(program.put(place)) == 64
    assert (place.input / PROGRAM).read_bytes() == (SOURCE / "research" / "analysis.py").read_bytes()
    with zipfile.ZipFile(tool, "w"):
        pass
    with pytest.raises(Refused, match=r"has no freqops/research/analysis\.py"):
        program.put(place)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (
            {"kind": "lookahead_analysis", "fee": "0.001", "least_trades": "3", "trades": "5"},
            "lookahead-analysis … --fee 0.001 --minimum-trade-amount 3 --targeted-trade-amount 5",
        ),
        ({"kind": "lookahead_analysis"}, "lookahead-analysis … --minimum-trade-amount 10 --targeted-trade-amount 20"),
        ({"kind": "recursive_analysis"}, "recursive-analysis … --startup-candle 199 399 499 999 1999"),
        ({"kind": "recursive_analysis", "startup_candles": "400,30"}, "recursive-analysis … --startup-candle 30 400"),
    ],
)
def test_its_command_is_the_plain_one_of_freqtrade_behind_the_program(inputs: dict[str, str], words: str) -> None:
    asked = run_inputs.parsed({"strategy": "Mine", "timerange": "20260101-20260117", **inputs})
    [command] = run_command.commands(asked, "Mine", "binance")
    assert command[:3] == ["python3", "/freqops/release/program/analysis.py", "/freqops/output/analysis.json"]
    first, _, last = words.partition(" … ")
    assert command[3] == first
    assert " ".join(command).endswith(f"--timerange 20260101-20260117 {last}")


@pytest.mark.parametrize("kind", SAID)
def test_its_id_is_a_name_of_all_that_it_has_and_it_takes_the_slot_of_a_backtest(kind: str) -> None:
    run = run_id.new(kind, FakeClock().utcnow())
    assert run_id.checked(run) == run
    assert (run_id.kind_of(run), run_id.slot_of(kind)) == (kind, "backtest")
    assert kind in analysis_file.READERS
    assert kind in registry_schema.KINDS
    assert run_id.network(run) == f"freqops-run-{run.lower()}"
    assert Wanted(run_id.slot_of(kind), Holder(slot_processes.this(), "host", "ann"), run_id.correlation(run)).cid


def test_one_that_did_not_pass_is_listed_so_and_shown_with_its_indicators(host_of: Any) -> None:
    host = host_of("recursive_analysis")
    [first, second] = run_documents.RECURSIVE["indicators"]
    host.leave(indicators=[first, {**second, "lookahead": True}])
    host.ended()
    row, metrics = host.row()
    assert run_tables.status({**row, "metrics": metrics}).startswith("not passed: BIASED with the strategy's own 30")
    assert run_tables.status({**row, "metrics": {**metrics, "passed": 1.0}}) == "finished"
    with registry.opened(registry.place(host.root)) as opened:
        [document], _ = of_runs(host.root, opened, [host.run])
    lines = list(run_tables.shown(document))
    assert [line.split() for line in lines if line.startswith(("ema", "mean"))] == [
        ["ema", "-0.05", "%", "no", "figure", "none"], ["mean", "none", "none", "none", "look-ahead"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("inputs", "settled"),
    [
        (Inputs("lookahead_analysis"), {"least_trades": 10, "trades": 20}),
        (Inputs("lookahead_analysis", least_trades=2, trades=3), {"least_trades": 2, "trades": 3}),
        (Inputs("recursive_analysis"), {"startup_candles": (199, 399, 499, 999, 1999), "most_variance": 0.1}),
        (Inputs("recursive_analysis", startup_candles=(30,), most_variance=0.0),
         {"startup_candles": (30,), "most_variance": 0.0}),
    ],
)  # fmt: skip
def test_what_was_left_open_stands_in_its_inputs(inputs: Inputs, settled: dict[str, Any]) -> None:
    found = beginning._settled(inputs)
    assert {name: getattr(found, name) for name in settled} == settled
    assert run_inputs.parsed({**found.to_json(), "bot": "alpha", "timerange": "20260101-20260117"}) is not None


@pytest.mark.parametrize("kind", SAID)
def test_breaker_and_slots_are_asked_as_for_a_backtest_and_the_drawdown_is_not(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def breaker(_root: Path, slot: str, _now: object) -> tuple[str, ...]:
        asked.append(slot)
        return ()

    monkeypatch.setattr(breaker_gate, "ask", breaker)
    monkeypatch.setattr(SlotDirectory, "look", lambda _self, wanted: asked.append(wanted.kind))
    monkeypatch.setattr(risk_variables, "load", lambda: asked.append("drawdown"))
    monkeypatch.setattr(gate, "_load", lambda _root: "")
    assert gate.ask(tmp_path, kind, "Mine", FakeClock(), force=False) == []
    assert asked == ["backtest", "backtest"]


@pytest.mark.parametrize(("changed", "status"), [({}, PROVEN), ({"biased": True, "biased_exits": 1}, NOT_PROVEN)])
def test_following_one_that_did_not_pass_ends_with_an_error(
    host_of: Any, changed: dict[str, Any], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    host = host_of()
    host.place.write(ASKED, host.asked)
    host.leave(**changed)
    host.place.write(ENDED, host.ended())
    words = argparse.Namespace(root=host.root, action="follow", run=host.run, json=False)
    assert run_command_line.run(words) == status
    assert f"{host.run}: finished: " in capsys.readouterr().out
