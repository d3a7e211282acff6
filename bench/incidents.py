"""How long a list of incidents takes, beside a play of one ``ping`` on the same hosts, and how large an incident is.

Run it on a lab that is deployed: ``.venv/bin/python -m bench.incidents [rounds] [incidents]``. Each lab host gets so
many incidents, a hundred unless told otherwise, over which the list is asked; they are closed afterwards. Ten hosts are
simulated: every name leads to the same lab host, which runs the real command for each. It prints medians of seconds
and their ratio, then the bytes of evidence and of registry for an incident.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path

import yaml

from bench.deploy import MODEL, PING, many_sessions, simulated, timed
from freqops.core.base.text_table import table
from lab.base.paths import INVENTORY
from lab.hosts.roster import HOSTS
from tests.support.field import Field, play

ROUNDS, INCIDENTS, SIMULATED = 3, 100, 10
REGISTRY = "/srv/freqops/user_data/registry/strategies_registry.sqlite"
OPEN = "freqops-host incidents open --severity=info --actor=bench --json"
CLOSE = "freqops-host incidents close {} --root-cause=bench --action=none --actor=bench --json >/dev/null"


def opened(field: Field, count: int) -> list[str]:
    """Open incidents, each of a cause of its own, and return their ids."""
    one = f'{OPEN} --description="bench $number $(cat /proc/sys/kernel/random/uuid)"'
    said = field.sh(f"for number in $(seq {count}); do {one}; done")
    return [str(json.loads(line)["incident"]["id"]) for line in said.splitlines()]


def close(field: Field, incidents: list[str]) -> None:
    """Close incidents."""
    field.sh("; ".join(CLOSE.format(each) for each in incidents))


def size(field: Field) -> int:
    """Return the bytes of the registry."""
    return int(field.sh(f"stat --format %s {REGISTRY}"))


def row(name: str, rounds: int, fleet: str, ping: Path, *words: str) -> list[str]:
    """Return the medians of both plays on one fleet, taken in turns."""
    lists, pings = [], []
    for _ in range(rounds):
        lists.append(timed(lambda: play("incident", "-e", "action=list", *words, inventory=fleet)))
        pings.append(timed(lambda: play(str(ping), *words, inventory=fleet)))
    asked, beside = statistics.median(lists), statistics.median(pings)
    return [name, f"{asked:.2f}", f"{beside:.2f}", f"{asked / beside:.2f}"]


def main() -> int:
    """Measure, and print the tables."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    count = int(sys.argv[2]) if len(sys.argv) > 2 else INCIDENTS
    fields = [Field(spec.name) for spec in HOSTS]
    before = size(fields[0])
    made = {field: opened(field, count) for field in fields}
    grown = size(fields[0]) - before
    places = " ".join(f"/srv/freqops/incidents/{each}" for each in made[fields[0]])
    evidence = [int(line.split()[0]) for line in fields[0].sh(f"du --bytes --summarize {places}").splitlines()]
    try:
        with tempfile.TemporaryDirectory() as directory:
            place = Path(directory)
            ping = place / "ping.yml"
            ping.write_text(yaml.safe_dump(PING))
            rows = [row("1 host", rounds, str(INVENTORY), ping, "--limit", MODEL),
                    row(f"{len(HOSTS)} hosts", rounds, str(INVENTORY), ping)]  # fmt: skip
            with many_sessions():
                rows.append(row(f"{SIMULATED} simulated", rounds, simulated(place, SIMULATED), ping))
    finally:
        for field, incidents in made.items():
            close(field, incidents)
    sys.stdout.write(table(("fleet", "list of incidents, s", "ping, s", "ratio"), rows) + "\n")
    sys.stdout.write(f"an incident of one event: {statistics.median(evidence):.0f} bytes of evidence, "
                     f"{grown / count:.0f} bytes of registry\n")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
