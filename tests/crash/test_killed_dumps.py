"""A dump that is killed at any moment: what counts is whole, whatever else is left is named, and gone with the next.

The moments are drawn: 10 in every run, 200 where FREQOPS_PROVE asks for that. FREQOPS_SEED draws the same again.
"""

from __future__ import annotations

import os
import random
import secrets
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from freqops.core.backup.manifest import DATABASE
from freqops.core.backup.store import Store
from freqops.core.base.clock import Clock
from freqops.core.bot.layout import Home
from freqops.hostctl.backup import dumps
from freqops.hostctl.bot.engine import Engine
from tests.unit.fakes import make_bot
from tests.unit.hostctl.backup.trading import make_database

MOMENTS = 200 if os.environ.get("FREQOPS_PROVE") == "1" else 10
ROOT = Path(__file__).parents[2]
ROWS = 5000
TAKE = (
    "import sys; from pathlib import Path; from freqops.core.base.clock import Clock; "
    "from freqops.hostctl.backup import dumps; from freqops.hostctl.bot.engine import Engine; "
    "print('begins', flush=True); made = dumps.take(Path(sys.argv[1]), Clock(), Engine()); "
    "print(made.stamp, flush=True)"
)


def begun(home: Path) -> subprocess.Popen[str]:
    """Begin a dump in a process of its own, and return when all that it needs is loaded."""
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE, str(home)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    return process


def trades_of(path: Path) -> int:
    """Return the trades in a dump that is sound."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        return int(connection.execute("select count(*) from trades").fetchone()[0])


def test_a_dump_that_is_killed_counts_whole_or_not_at_all(tmp_path: Path) -> None:
    home = make_bot(tmp_path, "alpha")
    (home / "conf" / "secrets.json").write_text('{"db_url": "sqlite:////freqops/var/trades.sqlite"}')
    with closing(sqlite3.connect(make_database(home / "var" / "trades.sqlite"))) as connection:
        connection.executemany("insert into trades (pair, is_open, amount) values (?, 1, 1)", [("X",)] * ROWS)
        connection.commit()
    store, began = Store(Home(home).dumps), time.monotonic()
    assert begun(home).wait(60) == 0
    took_s, cut = time.monotonic() - began, 0
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    print(f"\nkilled dumps: FREQOPS_SEED={seed}")  # noqa: T201
    drawn = random.Random(seed)  # noqa: S311  a sample
    for _ in range(MOMENTS):
        process = begun(home)
        try:
            process.wait(drawn.random() * took_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            cut += 1
        for dump in store.dumps():
            assert store.damaged(dump) == []
            assert trades_of(dump.path / DATABASE) == dump.manifest.rows["trades"] == ROWS + 1
        assert all(line.endswith("it was not finished") for line in store.not_counted()), store.not_counted()
    assert cut, "none was killed"
    last = dumps.take(home, Clock(), Engine())
    assert store.not_counted() == []
    assert store.dumps()[-1] == last
