"""Where the seconds of a first deploy go: a lab host made bare, deployed to, every task timed.

Run it on a lab that is up: ``.venv/bin/python -m bench.first_deploy``. It prints seconds by role, and the longest
tasks.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections import defaultdict

from freqops.core.base.text_table import table
from tests.support.field import ROOT, command_of, environment

HOST = "prod-1"
TASK = re.compile(r"^TASK \[(?:(?P<role>[a-z_]+) : )?(?P<name>.*?)\] \*")
LONGEST = 10


def main() -> int:
    """Measure, and print both tables."""
    subprocess.run([sys.executable, "-m", "lab", "reset", HOST], cwd=ROOT, check=True)
    roles: dict[str, float] = defaultdict(float)
    tasks: dict[str, float] = defaultdict(float)
    began = last = time.monotonic()
    role, task = "before the first task", "before the first task"
    with subprocess.Popen(
        command_of("deploy", "--limit", HOST), cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    ) as play:
        for line in play.stdout or ():
            found = TASK.match(line)
            if found is None:
                continue
            now = time.monotonic()
            roles[role] += now - last
            tasks[task] += now - last
            role, task, last = found["role"] or "the play itself", found["name"], now
    now = time.monotonic()
    roles[role] += now - last
    tasks[task] += now - last
    for heading, counted in (("role", roles), ("task", tasks)):
        longest = sorted(counted.items(), key=lambda item: -item[1])[:LONGEST]
        rows = [[name, f"{seconds:.1f}"] for name, seconds in longest]
        sys.stdout.write(table((heading, "seconds"), rows) + "\n\n")
    sys.stdout.write(f"in all {now - began:.1f} s, status {play.returncode}\n")
    return play.returncode


if __name__ == "__main__":
    sys.exit(main())
