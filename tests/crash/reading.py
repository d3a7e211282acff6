"""Reads the holds of one bot in a tight loop, as a command or as the start gate does, and counts what it reads.

It is given how to read, the bot's ``conf`` and how often; it reads on until it has met enough changes, too.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from freqops.core.halt import holds, start_gate

CHANGES = 1000
HELD, FREE, TORN, BACK = "held at level 3", "may start at rest", "torn", "older than what was read before"


def loaded(conf: Path, last: list[holds.Holds]) -> str:
    """Read the holds and say what they were."""
    try:
        present = holds.load(conf / "holds.json")
    except holds.HoldsUnreadable as error:
        return f"{TORN}: {error}"
    before, last[:] = last[-1] if last else None, [present]
    if before is not None and (present.seq < before.seq or (present.seq == before.seq and present != before)):
        return BACK
    return HELD if present.level >= holds.HARD else FREE if present.level else "not held"


def judged(conf: Path, _last: list[holds.Holds]) -> str:
    """Ask the start gate and say what it said."""
    verdict = start_gate.verdict(conf)
    if verdict is None:
        return FREE
    return HELD if verdict.startswith("held at level 3: ") else f"{TORN}: {verdict}"


def main() -> None:
    """Read and count, and print the counts."""
    how, conf, wanted = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    read = {"load": loaded, "gate": judged}[how]
    counts: Counter[str] = Counter()
    last: list[holds.Holds] = []
    inode, changes, done = 0, 0, 0
    while done < wanted or changes < CHANGES:
        counts[read(conf, last)] += 1
        done += 1
        found = (conf / "holds.json").stat().st_ino
        changes, inode = changes + (found != inode), found
    sys.stdout.write(json.dumps({"counts": counts, "changes": changes}))


if __name__ == "__main__":
    main()
