"""How long the operator breaker takes, from its file to the last bot proven, with 1, 2 and 10 bots on a host.

Run it on a lab with both bots of paper-1 deployed: ``.venv/bin/python -m bench.breaker [rounds]``. The other bots are
copies that it starts and takes away. The file is moved into place on the host, and what the guard notes is read there
every 10 ms, so nothing of Ansible or SSH is in the figures. Then ``circuit_breaker.yml`` is timed beside
``killswitch.yml`` at level 1, both on the bots that are deployed, and the share of a core that the idle guard takes.
"""

from __future__ import annotations

import json
import shlex
import statistics
import sys
import time
from functools import partial

from freqops.core.base.text_table import table
from tests.support.copied import deployed
from tests.support.field import Field, play, until
from tests.support.paper import HOST, PaperBot, model

ROUNDS = 3
COPIES = 8  # beside the two that are deployed
IDLE_SECONDS = 60
GUARD = "freqops-guard.service"
TRIP = """
import json, os, sys, time
where, names = json.load(sys.stdin)
def switch(path, active):
    with open(path + ".new", "w") as stream:
        json.dump({"active": active, "reason": "bench", "until_iso": None}, stream)
    os.chmod(path + ".new", 0o600)
    os.rename(path + ".new", path)
def proven():
    with open("/run/freqops/breaker.json") as stream:
        bots = json.load(stream)["bots"]
    return [bool(bots.get(name, {}).get("proven")) for name in names]
taken = []
for active, done in ((True, all), (False, lambda seen: not any(seen))):
    began = time.monotonic()
    for path in where:
        switch(path, active)
    while not done(proven()):
        if time.monotonic() - began > 120:
            sys.exit(f"not within 120 s: {dict(zip(names, proven()))}")
        time.sleep(0.01)
    taken.append(time.monotonic() - began)
print(json.dumps(taken))
"""


def _runs(name: str) -> bool:
    return Field(HOST, name).state() == "running"


def tripped(field: Field, bots: list[str], *, all_of_host: bool) -> tuple[float, float]:
    """Trip bots of a host and end that again; return the seconds to the last one proven, and to the last one free."""
    state = "/srv/freqops/user_data/state/circuit_breaker.json"
    files = [state] if all_of_host else [f"/srv/freqops/bots/{name}/circuit_breaker.json" for name in bots]
    done = field.host.run(f"sudo python3 -c {shlex.quote(TRIP)}", stdin=json.dumps([files, bots]))
    if done.rc != 0:
        raise SystemExit(done.err or done.out)
    on, off = json.loads(done.out)
    for name in bots:
        until(f"{name} runs again", partial(_runs, name))
    return on, off


def plays() -> dict[str, float]:
    """Return the seconds of each playbook over the bots that are deployed."""
    limit = ("--limit", HOST, "-e", "reason=bench")
    seconds = {}
    for name, words in (
        ("killswitch.yml, level 1", ("killswitch", *limit, "-e", "level=1")),
        ("circuit_breaker.yml, enable", ("circuit_breaker", *limit, "-e", "action=enable")),
        ("circuit_breaker.yml, disable", ("circuit_breaker", *limit, "-e", "action=disable")),
    ):
        began = time.monotonic()
        done = play(*words)
        seconds[name] = time.monotonic() - began
        if done.rc != 0:
            raise SystemExit(done.out)
        if words[0] == "killswitch":
            for bot in ("alpha", "beta"):
                Field(HOST, bot).ready()
    return seconds


def idle(field: Field) -> float:
    """Return the share of a core, in percent, that the guard takes while nothing happens."""
    usage = f"systemctl show --property CPUUsageNSec --value {GUARD}"
    before, began = int(field.sh(usage)), time.monotonic()
    time.sleep(IDLE_SECONDS)
    return 100 * (int(field.sh(usage)) - before) / 1e9 / (time.monotonic() - began)


def main() -> int:
    """Measure, and print a table of each."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    field = Field(HOST, "alpha")
    field.ready()
    Field(HOST, "beta").ready()
    share = idle(field)
    found = {1: [tripped(field, ["beta"], all_of_host=False) for _ in range(rounds)]}
    found[2] = [tripped(field, ["alpha", "beta"], all_of_host=True) for _ in range(rounds)]
    timed = [plays() for _ in range(rounds)]
    copies = [PaperBot(number) for number in range(1, COPIES + 1)]
    try:
        deployed(model(), copies)
        names = ["alpha", "beta", *(bot.name for bot in copies)]
        found[2 + COPIES] = [tripped(field, names, all_of_host=True) for _ in range(rounds)]
    finally:
        for bot in copies:
            bot.remove()
    heading = ("bots", "file to last proven, s (median, most)", "end to last free, s (median, most)")
    rows = []
    for bots, seconds in found.items():
        on, off = zip(*seconds, strict=True)
        rows.append([str(bots), *(f"{statistics.median(part):.2f}, {max(part):.2f}" for part in (on, off))])
    sys.stdout.write(table(heading, rows) + "\n\n")
    medians = {name: statistics.median(each[name] for each in timed) for name in timed[0]}
    base = next(iter(medians.values()))
    rows = [[name, f"{median:.2f}", f"{median / base:.2f}"] for name, median in medians.items()]
    sys.stdout.write(table(("playbook, 2 bots", "seconds", "ratio"), rows) + "\n\n")
    sys.stdout.write(f"the idle guard takes {share:.3f} % of a core\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
