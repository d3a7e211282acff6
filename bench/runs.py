"""How long the index of many results takes, how long a list of many runs does, and how much memory each needs.

Run it anywhere: ``.venv/bin/python -m bench.runs [backtests] [epochs] [rows]``. The results are copies of a real one of
Freqtrade, each with a run id, a time and trades of its own: a backtest of 500 trades, and epochs of 50 trades. Each
command is a process of its own, as on a host. It prints seconds, and the most memory that the process had.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.text_table import table
from freqops.core.runs import registry, registry_migration

FIXTURES = Path(__file__).parents[1] / "tests/fixtures/results/2026.9"
BACKTESTS, EPOCHS, ROWS = 1_000, 10_000, 10_000
TRADES, TRADES_OF_AN_EPOCH = 500, 50
HOUR = 3600
COMMAND = "import sys; from pathlib import Path; from freqops.hostctl.commands import runs; runs.IN_SESSION = False; "
COMMAND += "from freqops.hostctl import cli; sys.exit(cli.main(sys.argv[2:], Path(sys.argv[1])))"


def many(trades: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return so many trades, the given ones again and again."""
    return [trades[number % len(trades)] for number in range(count)]


def of_backtest() -> tuple[str, dict[str, Any]]:
    """Return the name of a backtest's strategy, and its results."""
    path = min((FIXTURES / "backtest_results").glob("*.zip"))
    with zipfile.ZipFile(path) as archive:
        [(name, result)] = json.loads(archive.read(f"{path.stem}.json"))["strategy"].items()
    return name, result


def lay_backtests(place: Path, count: int, began: int) -> None:
    """Write so many results of backtests."""
    name, result = of_backtest()
    result.update(trades=many(result["trades"], TRADES), total_trades=TRADES)
    place.mkdir(parents=True)
    for number in range(count):
        at = began + number
        result.update(backtest_run_start_ts=at, backtest_run_end_ts=at + 1)
        base = f"backtest-result-{number:06}"
        room = io.BytesIO()
        with zipfile.ZipFile(room, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(f"{base}.json", json.dumps({"strategy": {name: result}}))
            archive.writestr(f"{base}_config.json", "{}")
        (place / f"{base}.zip").write_bytes(room.getvalue())
        (place / f"{base}.meta.json").write_text(json.dumps({name: {"run_id": f"{number:040x}"}}))


def lay_epochs(place: Path, count: int) -> int:
    """Write a hyperopt of so many epochs, and return its bytes."""
    [path] = (FIXTURES / "hyperopt_results").glob("*.fthypt")
    line = json.loads(path.read_text().splitlines()[0])
    result = line["results_metrics"]
    result.update(trades=many(result["trades"], TRADES_OF_AN_EPOCH), total_trades=TRADES_OF_AN_EPOCH)
    place.mkdir(parents=True)
    made = place / "strategy_TwoAverages_2026-01-01_00-00-00.fthypt"
    with made.open("w") as file:
        for number in range(1, count + 1):
            file.write(json.dumps({**line, "current_epoch": number, "loss": count / number}) + "\n")
    return made.stat().st_size


def fill(root: Path, count: int, began: int) -> None:
    """Write so many runs into the registry."""
    metrics = ("profit_total", "max_drawdown_account", "trades", *(f"metric_{number}" for number in range(27)))
    connection = registry.connected(registry.place(root), "rw")
    with connection:
        connection.execute("BEGIN")
        for number in range(count):
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began - number * HOUR))
            row = (f"row-{number}", "backtest", at, at, "finished", f"Strategy{number % 7}", "{}" * 500)
            connection.execute(
                "INSERT INTO runs (id, kind, started_utc, finished_utc, status, strategy, parameters_json) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            values = [(row[0], name, 0.5) for name in metrics]
            connection.executemany("INSERT INTO metrics (run_id, key, value) VALUES (?, ?, ?)", values)
    connection.close()


def measured(root: Path, *words: str) -> tuple[float, float]:
    """Return the seconds of a command, and the most MiB of memory that it had."""
    began = time.perf_counter()
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", COMMAND, str(root), "runs", *words],
        {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "src")},
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, used = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - began, used.ru_maxrss / 1024


def rows(root: Path, backtests: int, epochs: int, count: int) -> Iterator[list[str]]:
    """Yield what each command took."""
    began, user_data = int(time.time()) - 10 * backtests, root / "user_data"

    def row(name: str, *words: str) -> list[str]:
        seconds, memory = measured(root, *words)
        return [name, f"{seconds:.2f}", f"{memory:.0f}"]

    yield row("list of nothing", "list")
    lay_backtests(user_data / "backtest_results", backtests, began)
    yield row(f"index of {backtests} backtests of {TRADES} trades", "index")
    yield row("the same again", "index")
    size = lay_epochs(user_data / "hyperopt_results", epochs)
    yield row(f"index of {epochs} epochs of {TRADES_OF_AN_EPOCH} trades, {size / 2**20:.0f} MiB", "index")
    yield row("the same again", "index")
    fill(root, count, began)
    yield row(f"list with {count} runs more, the first page", "list")
    yield row("the last page", "list", f"--page={(count + backtests) // 50}")
    yield row("those of a strategy since a moment", "list", "--strategy=Strategy3", "--since=2020-01-01T00:00:00Z")
    yield row("export of all as CSV", "export")


def main() -> int:
    """Measure, and print a table."""
    given = [int(word) for word in sys.argv[1:]]
    backtests, epochs, count = (*given, *(BACKTESTS, EPOCHS, ROWS)[len(given) :])
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        registry_migration.prepare(registry.place(root), Clock(), os.geteuid())
        sys.stdout.write(table(("command", "seconds", "MiB"), list(rows(root, backtests, epochs, count))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
