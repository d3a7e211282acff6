"""Strategies read on a host with bots: what stands in its registry, and what is left of it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from tests.support.field import ROOT, Played, play
from tests.support.research import Research

BROKEN = Path(__file__).with_name("strategies") / "broken" / "BrokenStrategy.py"
SHIPPED = "MaCrossoverStrategy"
LEFT = "ls -d /srv/freqops/user_data/strategies_read 2>/dev/null; docker ps -aq --filter name=freqops-strategies"


def read(host: Research, output: Path, *words: str) -> Played:
    return play("strategies", "--limit", host.host.name, "-e", f"output={output}", *words)


def rows(host: Research) -> dict[str, dict[str, Any]]:
    return {str(row["class_name"]): row for row in host.rows("SELECT * FROM strategies")}


def changed(done: Played) -> int:
    return sum(int(number) for number in re.findall(r"changed=(\d+)", done.out))


def test_strategies_stand_in_the_registry_and_the_second_time_nothing_changes(host: Research, tmp_path: Path) -> None:
    place, output = tmp_path / "mine", tmp_path / "pages"
    shutil.copytree(ROOT / "strategies", place, ignore=shutil.ignore_patterns("__pycache__"))
    first = read(host, output, "-e", f"strategy_dir={place}")
    assert first.rc == 0, first.out
    assert "strategies: done, 1 of 1 hosts" in first.out
    assert f"page: {output / 'strategies.html'}" in first.out
    assert SHIPPED in (output / "strategies.html").read_text()
    before = rows(host)
    parameters, risk = (json.loads(before[SHIPPED][name]) for name in ("parameters_json", "risk_json"))
    assert (before[SHIPPED]["status"], before[SHIPPED]["timeframes"]) == ("read", "5m")
    assert [each["name"] for each in parameters["parameters"]] == ["ema_fast", "ema_slow"]
    assert (risk["entry_gate"], risk["stoploss"]) == (True, -0.1)
    assert "@sha256:" in parameters["image"]

    again = read(host, output, "-e", f"strategy_dir={place}")
    assert (again.rc, changed(again)) == (0, 0), again.out
    assert rows(host) == before

    shutil.copy(BROKEN, place)
    looked = read(host, output, "-e", f"strategy_dir={place}", "--check")
    assert "NOTHING WRITTEN: this was a check" in looked.out, looked.out
    assert rows(host) == before
    broken = read(host, output, "-e", f"strategy_dir={place}")
    assert broken.rc == 2, broken.out
    assert "NOT DONE" in broken.out
    assert "a_module_that_nobody_has" in broken.out
    now = rows(host)
    assert (now["BrokenStrategy"]["status"], now[SHIPPED]["status"]) == ("not read", "read")
    assert json.loads(now["BrokenStrategy"]["parameters_json"])["missing"] == ["a_module_that_nobody_has"]
    assert host.sh(f"{LEFT} ; true").strip() == ""


def test_what_a_bot_runs_has_the_checksum_of_its_runs(host: Research, tmp_path: Path) -> None:
    done = read(host, tmp_path, "-e", f"bot={host.bot}")
    assert done.rc == 0, done.out
    run = host.begun("backtest")
    assert host.end_of(run)["status"] == "finished"
    row = host.row(run)
    kept = rows(host)[row["strategy"]]
    assert json.loads(kept["parameters_json"])["strategy_sha256"] == row["strategy_sha256"]
    assert kept["class_name"] == row["strategy"]
