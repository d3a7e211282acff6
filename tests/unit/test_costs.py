"""What a part of `make test` is said to have cost."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.costs import Containers, ran

BURN = "import time\nwhile time.process_time() < 0.3: pass\nprint('burnt')"
THROUGH_A_CHILD = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}], check=True)"


def counted(*looks: dict[str, float]) -> float:
    """Return what is counted over these looks; the first is the one before the part."""
    left = iter(looks)
    containers = Containers(lambda: next(left))
    for _ in looks[1:]:
        containers.look()
    return round(containers.seconds, 6)


def test_what_a_container_used_before_is_not_counted() -> None:
    assert counted({"a": 100.0}, {"a": 101.0}, {"a": 103.5}) == 3.5


def test_one_that_came_and_went_is_counted_as_last_seen() -> None:
    assert counted({}, {"a": 2.0}, {"a": 5.0, "b": 1.0}, {"b": 1.5}) == 6.5


def test_one_that_was_started_again_counts_from_nothing_again() -> None:
    assert counted({"a": 10.0}, {"a": 12.0}, {"a": 0.5}, {"a": 1.0}) == 3.0


def test_processes_of_processes_are_counted_and_output_goes_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    status, seconds = ran([sys.executable, "-c", THROUGH_A_CHILD], {}, log, "test", tmp_path)
    assert (status, log.read_text()) == (0, "burnt\n")
    assert seconds >= 0.3


def test_the_status_is_the_commands_own(tmp_path: Path) -> None:
    assert ran([sys.executable, "-c", "raise SystemExit(3)"], {}, tmp_path / "log", "test", tmp_path)[0] == 3
