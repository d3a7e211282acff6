"""How long a bot does not trade when it moves to another host, and how long it takes to stand a lost host up again.

Run it on a fresh lab with both hosts deployed: ``.venv/bin/python -m bench.elsewhere``. First beta moves to prod-1, is
up again, and is resumed as soon as it may be; the times are those of its own log on both hosts. Then paper-1 is
destroyed and made again bare, its repository put back, and alpha rebuilt from it and resumed.
"""

from __future__ import annotations

import base64
import json
import shlex
import shutil
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import yaml

from freqops.core.base.text_table import table
from lab.base.paths import INVENTORY
from lab.hosts import inventory
from lab.reset import reset
from tests.support.field import Field, Played, play, until

OLD, NEW, MOVED, LOST = "paper-1", "prod-1", "beta", "alpha"
SAVED = "/srv/freqops/backup"
REASON = ("-e", "reason=bench")
PAUSED, RUNNING = "to: PAUSED", "to: RUNNING"


def done(played: Played) -> None:
    """See that a play succeeded."""
    if played.rc != 0:
        raise SystemExit(played.out)


def records(field: Field, since: float) -> list[tuple[float, str]]:
    """Return moment and message of each record of a bot's log since a moment."""
    lines = field.sh(f"cat /srv/freqops/bots/{field.bot}/var/logs/freqtrade.log").splitlines()
    found = [json.loads(line) for line in lines if line.startswith("{")]
    moments = [(datetime.fromisoformat(each["ts"]).timestamp(), str(each["message"])) for each in found]
    return [each for each in moments if each[0] >= since]


def said(found: list[tuple[float, str]], words: str) -> float:
    """Return the moment of the first record with these words."""
    return next(moment for moment, message in found if words in message)


def resumed(field: Field, inventory: Path) -> None:
    """Take the hold of a play down by ``resume.yml``, step by step, until the bot runs."""
    while field.level() > 0:
        incident = field.holds()["holds"][0]["incident"]
        words = ("-e", f"bots={field.bot}", "-e", f"incident={incident}", "-e", "anyway=bench")
        done(play("resume", *words, *REASON, inventory=str(inventory)))
    until("it runs", lambda: field.state() == "running")


def moved(place: Path) -> list[str]:
    """Move a bot, and return the row of the table."""
    inventory.moved(MOVED, OLD, NEW, place)
    here, there, began = Field(OLD, MOVED), Field(NEW, MOVED), time.time()
    words = ("-e", f"bots={MOVED}", "-e", f"from_host={OLD}", "-e", "resume=true")
    done(play("migrate_host", *words, *REASON, inventory=str(place)))
    resumed(there, place)
    took = time.time() - began
    left, after = records(here, began)[-1][0], records(there, began)
    entries, exits = said(after, RUNNING) - left, said(after, PAUSED) - left
    return ["a move", f"{took:.0f}", f"{entries:.0f}", f"{exits:.0f}"]


def without_the_moved(place: Path) -> None:
    """Write an inventory in which the first host has but the bot that is rebuilt."""
    shutil.copytree(INVENTORY, place, ignore=shutil.ignore_patterns("control-*"))
    groups = yaml.safe_load((place / "hosts.yml").read_text())
    for group in groups.values():
        host = (group.get("hosts") or {}).get(OLD)
        if host:
            host["freqtrade_bots"] = [each for each in host["freqtrade_bots"] if each["name"] == LOST]
    (place / "hosts.yml").write_text(yaml.safe_dump(groups))


def rebuilt(place: Path, password: Path) -> list[str]:
    """Destroy a host, rebuild it, and return the row of the table."""
    without_the_moved(place)
    field = Field(OLD, LOST)
    done(play("backup", "--limit", OLD, inventory=str(place)))
    saved = field.sh(f"tar --create --gzip --directory {SAVED} local | base64 --wrap=0")
    password.write_text(field.sh(f"cat {SAVED}/keys/local"))
    last = records(field, 0.0)[-1][0]
    reset(OLD, keep_accounts=True)
    field = Field(OLD, LOST)
    if len(base64.b64decode(saved)) < 1000:
        raise SystemExit("its repository is empty")
    put = f"mkdir -p {SAVED} && chmod 0700 {SAVED} && base64 --decode | tar --extract --gzip --directory {SAVED}"
    if field.host.run(f"sudo sh -c {shlex.quote(put)}", stdin=saved).rc != 0:
        raise SystemExit("its repository was not put back")
    began = time.time()
    words = ("--limit", OLD, "-e", "repository=local", "-e", f"key_file={password}", "-e", "resume=true")
    done(play("rebuild_host", *words, *REASON, inventory=str(place)))
    resumed(field, place)
    now = time.time()
    return [
        "a rebuild, from bare",
        f"{now - began:.0f}",
        f"{now - last:.0f}",
        f"{said(records(field, began), PAUSED) - last:.0f}",
    ]


def main() -> int:
    """Measure, and print the table."""
    for bot in (MOVED, LOST):
        Field(OLD, bot).ready()
    head = ("what", "until it runs, s", "without entries, s", "without exits, s")
    with tempfile.TemporaryDirectory() as home:
        sys.stdout.write(f"{table(head, [moved(Path(home) / 'moved')])}\n")
        sys.stdout.write(f"{table(head, [rebuilt(Path(home) / 'rebuilt', Path(home) / 'password')])}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
