"""How fast this machine is: a fixed piece of work in pure Python, timed by the processor that it takes."""

from __future__ import annotations

import json
import time

ROUNDS, TURNS, ROWS = 3, 60, 6000


def work() -> int:
    """Do what tests do most: build, write, read and sort small objects."""
    found = 0
    for turn in range(TURNS):
        rows = [{"name": f"bot-{turn}-{row}", "level": row % 4, "at": str(row * 7919 % 1013)} for row in range(ROWS)]
        read = json.loads(json.dumps(rows))
        found += sum(row["level"] for row in sorted(read, key=lambda row: row["at"]) if row["name"].endswith("7"))
    return found


def seconds() -> float:
    """Return the processor time that the work takes, in seconds: the least of a few rounds."""
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)
