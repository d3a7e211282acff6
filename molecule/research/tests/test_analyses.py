"""Analyses on a host: what passes, what is caught, what is not judged, and that a row reproduces it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from freqops.core.base.exit_status import NOT_PROVEN
from tests.support.field import play
from tests.support.research import Research

STRATEGIES = Path(__file__).with_name("strategies")
OWN = ("-e", f"strategy_dir={STRATEGIES / 'analysed'}")
WINDOW = ("-e", "pairs=BTC/USDT,ETH/USDT", "-e", "timeframe=5m", "-e", "timerange=20260104-20260110")
FEW = ("-e", "least_trades=2", "-e", "trades=3")
STARTUPS = ("-e", "startup_candles=200,400")


def analysed(host: Research, analysis: str, *words: str) -> tuple[int, str, str]:
    """Run the play of an analysis, and return its status, what it said, and the id of its run."""
    done = play("analysis", "--limit", host.host.name, "-e", f"analysis={analysis}", *WINDOW, *words)
    begins = f"{analysis}_analysis-2"
    found = {word.rstrip(":") for word in done.out.split() if word.startswith(begins)}
    assert len(found) == 1, done.out
    return done.rc, done.out, found.pop()


def test_what_a_bot_runs_passes_both_and_a_row_reproduces_it(host: Research) -> None:
    with ThreadPoolExecutor(2) as both:
        ahead = both.submit(analysed, host, "lookahead", "-e", f"bot={host.bot}", *FEW)
        settled = both.submit(analysed, host, "recursive", "-e", f"bot={host.bot}", *STARTUPS)
        ended = {"lookahead": ahead.result(), "recursive": settled.result()}
    for kind, (rc, said, run) in ended.items():
        assert rc == 0, (said, host.log(run))
        assert "analysis: done, 1 of 1 hosts" in said
        row = host.row(run)
        assert (row["status"], row["kind"], row["bot"]) == ("finished", f"{kind}_analysis", host.bot)
        assert json.loads(row["command_json"])[0][3] == f"{kind}-analysis"
        [artifact] = host.rows("SELECT * FROM artifacts WHERE run_id = ?", run)
        assert artifact["sha256"] in host.sh(f"sha256sum /srv/freqops/{artifact['path']}")
        [program] = host.sh(f"sha256sum /srv/freqops/user_data/runs/{run}/input/program/analysis.py").split()[:1]
        assert json.loads(row["config_json"])["program"] == program
        host.nothing_left(run)
    assert host.free("backtest")
    assert "no look-ahead in " in ended["lookahead"][1]
    assert "are within 0.1 % with the strategy's own" in ended["recursive"][1]
    for _, _, run in ended.values():
        again = play("runs", "--limit", host.host.name, "-e", "action=reproduce", "-e", f"run={run}")
        assert again.rc == 0, again.out
        assert ": the same result: " in again.out, again.out


def test_one_that_looks_ahead_is_caught_by_both(host: Research) -> None:
    own = ("-e", "strategy=AheadStrategy", *OWN)
    with ThreadPoolExecutor(2) as both:
        ahead = both.submit(analysed, host, "lookahead", *own, *FEW)
        settled = both.submit(analysed, host, "recursive", *own, *STARTUPS)
        ended = [ahead.result(), settled.result()]
    for rc, said, run in ended:
        assert rc == 2, said
        assert "NOT PASSED" in said
        assert "analysis: NOT DONE" in said
        row = host.row(run)
        assert row["status"] == "finished"
        assert row["end_reason"].startswith("BIASED")
        assert "next_close" in row["end_reason"]
        status, told = host.tool(f"run follow {run} --json")
        assert status == NOT_PROVEN
        assert told["metrics"]["passed"] == 0.0


def test_what_was_not_judged_is_failed(host: Research) -> None:
    with ThreadPoolExecutor(2) as both:
        idle = both.submit(analysed, host, "lookahead", "-e", "strategy=IdleStrategy", *OWN, *FEW)
        broken = both.submit(
            analysed, host, "lookahead", "-e", "strategy=BrokenStrategy",
            "-e", f"strategy_dir={STRATEGIES / 'broken'}", *FEW,
        )  # fmt: skip
        (rc, said, run), (rc_broken, said_broken, run_broken) = idle.result(), broken.result()
    assert (rc, rc_broken) == (2, 2), (said, said_broken)
    row = host.row(run)
    assert (row["status"], row["end_reason"]) == ("failed", "not judged: 0 of 2 trades")
    broken_row = host.row(run_broken)
    assert broken_row["status"] == "failed"
    assert "a_module_that_nobody_has" in broken_row["end_reason"]
