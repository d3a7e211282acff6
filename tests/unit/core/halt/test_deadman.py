"""How long a control node was silent, whatever happened to the clock."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.clock import iso
from freqops.core.halt import deadman
from freqops.core.halt.deadman import Boot, Keepalive
from tests.unit.fakes import START, FakeClock

FIRST = Boot("one", 1000.0)


def heard(minutes_ago: float = 0) -> Keepalive:
    return Keepalive(iso(START - timedelta(minutes=minutes_ago)), FIRST.id, FIRST.uptime, "ann@control")


@pytest.mark.parametrize("jump", [timedelta(0), timedelta(days=-400), timedelta(days=400)])
def test_within_a_boot_the_clock_does_not_count(jump: timedelta) -> None:
    assert heard().silence(START + jump, Boot("one", 1060.0)) == 60.0


@pytest.mark.parametrize(
    ("minutes_ago", "uptime", "expected"),
    [(30, 60.0, 1800.0), (-600, 60.0, 60.0), (1, 900.0, 900.0)],
    ids=["the clock's difference", "a clock that was set back", "a boot in which nothing was heard"],
)
def test_across_a_boot_it_is_the_greater_of_both(minutes_ago: float, uptime: float, expected: float) -> None:
    assert heard(minutes_ago).silence(START, Boot("two", uptime)) == expected


def test_what_was_noted_is_read_back(tmp_path: Path) -> None:
    clock = FakeClock()
    deadman.note(tmp_path, "ann@control", clock, FIRST)
    assert deadman.silence(tmp_path, clock, Boot("one", 1007.5)) == 7.5


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[]",
        "{}",
        json.dumps({"at": "yesterday", "boot": "one", "uptime": 1.0, "actor": "ann"}),
        json.dumps({"at": iso(START), "boot": "one", "uptime": "long", "actor": "ann"}),
        '{"at": "2026-01-02T03:04:05Z", "boot": "one", "uptime": NaN, "actor": "ann"}',
        json.dumps({"at": iso(START), "boot": "one", "uptime": FIRST.uptime + 1, "actor": "ann"}),
    ],
)
def test_where_nobody_can_say_it_was_never_heard(tmp_path: Path, text: Any) -> None:
    if text is not None:
        (tmp_path / deadman.FILE).write_text(text)
    assert deadman.silence(tmp_path, FakeClock(), FIRST) == math.inf


def test_the_present_boot_is_that_of_the_kernel(tmp_path: Path) -> None:
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("abc\n")
    (tmp_path / "uptime").write_text("12.34 20.00\n")
    assert deadman.this_boot(tmp_path) == Boot("abc", 12.34)
    assert deadman.this_boot().uptime > 0
