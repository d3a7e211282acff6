"""Logs read and written, beside what a user would do instead, in the same run.

Run it on any Linux: ``PYTHONPATH=src .venv/bin/python -m bench.logs [megabytes] [directory]``. It writes so many
megabytes of lines over a day, and asks for the last hour of them: by freqops, from the end; by the whole command
``freqops-host logs``; by ``tail`` and ``grep``; and by reading every line as JSON. A ratio above 1 is slower than
``grep`` over all files. The goal is a second for the last hour of 1000 MB.

The second table has the events per second that reach a file: by the writer of a host's log, and by the formatter of a
bot's, beside Python's plain ``logging``; and the microseconds of a line that is only formatted.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.base.text_table import table
from freqops.core.logs import json_line
from freqops.core.logs.freqtrade_formatter import JsonLines
from freqops.core.logs.query import Query
from freqops.core.logs.redaction import Redactor
from freqops.hostctl.logs import reading
from freqops.hostctl.logs.files import Log
from freqops.hostctl.logs.writer import DIRECTORY, Writer
from freqops.hostctl.logs.writer import FILE as FILE_OF_HOST

MEGABYTES, DAY, LINES = 1000, timedelta(days=1), 20_000
FILE = 100 * 1024 * 1024
ROOT = Path(__file__).resolve().parents[1]
COMMAND = """
import sys
from pathlib import Path
from freqops.hostctl import cli
sys.exit(cli.main(sys.argv[2:], Path(sys.argv[1])))
"""
PLAIN = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
MESSAGE = "Bot heartbeat. PID=1, version='2026.9', state='RUNNING', strategy=Sample, pair=BTC/USDT, candle=5m, round="


def put(home: Path, megabytes: int, now: datetime) -> int:
    """Write files of lines that end now, spread evenly over a day, and return how many lines there are."""
    size = len(json_line.form(Redactor(), now, "INFO", "freqtrade.worker", f"{MESSAGE}1234567")) + 1
    count = megabytes * 1024 * 1024 // size
    step, each = DAY / count, FILE // size
    (home / "logs").mkdir()
    files = -(-count // each)
    for number in range(files):
        name = "freqtrade.log" if number == files - 1 else f"freqtrade.log.{files - 1 - number}"
        with (home / "logs" / name).open("w") as stream:
            for index in range(number * each, min(count, (number + 1) * each)):
                at = (now - (count - 1 - index) * step).isoformat()
                level = "ERROR" if index % 500 == 0 else "INFO"
                said = {"ts": at, "level": level, "logger": "freqtrade.worker", "message": f"{MESSAGE}{index:07d}"}
                stream.write(f"{json.dumps(said)}\n")
    return count


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that an action took."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def all_of_it(home: Path, since: datetime) -> int:
    """Return how many lines are younger, by reading every line of every file."""
    text, count = since.isoformat(), 0
    for path in (home / "logs").iterdir():
        with path.open() as stream:
            count += sum(json.loads(line)["ts"] >= text for line in stream)
    return count


def micros(action: Callable[[], object], times: int = LINES) -> float:
    """Return the microseconds that an action takes, of many."""
    return timed(lambda: [action() for _ in range(times)]) / times * 1e6


def command(root: Path, *words: str) -> Callable[[], object]:
    """Return what runs ``freqops-host logs`` as a process of its own."""
    argv = [sys.executable, "-S", "-c", COMMAND, str(root), "logs", "--json", *words]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")}
    return lambda: subprocess.run(argv, env=environment, stdout=subprocess.DEVNULL, check=True)


def by_hand(home: Path, since: datetime) -> dict[str, Callable[[], object]]:
    """Return what somebody would type who has no freqops: the last hour by its hours, and the newest lines."""
    hours = "|".join({f"{at:%Y-%m-%dT%H}" for at in (since, since + timedelta(hours=1))})
    files = sorted(str(path) for path in (home / "logs").iterdir())
    count = ["grep", "-hcE", f'^.."ts": "({hours})', *files]
    return {
        "grep over all files": lambda: subprocess.run(count, stdout=subprocess.DEVNULL, check=False),
        "tail -n 1000 of the newest file": lambda: subprocess.run(
            ["tail", "-n", "1000", str(home / "logs" / "freqtrade.log")], stdout=subprocess.DEVNULL, check=True
        ),
    }


def reading_times(root: Path, home: Path, now: datetime) -> tuple[dict[str, float], float]:
    """Return the seconds of each way to the last hour, and of reading every line."""
    asked = Query(now - timedelta(hours=1), now)
    nothing = Query(asked.since, now, 0, "nobody says this")
    ways: dict[str, Callable[[], object]] = {
        **by_hand(home, asked.since),
        "the last hour counted, and its errors": lambda: reading.counted(Log(home, "logs", "freqtrade.log"), asked),
        "the last hour searched": lambda: reading.lines(Log(home, "logs", "freqtrade.log"), nothing, 9),
        "its newest 1000 lines": lambda: reading.lines(Log(home, "logs", "freqtrade.log"), asked, 1000),
        "freqops-host logs --since=1h": command(root, "--since=1h"),
        "freqops-host logs errors --since=1h": command(root, "errors", "--since=1h"),
    }
    return {name: timed(way) for name, way in ways.items()}, timed(lambda: all_of_it(home, asked.since))


def to_a_file(place: Path, formatter: logging.Formatter) -> Callable[[], None]:
    """Return what logs one line into a file by Python's ``logging``."""
    handler = logging.FileHandler(place)
    handler.setFormatter(formatter)
    logger = logging.getLogger(place.name)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    return lambda: logger.info(MESSAGE)


def writing_times(root: Path, place: Path) -> dict[str, float]:
    """Return the microseconds of a line on each way into a file, and of one that is only formatted."""
    secrets = place / "secrets.json"
    secrets.write_text(json.dumps({"api_server": {name: name[0] * 43 for name in ("password", "jwt_secret_key")}}))
    record = logging.LogRecord("freqtrade.worker", logging.INFO, "f", 1, MESSAGE, (), None)
    usual, ours, writer = logging.Formatter(PLAIN), JsonLines(str(secrets)), Writer(root, Clock(), place / "lost")
    return {
        "plain logging to a file": micros(to_a_file(place / "plain.log", usual)),
        "a bot's log, as JSON, secrets taken out": micros(to_a_file(place / "json.log", ours)),
        "the log of a host, by its writer": micros(lambda: writer.write("INFO", "x", MESSAGE), 2_000),
        "only formatted: Freqtrade's usual format": micros(lambda: usual.format(record)),
        "only formatted: as JSON": micros(lambda: ours.format(record)),
    }


def main() -> int:
    """Measure, and print two tables."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as directory:
        root, now = Path(directory), datetime.now(UTC)
        home = root / "bots" / "alpha" / "var"
        home.mkdir(parents=True)
        (home.parent / "bot.json").write_text("{}")
        (root / DIRECTORY).mkdir(parents=True)
        (root / DIRECTORY / FILE_OF_HOST).write_bytes(b"")
        count = put(home, megabytes, now)
        took, whole = reading_times(root, home, now)
        grep = took["grep over all files"]
        rows = [[name, f"{seconds:.3f}", f"{seconds / grep:.2f}"] for name, seconds in took.items()]
        rows.append(["every line read as JSON", f"{whole:.3f}", f"{whole / grep:.2f}"])
        sys.stdout.write(f"{megabytes} MB, {count} lines over a day\n{table(('what', 'seconds', 'ratio'), rows)}\n\n")
        lines = writing_times(root, root)
        plain = lines["plain logging to a file"]
        rows = [[name, f"{1e6 / of:.0f}", f"{of:.1f}", f"{of / plain:.1f}"] for name, of in lines.items()]
        sys.stdout.write(f"{table(('a line', 'per second', 'microseconds', 'ratio'), rows)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
