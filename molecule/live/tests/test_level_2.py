"""Level 2 over a host of bots, each with a disease of its own: one halt, then one more when the faults have ended.

The first is commanded from a terminal that dies at once; what came of it is read from the disk, row by row.
"""

from __future__ import annotations

import json
import signal
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.base.paths import INVENTORY
from lab.services.control import control
from tests.support.field import ROOT, Played, incident_of, play
from tests.support.live import HOST, LiveBot
from tests.support.live_diseases import HALTED, INCIDENT, Rows, deadline

VERDICTS = {
    "mixed": "NOT FLAT",
    "stranger": "FLAT NOT PROVEN",
    "stopped": "NOT FLAT",
    "silent": "NOT FLAT",
    "stormy": "FLAT, PROVEN",
    "dead": "NOT FLAT",
    "unborn": "FLAT, PROVEN",
}


@pytest.fixture(scope="module")
def first(ill: Future[Rows]) -> Rows:
    """The rows of the first halt."""
    return ill.result()


def test_each_bot_has_the_verdict_of_its_disease(first: Rows) -> None:
    assert {name: (row["verdict"], row["proven"]) for name, row in first.items()} == {
        name: (verdict, verdict.endswith(", PROVEN")) for name, verdict in VERDICTS.items()
    }, json.dumps(first, indent=1)


def said(row: dict[str, Any]) -> str:
    """Return everything that a row tells, in one text."""
    return "\n".join(row["detail"])


def test_four_of_five_are_closed_and_the_fifth_is_named(first: Rows, bots: dict[str, LiveBot]) -> None:
    row = first["mixed"]
    assert {trade.split()[1] for trade in row["closed"]} >= {"ETH/USDT", "SOL/USDT", "BNB/USDT", "LTC/USDT"}
    assert [position["pair"] for position in row["positions"]] == ["BTC/USDT"]
    assert "trade 1 BTC/USDT" in said(row)
    assert "asked to exit" in said(row)
    assert [
        order["symbol"] for order in bots["mixed"].orders("NEW", "PARTIALLY_FILLED") if order["side"] == "BUY"
    ] == []


def test_one_failing_pair_stops_no_other(bots: dict[str, LiveBot], first: Rows) -> None:
    """Every other trade was asked to exit before the failing one was asked again."""
    lines = [json.loads(line) for line in bots["mixed"].sh(
        f"cat /srv/freqops/incidents/{INCIDENT}/{HOST}-mixed-halt-*.jsonl").splitlines()]  # fmt: skip
    asked = [line["what"] for line in lines if "/forceexit" in line["what"]]
    failing = [number for number, what in enumerate(asked) if '"tradeid": "1"' in what]
    assert len(failing) > 1
    assert {what for what in asked if '"tradeid": "1"' not in what} <= set(asked[: failing[1]])


def test_what_is_not_the_bots_is_told_and_left(first: Rows, bots: dict[str, LiveBot]) -> None:
    kinds = {holding["coin"]: holding["kind"] for holding in first["mixed"]["exchange"]["holdings"]}
    assert kinds["DOGE"] == "foreign"
    assert kinds["BTC"] == "position"
    assert {kinds["ETH"], kinds["SOL"], kinds["LTC"]} == {"dust"}
    assert kinds["BNB"] in ("dust", "foreign")
    balances = bots["mixed"].balances()
    assert balances["BNB"] >= 1.5
    assert balances["DOGE"] == 100


def test_what_the_bot_does_not_know_keeps_it_from_being_proven(first: Rows) -> None:
    assert "an open order that stands in no record" in said(first["stranger"])
    assert "a fill that stands in no record: buy 0.5 SOL/USDT" in said(first["stranger"])


def test_a_stopped_trader_is_not_started_and_the_way_is_named(first: Rows, bots: dict[str, LiveBot]) -> None:
    assert "level 3, then flatten.yml" in said(first["stopped"])
    assert bots["stopped"].state() == "stopped"


def test_a_bot_that_fell_silent_is_not_proven_and_its_positions_come_from_the_exchange(first: Rows) -> None:
    row = first["silent"]
    assert row["acknowledged"]
    left = [holding["coin"] for holding in row["exchange"]["holdings"] if holding["kind"] == "position"]
    assert len(left) in (1, 2)
    assert all(f"{coin}, worth" in said(row) for coin in left)


def test_a_dead_bot_is_not_flat_and_not_started(first: Rows, bots: dict[str, LiveBot]) -> None:
    assert first["dead"]["state"] == "no process"
    assert "open in its records" in said(first["dead"])
    assert "stop at" in said(first["dead"])
    assert bots["dead"].processes() == []


@pytest.fixture(scope="module")
def second(first: Rows, bots: dict[str, LiveBot], tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The same command again, by its playbook, when the faults have ended and the silent bot speaks again."""
    control("DELETE", "/faults")
    bots["silent"].signal(signal.SIGCONT)
    inventory = tmp_path_factory.mktemp("with-diseases")
    document = yaml.safe_load((INVENTORY / "hosts.yml").read_text())
    declared = document["prod"]["hosts"][HOST]["freqtrade_bots"]
    declared += [{**declared[0], "name": name, "api_port": bots[name].port} for name in HALTED]
    (inventory / "hosts.yml").write_text(yaml.safe_dump(document))
    (inventory / "group_vars").symlink_to(INVENTORY / "group_vars")
    return play(
        "killswitch", "-e", "level=2", "-e", "reason=again", "-e", f"bots={','.join(HALTED)}",
        "-e", f"deadline={deadline(bots)}", inventory=str(inventory),
    )  # fmt: skip


def test_a_second_run_finishes_what_the_first_could_not(second: Played, bots: dict[str, LiveBot]) -> None:
    assert second.rc != 0, second.out  # the stopped, the dead and the strange one are as they were
    verdicts = {line.split()[1]: line for line in second.out.splitlines() if line.startswith(f"{HOST} ")}
    for name in ("mixed", "silent", "stormy", "unborn"):
        assert "FLAT, PROVEN" in verdicts[name], second.out
    for name in ("stranger", "stopped", "dead"):
        assert "FLAT, PROVEN" not in verdicts[name], second.out
    assert bots["mixed"].trades() == []
    assert bots["mixed"].resting() == []
    assert bots["mixed"].balances()["BNB"] >= 1.5


def test_both_runs_are_one_incident_and_its_report_is_here(second: Played) -> None:
    assert incident_of(second.out) == INCIDENT
    report = (ROOT / "incidents" / INCIDENT / "report.md").read_text()
    for word in ("diseases", "again", "BTC/USDT", "FLAT, PROVEN", "NOT FLAT"):
        assert word in report
    assert json.loads((Path(ROOT) / "incidents" / INCIDENT / "summary.json").read_text())["proven"] is False
