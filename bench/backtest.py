"""How much longer a backtest takes as a run than the bare command of Freqtrade in the same image on the same host.

Run it on a lab with paper-1 and prod-1 deployed: ``.venv/bin/python -m bench.backtest [rounds]``. A year of candles of
five minutes of eight pairs is downloaded first. Then by turns: Freqtrade's command with the same files, in a container
of its own; the run on its host; and the play, from Enter to its end. After that, how long the loop of a live bot takes,
alone and beside a hyperopt on its host.
"""

from __future__ import annotations

import json
import shlex
import statistics
import sys
import time
from typing import Any

from bench.backup import timed
from freqops.core.base.text_table import table
from tests.support.field import Field, play, until
from tests.support.research import RUNS, Research

ROUNDS = 3
PAIRS = "BTC/USDT,ETH/USDT,SOL/USDT,ADA/USDT,XRP/USDT,DOT/USDT,LTC/USDT,BNB/USDT"
YEAR = "20250101-20260101"
OUTPUT = "/srv/freqops/bench-output"
WANTED = {"pairs": PAIRS, "timeframe": "5m", "timerange": YEAR}
LOOP_SECONDS = 60.0
LIVE, LIVE_HOST = "gamma", "prod-1"


def seconds_of(act: Any) -> float:
    """Return the seconds that an act takes."""
    began = time.monotonic()
    act()
    return time.monotonic() - began


def as_run(host: Research) -> None:
    """Begin the backtest as a run, and follow it to its end."""
    end = host.end_of(host.begun("backtest", **WANTED))
    if end["status"] != "finished":
        raise SystemExit(f"{end['status']}: {end['reason']}")


def as_play(host: Research) -> None:
    """Run the play."""
    words = [word for name, value in WANTED.items() for word in ("-e", f"{name}={value}")]
    done = play("backtest", "--limit", host.host.name, "-e", f"bot={host.bot}", *words)
    if done.rc != 0:
        raise SystemExit(done.out)


def bare_command(host: Research) -> str:
    """Return Freqtrade's own command, over the files of a run that is over."""
    run = host.begun("backtest", **WANTED)
    host.end_of(run)
    asked = json.loads(host.sh(f"cat {RUNS}/{run}/run.json"))
    words = shlex.join(asked["commands"][0])
    mounts = (
        f"{RUNS}/{run}/input:/freqops/release:ro", f"{OUTPUT}:/freqops/output",
        "/srv/freqops/user_data/data:/freqops/data:ro",
    )  # fmt: skip
    given = " ".join(f"--volume {mount}" for mount in mounts)
    python = "--env PYTHONPATH=/freqops/release/python"
    user = "--user 1000:1000 --read-only --tmpfs /tmp --entrypoint nice"
    made = f"rm -rf {OUTPUT}; mkdir {OUTPUT} && chown 1000:1000 {OUTPUT}"
    return f"{made} && docker run --rm {user} {given} {python} {asked['image']} -n 10 {words} > /dev/null"


def loops(field: Field) -> list[float]:
    """Return the seconds of the loops of a bot."""
    code = (
        "import time\nseen = []\nends = time.monotonic() + " + str(LOOP_SECONDS) + "\n"
        "while time.monotonic() < ends:\n    now = api.read().last_process\n"
        "    seen += [time.monotonic()] if not seen or now != last else []\n    last = now\n    time.sleep(0.1)\n"
        "answer = [after - before for before, after in zip(seen, seen[1:])]"
    )
    return [float(each) for each in field.ask(code)]


def beside_a_hyperopt() -> list[list[str]]:
    """Return the loops of a live bot, alone and beside a hyperopt, as rows."""
    live, host = Field(LIVE_HOST, LIVE), Research(LIVE_HOST, LIVE)
    live.ready()
    words = ("-e", "pairs=BTC/USDT", "-e", "timeframes=5m", "-e", "timerange=20251201-20260101")
    done = play("download_data", "--limit", LIVE_HOST, *words)
    if done.rc != 0:
        raise SystemExit(done.out)
    alone = loops(live)
    search = {"spaces": "buy", "epochs": "500", "jobs": "1", "pairs": "BTC/USDT", "timerange": "20251201-20260101"}
    run = host.begun("hyperopt", **{**WANTED, **search}, force=True)
    until("it searches", lambda: host.epochs(run) > 0, 300)
    beside = loops(live)
    host.tool(f"run cancel {run} --reason bench")
    return [
        [name, f"{statistics.median(each):.2f}", f"{max(each):.2f}", str(len(each))]
        for name, each in (("alone", alone), ("beside a hyperopt", beside))
    ]


def main() -> int:
    """Measure, and print the tables."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    host = Research()
    words = ("-e", f"pairs={PAIRS}", "-e", "timeframes=5m", "-e", f"timerange={YEAR}")
    downloaded = seconds_of(lambda: play("download_data", "--limit", host.host.name, *words))
    command = bare_command(host)
    taken: dict[str, list[float]] = {"bare": [], "run": [], "play": []}
    for _ in range(rounds):
        taken["bare"].append(timed(host, command))
        taken["run"].append(seconds_of(lambda: as_run(host)))
        taken["play"].append(seconds_of(lambda: as_play(host)))
    host.sh(f"rm -rf {OUTPUT}")
    bare = statistics.median(taken["bare"])
    shown = [
        [name, f"{statistics.median(each):.1f}", f"{statistics.median(each) - bare:+.1f}",
         f"{statistics.median(each) / bare:.2f}"]
        for name, each in taken.items()
    ]  # fmt: skip
    sys.stdout.write(f"download: {downloaded:.0f} s\n{table(('', 'seconds', 'more', 'ratio'), shown)}\n")
    loops_of = table(("loop of a live bot", "median, s", "longest, s", "loops"), beside_a_hyperopt())
    sys.stdout.write(f"{loops_of}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
