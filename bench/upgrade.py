"""How long a major upgrade of one large database takes, beside a bare dump and restore of the same data.

Run it on a lab with paper-1 deployed: ``.venv/bin/python -m bench.upgrade [megabytes]``. Its Postgres is brought down
to the older version, a table of that size is added to the database of alpha, and everything is dumped into a bare
cluster of the new version; then ours upgrades the same cluster. Ours stops the bots, makes a dump of each database,
and compares every table of both clusters; the bare way does none of that.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import yaml

from bench.backup import BOT, HOST, MEGABYTES, fill, psql, timed
from freqops.core.base.text_table import table
from lab.base.paths import INVENTORY
from tests.support import images
from tests.support.field import Field, play
from tests.support.older_postgres import HOME, bring_down

OLDER = 15
PLACE, NEW = "/srv/freqops/bench-upgrade", "bench-upgrade"
MADE = f"""
set -e
mkdir -p -m 0755 {PLACE}/secrets && mkdir -m 0700 {PLACE}/data && chown 999:999 {PLACE}/data
echo bench > {PLACE}/secrets/superuser
docker run --detach --name {NEW} --user 999:999 --volume {PLACE}/data:/var/lib/postgresql/data \\
  --volume {PLACE}/secrets:/secrets:ro --env POSTGRES_PASSWORD_FILE=/secrets/superuser \\
  --env POSTGRES_INITDB_ARGS=--data-checksums --env PGDATA=/var/lib/postgresql/data {{image}}
until docker exec {NEW} pg_isready --quiet --host 127.0.0.1 --username postgres; do sleep 0.2; done
"""
BARE = (
    f"docker exec freqops-postgres pg_dumpall --username postgres"
    f" | docker exec --interactive {NEW} psql --username postgres --quiet > /dev/null 2>&1"
)
GONE = f"docker rm --force --volumes {NEW} > /dev/null 2>&1; rm -rf {PLACE}"


def deploy_on(image: str) -> None:
    """Deploy the host by an inventory that declares an image of Postgres, so that it is as it was made."""
    with tempfile.TemporaryDirectory() as place:
        inventory = Path(place) / "inventory"
        shutil.copytree(INVENTORY, inventory, ignore=shutil.ignore_patterns("control-*"))
        path = inventory / "group_vars/lab.yml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "postgres_image": image}))
        done = play("deploy", "--limit", HOST, inventory=str(inventory))
    if done.rc != 0:
        raise SystemExit(done.out)


def main() -> int:
    """Measure, and print the table."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    declared = yaml.safe_load((INVENTORY / "group_vars/lab.yml").read_text())["postgres_image"]
    field = Field(HOST, BOT)
    field.ready()
    older = images.postgres(OLDER)
    bring_down(field, older, [BOT])
    deploy_on(older)
    try:
        fill(field, megabytes)
        bare = timed(field, MADE.format(image=declared)) + timed(field, BARE)
        field.sh(GONE)
        words = f"--image={declared} --host={HOST} --reason bench"
        ours = timed(field, f"freqops-host upgrade-postgres {words}")
    finally:
        field.sh(GONE)
        psql(field, "drop table if exists bench")
        field.sh(f"rm -rf {HOME}/data.{OLDER}.*")
        field.ready()
    row = [f"{OLDER} to 17: pg_dumpall | psql", f"{bare:.1f}", f"{ours:.1f}", f"{ours / bare:.2f}"]
    sys.stdout.write(f"{megabytes} MB\n{table(('beside', 'bare, s', 'ours, s', 'ratio'), [row])}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
