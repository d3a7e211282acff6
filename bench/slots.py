"""What a run slot costs, beside a bare flock, in the same run: microseconds.

Run it on any Linux: ``PYTHONPATH=src .venv/bin/python -m bench.slots [rounds] [directory]``. The directory says which
disk is measured: a slot is written and synchronised, a flock is not. It prints medians, and their ratio to the flock's.
"""

from __future__ import annotations

import fcntl
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.base.text_table import table
from freqops.core.breaker import places
from freqops.core.runs import slot_processes
from freqops.core.runs.slot_directory import SlotDirectory
from freqops.core.runs.slots import Holder, Wanted

ROUNDS = 500


def timed(action: Callable[[], object]) -> float:
    """Return the microseconds that an action took."""
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1e6


def bare(path: Path) -> None:
    """Take a flock, and give it back."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.close(descriptor)


def main() -> int:
    """Measure in turn, and print a table; the first row is what the others are compared with."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as place:
        root = Path(place)
        directory = SlotDirectory(root, Clock())
        breaker = places.host_breaker(root)
        breaker.parent.mkdir(parents=True)
        breaker.write_text('{"active": false}')
        wanted = Wanted("backtest", Holder(slot_processes.this(), os.uname().nodename, "bench"), limit=3)
        others = [directory.acquire(wanted) for _ in range(2)]  # as on a host on which something runs
        taken: dict[str, list[float]] = {"flock, had and given back": []}
        for _ in range(rounds):
            taken["flock, had and given back"].append(timed(lambda: bare(root / "bare")))
            tokens: list[str] = []
            steps: dict[str, Callable[[], object]] = {
                "slot, acquired": lambda own=tokens: own.append(directory.acquire(wanted).token),  # type: ignore[misc]
                "slot, kept": lambda own=tokens: directory.keep(own[0]),  # type: ignore[misc]
                "slot, given back": lambda own=tokens: directory.release(own[0]),  # type: ignore[misc]
            }
            for name, step in steps.items():
                taken.setdefault(name, []).append(timed(step))
        assert all(directory.release(other.token) for other in others)  # noqa: S101  a bench that measures nothing is none
    medians = {name: statistics.median(each) for name, each in taken.items()}
    first = next(iter(medians.values()))
    rows = [[name, f"{median:.0f}", f"{median / first:.1f}"] for name, median in medians.items()]
    sys.stdout.write(table(("step", "microseconds", "ratio"), rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
