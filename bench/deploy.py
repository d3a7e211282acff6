"""How long a deploy takes that has nothing to do, beside a play of one ``ping``, in the same run on the same hosts.

Run it on a lab that is deployed: ``.venv/bin/python -m bench.deploy [rounds]``.
Fleets of 10 and 100 hosts are simulated: every name leads to the same lab host, over a connection of its own, and
there a stub says at once what the real command has said before. What is measured is the control node and its
connections; a real host needs its own second beside the others. It prints medians of seconds and their ratio.
"""

from __future__ import annotations

import copy
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from freqops.core.base.text_table import table
from lab.base.paths import INVENTORY
from lab.hosts.roster import HOSTS
from tests.support.field import Field, Played, play
from tests.support.fleet import inventory

ROUNDS = 3
SIZES = (10, 100)
MODEL = "paper-1"
LOOPBACK = "127.0.0.1"
PING = [{"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.ping": {}}]}]
MANY = "/etc/ssh/sshd_config.d/00-bench.conf"
TOOL, AWAY, ANSWER = "/usr/local/bin/freqops-host", "/usr/local/bin/freqops-host.away", "/etc/freqops/bench.json"


def timed(action: Callable[[], Played]) -> float:
    """Return the seconds that a play took, which must end well."""
    began = time.monotonic()
    played = action()
    seconds = time.monotonic() - began
    if played.rc != 0:
        raise SystemExit(f"a play failed:\n{played.out}")
    return seconds


def unchanged(*words: str, fleet: str) -> Played:
    """Deploy what is deployed, and check that nothing was done."""
    played = play("deploy", *words, inventory=fleet)
    if "nothing to do" not in played.out or "Take the deploy lock" in played.out:
        raise SystemExit(f"this deploy had something to do:\n{played.out}")
    return played


def simulated(place: Path, size: int) -> str:
    """Return an inventory of ``size`` names that lead to one lab host."""
    target = Path(inventory(place, lambda _fleet: None))
    hosts = yaml.safe_load((INVENTORY / "hosts.yml").read_text())
    model = hosts["paper"]["hosts"][MODEL]
    names = [f"sim-{number:03}" for number in range(size)]
    hosts["paper"]["hosts"] = {name: {**copy.deepcopy(model), **_aliased(name, model)} for name in names}
    hosts["prod"]["hosts"] = {}
    (target / "hosts.yml").write_text(yaml.safe_dump(hosts))
    (target / "secrets.yml").unlink()
    return str(target)


def _aliased(name: str, model: dict[str, Any]) -> dict[str, str]:
    """Return an address of its own that SSH takes for the model's: preflight refuses two names of one machine."""
    alias = f"-o HostName={LOOPBACK} -o HostKeyAlias=[{LOOPBACK}]:{model['ansible_port']}"
    return {"ansible_host": f"{name}.example.com", "ansible_ssh_extra_args": alias}


@contextmanager
def many_sessions() -> Iterator[None]:
    """Let the lab host take as many sessions at once as there are names for it: real hosts have a server each."""
    field = Field(MODEL)
    field.sh(f"printf 'MaxStartups 1000\\nMaxSessions 1000\\n' > {MANY} && systemctl reload ssh")
    try:
        yield
    finally:
        field.sh(f"rm {MANY} && systemctl reload ssh")


@contextmanager
def answering() -> Iterator[None]:
    """Let the lab host say at once what it says of itself now, which must be that nothing differs."""
    field = Field(MODEL)
    manifest = json.loads(field.sh("cat /srv/freqops/manifest.json"))
    _, answer = field.tool(f"manifest --wanted={manifest['wanted']} --ground={manifest['ground']}")
    if not answer["same"]:
        raise SystemExit(f"the lab host is not as it was deployed: {answer['differences']}")
    field.host.run(f"sudo tee {ANSWER} >/dev/null", stdin=json.dumps(answer))
    another = "read -r number </proc/sys/kernel/random/uuid"  # else all names would be refused as those of one machine
    stub = f'#!/bin/sh\n{another}\nexec sed "s/{answer["machine"].split()[0]}/$number/" {ANSWER}\n'
    field.sh(f"mv {TOOL} {AWAY}")
    try:
        field.host.run(f"sudo install -m 0755 /dev/stdin {TOOL}", stdin=stub)
        yield
    finally:
        field.sh(f"mv {AWAY} {TOOL} && rm {ANSWER}")


def row(name: str, rounds: int, fleet: str, ping: Path, *words: str) -> list[str]:
    """Return the medians of both plays on one fleet, taken in turns."""
    seconds: dict[str, list[float]] = {"deploy": [], "ping": []}
    for _ in range(rounds):
        seconds["deploy"].append(timed(lambda: unchanged(*words, fleet=fleet)))
        seconds["ping"].append(timed(lambda: play(str(ping), *words, inventory=fleet)))
    deploy, beside = (statistics.median(seconds[each]) for each in ("deploy", "ping"))
    return [name, f"{deploy:.2f}", f"{beside:.2f}", f"{deploy / beside:.2f}"]


def row_of_simulated(size: int, rounds: int, fleet: str, ping: Path) -> list[str]:
    """Return the medians on a simulated fleet, deployed under one of its names: what is wished of all is the same."""
    timed(lambda: play("deploy", "--limit", "sim-000", inventory=fleet))
    with answering():
        return row(f"{size} simulated", rounds, fleet, ping)


def main() -> int:
    """Measure, and print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        ping = place / "ping.yml"
        ping.write_text(yaml.safe_dump(PING))
        real = str(INVENTORY)
        rows = [row("1 host", rounds, real, ping, "--limit", MODEL), row(f"{len(HOSTS)} hosts", rounds, real, ping)]
        with many_sessions():
            rows += [row_of_simulated(size, rounds, simulated(place, size), ping) for size in SIZES]
        timed(lambda: play("deploy", "--limit", MODEL))  # the host belongs to its own name again
    sys.stdout.write(table(("fleet", "deploy that has nothing to do, s", "ping, s", "ratio"), rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
