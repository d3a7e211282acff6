"""Backtests on a host: what they leave, what they may not reach, and when they may not begin."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.field import Background, play, until
from tests.support.research import RUNS, Research

STRATEGIES = Path(__file__).with_name("strategies")
OWN = Path(__file__).resolve().parents[3] / "strategies"
WINDOW = ("-e", "pairs=BTC/USDT,ETH/USDT", "-e", "timeframe=5m", "-e", "timerange=20260103-20260110")


def test_two_in_the_same_second_have_a_result_each_and_a_row_reproduces_its_run(host: Research) -> None:
    with ThreadPoolExecutor(2) as both:
        first, second = both.map(host.begun, ("backtest", "backtest"))
        ends = dict(zip((first, second), both.map(host.end_of, (first, second)), strict=True))
    assert first != second
    rows = [host.row(run) for run in (first, second)]
    for run, row in zip((first, second), rows, strict=True):
        assert ends[run]["status"] == row["status"] == "finished", (ends[run], host.log(run))
        assert row["bot_release"] in host.sh("ls /srv/freqops/bots/alpha/release").split()
        assert "@sha256:" in row["docker_image"]
        assert row["duration_s"] > 0
        [artifact] = host.rows("SELECT * FROM artifacts WHERE run_id = ?", run)
        assert artifact["sha256"] in host.sh(f"sha256sum /srv/freqops/{artifact['path']}")
        data = json.loads(row["data_json"])
        named = host.sh("sha256sum /srv/freqops/user_data/data/binance/BTC_USDT-5m.feather")
        assert data["BTC_USDT-5m.feather"]["sha256"] in named
        host.nothing_left(run)
    same = ("strategy_sha256", "config_sha256", "data_sha256", "command_json", "docker_image")
    assert [rows[0][name] for name in same] == [rows[1][name] for name in same]
    assert ends[first]["metrics"]["trades"] > 0
    figures = [end["metrics"] for end in ends.values()]
    assert figures[0] == figures[1]
    assert host.sh(f"find {RUNS} -path '*backtest_results*' -name '*.zip' | xargs -n1 dirname | sort | uniq -d") == ""
    again = ("--limit", host.host.name, "-e", "action=reproduce", "-e", f"run={first}")
    repeated = play("runs", *again)
    assert repeated.rc == 0, repeated.out
    assert f": the same {ends[first]['metrics']['trades']:.0f} trades" in repeated.out, repeated.out
    host.sh(f"sed -i 1i# {RUNS}/{first}/input/strategies/*.py")
    refused = play("runs", *again)
    assert refused.rc == 2, refused.out
    assert f"is not the one that {first} had" in refused.out, refused.out


def test_it_goes_on_without_its_control_node_and_reaches_nothing_of_a_bot(host: Research, tmp_path: Path) -> None:
    place = tmp_path / "curious"
    shutil.copytree(STRATEGIES / "curious", place)
    asked = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
    addresses = host.sh(f"docker inspect --format '{asked}' freqops-alpha freqops-beta freqops-postgres").split()
    assert addresses
    (place / "addresses.json").write_text(json.dumps(addresses))
    own = ("-e", "strategy=CuriousStrategy", "-e", f"strategy_dir={place}")
    log = tmp_path / "play.log"
    running = Background(log, "backtest", "--limit", host.host.name, *own, *WINDOW)
    until("it goes on by itself", lambda: "goes on by itself" in log.read_text() or running.process.poll() is not None)
    running.kill()
    [run] = {word.rstrip(":") for word in log.read_text().split() if word.startswith("backtest-2")}
    again = play("backtest", "--limit", host.host.name, "-e", f"run={run}")
    assert again.rc == 0, again.out
    assert "backtest: done, 1 of 1 hosts" in again.out
    said = host.log(run)
    assert "REACHED [] END" in said, said[:3000]
    assert "bytes were left out here" in said
    assert "candles: 100%" in said
    assert len(said) < 3 * 1024 * 1024
    assert host.row(run)["status"] == "finished"


def test_another_parameter_file_alone_is_another_run(host: Research, tmp_path: Path) -> None:
    name, rows = "MaCrossoverStrategy", []
    shutil.copy(OWN / f"{name}.py", tmp_path)
    for fast, slow in ((8, 21), (3, 60)):
        written = {"strategy_name": name, "params": {"buy": {"ema_fast": fast, "ema_slow": slow}}, "ft_stratparam_v": 1}
        (tmp_path / f"{name}.json").write_text(json.dumps(written))
        own = ("-e", f"strategy={name}", "-e", f"strategy_dir={tmp_path}")
        done = play("backtest", "--limit", host.host.name, *own, *WINDOW)
        assert done.rc == 0, done.out
        run = next(word.rstrip(":") for word in done.out.split() if word.startswith("backtest-2"))
        profit = host.rows("SELECT value FROM metrics WHERE run_id = ? AND key = 'profit_total'", run)
        rows.append({**host.row(run), "profit": profit[0]["value"]})
        assert json.loads(rows[-1]["parameters_json"])["buy"]["ema_slow"] == slow, rows[-1]["parameters_json"]
    first, second = rows
    same = ("strategy_sha256", "config_sha256", "data_sha256", "command_json", "docker_image", "python_sha256")
    assert [first[name] for name in same] == [second[name] for name in same]
    assert first["parameters_sha256"] != second["parameters_sha256"]
    assert first["profit"] != second["profit"]


def test_what_does_not_end_well_is_failed_and_says_why_in_one_line(host: Research) -> None:
    broken = ("-e", "strategy=BrokenStrategy", "-e", f"strategy_dir={STRATEGIES / 'broken'}")
    with ThreadPoolExecutor(2) as both:
        imported = both.submit(play, "backtest", "--limit", host.host.name, *broken, *WINDOW)
        without = host.end_of(host.begun("backtest", pairs="SOL/USDT"))
        done = imported.result()
    assert done.rc == 2, done.out
    [run] = {word.rstrip(":") for word in done.out.split() if word.startswith("backtest-2") and "=" not in word}
    row = host.row(run)
    assert row["status"] == "failed"
    assert "\n" not in row["end_reason"]
    assert "a_module_that_nobody_has" in row["end_reason"]
    assert without["status"] == "failed", without
    assert "No data found" in without["reason"]


def test_an_active_breaker_refuses_it_and_an_override_stands_in_its_row(host: Research) -> None:
    rc, answer = host.tool("breaker enable --reason 'a test of runs' --json")
    assert rc == 0, answer
    try:
        done = play("backtest", "--limit", host.host.name, "-e", "bot=alpha", *WINDOW)
        assert done.rc == 2, done.out
        assert "circuit_breaker_active: a test of runs" in done.out
        assert host.free("backtest")
        assert host.tool("breaker override --minutes 10 --reason 'the report' --json")[0] == 0
        run = host.begun("backtest")
        assert host.end_of(run)["status"] == "finished"
        assert "circuit_breaker_active: a test of runs" in host.row(run)["overridden"]
        assert "the report" in host.row(run)["overridden"]
    finally:
        host.tool("breaker override --withdraw --reason test --json")
        host.tool("breaker disable --reason test --json")


def test_a_download_that_the_disk_does_not_take_leaves_the_old_candles(host: Research) -> None:
    data = "/srv/freqops/user_data/data/binance"
    before = host.sh(f"sha256sum {data}/*")
    host.sh(f"mount --bind {data} {data} && mount -o remount,bind,ro {data}")
    wanted = {"timeframe": "", "timeframes": "5m", "pairs": "BTC/USDT", "timerange": "20260101-20260120"}
    try:
        end = host.end_of(host.begun("download", **wanted))
    finally:
        host.sh(f"umount {data}")
    assert end["status"] == "failed", end
    assert "could not be put in place" in end["reason"]
    assert host.sh(f"sha256sum {data}/*") == before
    assert host.end_of(host.begun("download", **wanted))["status"] == "finished"
    assert host.sh(f"sha256sum {data}/*") != before
