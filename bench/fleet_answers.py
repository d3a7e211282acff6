"""How soon the rows and the table of a halt are there when some of a hundred hosts are sick.

Run it anywhere: ``.venv/bin/python -m bench.fleet_answers [hosts]``. It plays ``killswitch.yml`` over made-up hosts,
each a local process in the place of ssh: three hang, three are dead, three talk junk, and one gives no evidence. It
waits for the whole of the halt's patience, four minutes, and prints seconds since the first host was asked.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from action_plugins.freqops_halt import COPYING
from freqops.core.base.text_table import table
from freqops.core.halt import time_limits
from freqops.core.halt.answer import Row
from freqops.core.halt.kill_level import KillLevel
from freqops.plays.copy_back import DIRECTORY

ROOT = Path(__file__).resolve().parents[1]
HOSTS = 100
SICK = ("hung-1", "hung-2", "hung-3", "dead-1", "dead-2", "dead-3", "flood-1", "deep-1", "kinds-1", "mum-1")
INCIDENT = "INCIDENT"
SSH = r"""#!/bin/sh
[ -e PLACE/asked ] || : >PLACE/asked
incident=$(expr "$*" : '.*incident[= ]\([0-9A-Za-z-]*\)')
case "$*" in
    *hung-*) exec sleep 100000 ;;
    *dead-*) echo 'no route to host' >&2; exit 255 ;;
    *flood-*) exec yes ALL PROVEN ;;
    *deep-*) printf '{"a":'; head -c 1000000 /dev/zero | tr '\0' '['; echo ;;
    *kinds-*) echo '{"version": 1, "bots": 5}' ;;
    *mum-*"freqops-host incident"*) exec sleep 100000 ;;
    *"freqops-host incident"*) sed "s/INCIDENT/$incident/g" PLACE/incident.json ;;
    *) sleep "$(expr $$ % 5)"; sed "s/INCIDENT/$incident/g" PLACE/halt.json ;;
esac
"""


def prepared(place: Path, count: int) -> Path:
    """Write the made-up ssh, what the well hosts answer, and return the inventory of all of them."""
    row = Row("alpha", 1, INCIDENT, "paper", latched=True, raised=True, acknowledged_s=0.5, proven_s=3.0)
    row.verdict = "HALTED, PROVEN"
    halt = {"version": 1, "command": "halt", "bots": [row.to_json()], "undeclared": [], "proven": True}
    files = {"host-halt1.json": json.dumps({**halt, "level": 1, "reason": "a bench", "actor": "bench"})}
    evidence = {"version": 1, "command": "incident", "incident": INCIDENT, "files": files, "truncated": []}
    (place / "halt.json").write_text(json.dumps(halt) + "\n")
    (place / "incident.json").write_text(json.dumps(evidence) + "\n")
    (place / "ssh").write_text(SSH.replace("PLACE", str(place)))
    (place / "ssh").chmod(0o755)
    names = [*SICK, *(f"well-{number}" for number in range(count - len(SICK)))]
    bots = {"freqtrade_bots": [{"name": "alpha", "mode": "paper"}], "ansible_ssh_executable": str(place / "ssh")}
    inventory = place / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": {name: {} for name in names}, "vars": bots}}))
    return inventory


def main() -> int:
    """Halt, and print when what was there."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else HOSTS
    with tempfile.TemporaryDirectory(prefix="freqops-bench-") as name:
        place = Path(name)
        moments = measured(place, prepared(place, count))
        asked = (place / "asked").stat().st_mtime
        left = subprocess.run(["pgrep", "-fc", str(place)], capture_output=True, text=True, check=False).stdout.strip()
    rows = [(what, f"{moment - asked:.2f}") for what, moment in moments.items()]
    rows += [
        ("its time for answers", f"{time_limits.of_a_host(KillLevel.ENTRIES, None):.0f}"),
        ("and for evidence", f"{COPYING:.0f}"),
    ]
    sys.stdout.write(table((f"{count} hosts, {len(SICK)} of them sick", "seconds"), rows) + "\n")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    sys.stdout.write(f"processes left: {left}; memory of the largest process: {memory} MiB\n")
    return 0


def measured(place: Path, inventory: Path) -> dict[str, float]:
    """Play the halt and return the moments in which its output was there."""
    play = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [play, "-i", str(inventory), "playbooks/killswitch.yml", "-e", "level=1", "-e", "reason=bench"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCAL_TEMP": str(place)}
    moments: dict[str, float] = {}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            now = time.time()
            if line.startswith("alpha on ") and "acknowledged" in line:
                moments.setdefault("first row", now)
                moments["last row"] = now
            elif line.startswith("host ") and "verdict" in line:
                moments["table"] = now
            elif line.startswith("NOT ALL PROVEN | incident "):
                incident = line.split()[-1]
            elif line.startswith("NOT COPIED: mum-1"):
                moments["evidence"] = now
    moments["end of the process"] = time.time()
    shutil.rmtree(DIRECTORY / incident, ignore_errors=True)
    return moments


if __name__ == "__main__":
    sys.exit(main())
