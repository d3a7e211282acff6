"""Reads a breaker in a tight loop and counts what it says. It is given the file, how often, and how many changes.

It reads as often as it is told. Then it goes on with pauses, until it has seen as many changes as it is told.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from freqops.core.breaker import breaker_file

ACTIVE, INACTIVE = "active", "inactive"
PAUSE = 0.02


def main() -> None:
    """Read and count, and print the counts."""
    path, wanted, least = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    counts: Counter[str] = Counter()
    now, owner, last, changes = datetime.now(UTC), os.getuid(), "", 0
    while counts.total() < wanted or changes < least:
        if counts.total() >= wanted:
            time.sleep(PAUSE)
        for _ in range(100):
            found = breaker_file.read(path, now, owner=owner)
            said = (ACTIVE if found.active else INACTIVE) if found.readable else f"torn: {found.why}"
            changes, last = changes + (said != last), said
            counts[said] += 1
    sys.stdout.write(json.dumps({"counts": counts, "changes": changes}))


if __name__ == "__main__":
    main()
