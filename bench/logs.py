"""Logs read and written, beside what a user would do instead, in the same run.

Run it on any Linux: ``PYTHONPATH=src .venv/bin/python -m bench.logs [megabytes] [directory]``. It writes so many
megabytes of lines over a day, and asks for the last hour of them: by freqops, from the end, and as ``grep`` and ``jq``
do, by reading all. The second table has the microseconds of a line: by the formatter of a bot's log, beside Freqtrade's
usual one, and by the writer of a host's.
"""

from __future__ import annotations

import json
import logging
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

MEGABYTES, DAY, LINES = 1000, timedelta(days=1), 20_000
FILE = 100 * 1024 * 1024
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


def main() -> int:
    """Measure, and print two tables."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as place:
        home, now = Path(place), datetime.now(UTC)
        count = put(home, megabytes, now)
        asked = Query(now - timedelta(hours=1), now)
        took = {
            "the last hour counted, and its errors": timed(
                lambda: reading.counted(Log(home, "logs", "freqtrade.log"), asked)
            ),
            "the last hour searched": timed(
                lambda: reading.lines(
                    Log(home, "logs", "freqtrade.log"), Query(asked.since, now, 0, "nobody says this"), 9
                )
            ),
            "its newest 1000 lines": timed(lambda: reading.lines(Log(home, "logs", "freqtrade.log"), asked, 1000)),
        }
        whole = timed(lambda: all_of_it(home, asked.since))
        rows = [[name, f"{seconds:.3f}", f"{whole / seconds:.0f}"] for name, seconds in took.items()]
        sys.stdout.write(f"{megabytes} MB, {count} lines over a day; every line read: {whole:.2f} s\n")
        sys.stdout.write(f"{table(('what', 'seconds', 'times faster'), rows)}\n")
        (home / DIRECTORY).mkdir(parents=True)
        secrets = home / "secrets.json"
        secrets.write_text(json.dumps({"api_server": {name: name[0] * 43 for name in ("password", "jwt_secret_key")}}))
        record = logging.LogRecord("freqtrade.worker", logging.INFO, "f", 1, MESSAGE, (), None)
        usual = logging.Formatter("%(asctime)s - %(name)s - %(levelname)s - %(message)s")
        formatter, writer = JsonLines(str(secrets)), Writer(home, Clock(), home / "lost")
        plain = micros(lambda: usual.format(record))
        lines = {
            "Freqtrade's usual format": plain,
            "as JSON, secrets taken out": micros(lambda: formatter.format(record)),
            "written by the writer of a host": micros(lambda: writer.write("INFO", "x", MESSAGE), 500),
        }
        rows = [[name, f"{of:.1f}", f"{of / plain:.1f}"] for name, of in lines.items()]
        sys.stdout.write(f"{table(('a line', 'microseconds', 'ratio'), rows)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
