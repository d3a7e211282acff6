"""How long a vacuum of one large database takes, beside Postgres' own on the same data.

Run it on a lab with alpha of paper-1 deployed: ``.venv/bin/python -m bench.vacuum [megabytes]``. A table of that size
is added to the database of alpha, a third of its rows is deleted before each vacuum, and it goes at the end. Ours
measures every table before and after; in full, it makes a dump first, for which there is a line of its own.
"""

from __future__ import annotations

import sys

from bench.backup import BOT, DATABASE, EXEC, HOST, MEGABYTES, fill, psql, timed
from freqops.core.base.text_table import table
from tests.support.field import Field

ROW_BYTES = 1600  # in the table itself: what lies beside it is not in the estimate
DONE = "vacuumed in full"
THIRDS = ("id % 3 = 0", "id % 3 = 1")
VACUUM = f"{EXEC} psql --username postgres --quiet --dbname {DATABASE} --command"


def deleted(field: Field, which: str) -> None:
    """Delete a third of the rows, and let Postgres know of it: what is wasted is estimated by that."""
    psql(field, f"delete from bench where {which}")  # noqa: S608  one of ours
    psql(field, "analyze bench")


def done(field: Field, command: str) -> float:
    """Return the seconds that a full vacuum takes, which must have been one."""
    said = "/root/bench-vacuum"
    seconds = timed(field, f"{command} > {said}")
    if DONE not in field.sh(f"cat {said}; rm {said}"):
        raise SystemExit(f"{command} vacuumed nothing")
    return seconds


def online(field: Field, megabytes: int) -> tuple[str, float, float]:
    """Return the seconds of both, online: each over a table that just lost a third of its rows."""
    fill(field, megabytes, ROW_BYTES)
    deleted(field, THIRDS[0])
    bare = timed(field, f"{VACUUM} 'vacuum (analyze)'")
    deleted(field, THIRDS[1])
    return "online: vacuum (analyze)", bare, timed(field, f"freqops-host vacuum {BOT} --reason bench")


def in_full(field: Field, megabytes: int) -> list[tuple[str, float, float]]:
    """Return the seconds of both, in full, under a hold; and without the dump that ours makes first."""
    fill(field, megabytes, ROW_BYTES)
    deleted(field, THIRDS[0])
    bare = timed(field, f"{VACUUM} 'vacuum (full, analyze)'")
    field.halt(3, reason="bench")
    full = f"freqops-host vacuum {BOT} --full --open-trades-ok --above-mb=0 --longest=3600 --reason bench"
    deleted(field, THIRDS[1])
    whole = done(field, full)
    fill(field, megabytes, ROW_BYTES)
    deleted(field, THIRDS[0])
    timed(field, f"freqops-host dump {BOT}")
    after = done(field, full)
    return [("in full: vacuum (full, analyze)", bare, whole), ("in full, a dump of this hour there", bare, after)]


def main() -> int:
    """Measure, and print the table."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    field = Field(HOST, BOT)
    field.ready()
    try:
        rows = [online(field, megabytes), *in_full(field, megabytes)]
    finally:
        psql(field, "drop table if exists bench")
        field.ready()
    shown = [[name, f"{bare:.1f}", f"{ours:.1f}", f"{ours / bare:.2f}"] for name, bare, ours in rows]
    sys.stdout.write(f"{megabytes} MB\n{table(('beside', 'bare, s', 'ours, s', 'ratio'), shown)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
