"""How long a dump, a restore and a backup of one large database take, beside the bare tools on the same data.

Run it on a lab with alpha of paper-1 deployed: ``.venv/bin/python -m bench.backup [megabytes]``. A table of that size,
which hardly compresses, is added to the database of alpha, and taken away at the end. Each of ours is timed right after
the bare tool, on the host itself. Then what an idle round of dumps takes, what one of a database of 20 MB takes, and
how much a repository grows by such dumps where a row was written and another one changed between each two.
"""

from __future__ import annotations

import json
import shlex
import sys
import time

from freqops.core.base.text_table import table
from tests.support.field import Field

HOST, BOT, DATABASE = "paper-1", "alpha", "alpha_paper"
MEGABYTES, SMALL = 1000, 20
ROW_BYTES = 8000
REPOSITORY, SCRATCH = "/srv/freqops/bench-restic", "/srv/freqops/bench-dump"
INSIDE = "/var/lib/postgresql/data/bench.dump"  # its root is read-only
EXEC = "docker exec -i freqops-postgres"
LONG_S = 3600.0
ROUNDS = 20
DUMPS = 10
A_DAY = 1440


def psql(field: Field, text: str, database: str = DATABASE) -> str:
    """Run a statement and return what it says."""
    command = f"{EXEC} psql --username postgres --tuples-only --no-align --dbname {database} --command"
    return field.sh(f"{command} {shlex.quote(text)}")


def fill(field: Field, megabytes: int, row_bytes: int = ROW_BYTES) -> None:
    """Add a table of so many megabytes; Postgres stores rows of more than 2,000 bytes beside it."""
    psql(field, "drop table if exists bench")
    psql(field, "create table bench (id serial primary key, body text)")
    part = "md5(random()::text || x::text || g::text)"
    body = f"(select string_agg({part}, '') from generate_series(1, {row_bytes // 32}) x)"  # noqa: S608
    rows = megabytes * 10**6 // row_bytes
    psql(field, f"insert into bench (body) select {body} from generate_series(1, {rows}) g")  # noqa: S608


def timed(field: Field, command: str) -> float:
    """Return the seconds that a command of the host's root takes; it must succeed."""
    began = time.monotonic()
    done = field.host.run(f"sudo sh -c {shlex.quote(command)}", seconds=LONG_S)
    if done.rc != 0:
        raise SystemExit(f"{command}: {done.rc}\n{done.out}\n{done.err}")
    return time.monotonic() - began


def used(field: Field, command: str) -> float:
    """Return the seconds of processor that a command takes on its host, what Docker does for it left out."""
    said = field.sh(f"bash -c 'TIMEFORMAT=\"%U %S\"; time {command}' 2>&1 >/dev/null | tail -n 1")
    return sum(float(part) for part in said.split())


def measured(field: Field) -> list[tuple[str, float, float]]:
    """Return the name of each pair, and its seconds: the bare tool's, and ours."""
    field.sh(f"rm -rf {REPOSITORY} {SCRATCH}; mkdir -m 0700 {SCRATCH}")
    bare = timed(field, f"{EXEC} pg_dump --username postgres -Fc -Z1 {DATABASE} > {SCRATCH}/database")
    ours = timed(field, f"freqops-host dump {BOT}")
    rows = [("dump: pg_dump -Fc -Z1", bare, ours)]
    psql(field, "create database bench_restored", "postgres")
    in_place = f"{EXEC} sh -c 'cat > {INSIDE}' < {SCRATCH}/database && {EXEC}"
    bare = timed(field, f"{in_place} pg_restore --username postgres -j2 --dbname bench_restored {INSIDE}")
    psql(field, "drop database bench_restored with (force)", "postgres")
    field.sh(f"docker exec freqops-postgres rm {INSIDE}")
    incident = field.halt(3, reason="bench")[1]["incident"]
    timed(field, f"freqops-host dump {BOT}")
    words = f"--dump latest --overwrite --incident {incident} --reason bench"
    rows.append(("restore: pg_restore -j2", bare, timed(field, f"freqops-host restore {BOT} {words}")))
    field.ready()
    key = f"RESTIC_PASSWORD_FILE={SCRATCH}/key"
    field.sh(f"echo bench > {SCRATCH}/key; {key} restic -q -r {REPOSITORY} init")
    bare = timed(field, f"{EXEC} pg_dump --username postgres -Fc -Z1 {DATABASE} > {SCRATCH}/database"
                        f" && {key} restic -q -r {REPOSITORY} backup {SCRATCH}/database")  # fmt: skip
    rows.append(("backup: pg_dump and restic", bare, timed(field, "freqops-host backup run --only=trades")))
    bare = timed(field, f"{key} restic -q -r {REPOSITORY} backup {SCRATCH}/database")
    rows.append(("the same again: restic alone", bare, timed(field, "freqops-host backup run --only=trades")))
    bare = timed(field, f"{key} restic -q -r {REPOSITORY} check --read-data")
    rows.append(("every byte: restic check --read-data", bare, timed(field, "freqops-host backup check --read-data")))
    return rows


def grown(field: Field) -> float:
    """Return the bytes by which a repository grows for each dump, after the first one."""
    key, sizes = f"RESTIC_PASSWORD_FILE={SCRATCH}/key", list[int]()
    for _ in range(DUMPS + 1):
        psql(field, "update bench set body = reverse(body) where id = (select max(id) - 3 from bench)")
        psql(field, "insert into bench (body) select body from bench where id = 2")
        field.sh(f"freqops-host dump {BOT}")
        newest = field.sh(f"ls -d /srv/freqops/bots/{BOT}/dumps/rolling/* | tail -n 1").strip()
        field.sh(f"cp {newest}/database {SCRATCH}/database; {key} restic -q -r {REPOSITORY} backup {SCRATCH}/database")
        sizes.append(int(field.sh(f"du -sb {REPOSITORY}").split()[0]))
    return (sizes[-1] - sizes[0]) / DUMPS


def main() -> int:
    """Measure, and print both tables."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    field = Field(HOST, BOT)
    field.ready()
    try:
        fill(field, megabytes)
        rows = measured(field)
        size = json.loads(psql(field, f"select pg_database_size('{DATABASE}')"))
        fill(field, SMALL)
        small = used(field, f"freqops-host dump {BOT}")
        growth = grown(field)
        idle = sum(used(field, "freqops-host dump --quiet") for _ in range(ROUNDS)) / ROUNDS
    finally:
        psql(field, "drop table if exists bench")
        field.sh(f"rm -rf {REPOSITORY} {SCRATCH}")
    shown = [[name, f"{bare:.1f}", f"{ours:.1f}", f"{ours / bare:.2f}"] for name, bare, ours in rows]
    sys.stdout.write(f"{size / 10**6:.0f} MB\n" + table(("beside", "bare, s", "ours, s", "ratio"), shown) + "\n\n")
    sys.stdout.write(f"a dump of {SMALL} MB takes {small:.2f} s of the host's processor, a round {idle:.3f} s\n")
    sys.stdout.write(f"a repository grows by {growth / 10**6:.2f} MB for each: {growth * A_DAY / 10**6:.0f} MB a day\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
