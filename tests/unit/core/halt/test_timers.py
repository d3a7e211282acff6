"""The rounds of our timers prove themselves by a stamp, and one that is too old, or missing, is named."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from freqops.core.base import stamp
from freqops.core.halt import timers
from tests.unit.fakes import START, FakeClock


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stamp, "DIRECTORY", str(tmp_path / "run"))
    return tmp_path / "run"


def test_a_stamp_is_left_and_left_again(place: Path) -> None:
    assert stamp.age("reassert", time.time()) is None
    stamp.leave("reassert")
    path = place / "reassert.stamp"
    os.utime(path, (0, 0))
    assert stamp.age("reassert", 60.0) == 60.0
    stamp.leave("reassert")
    assert path.stat().st_mtime > 0


def test_a_stamp_that_cannot_be_left_hinders_nobody(place: Path) -> None:
    place.write_text("")
    stamp.leave("reassert")
    assert stamp.age("reassert", time.time()) is None


@pytest.mark.parametrize(
    ("name", "age", "up_s", "said"),
    [
        ("reassert", 180.0, 1e6, None), ("reassert", 181.0, 1e6, "did not come round for 181 s (red above 180 s)"),
        ("recover", 181.0, 1e6, "did not come round for 181 s (red above 180 s)"), ("deadman", 300.0, 1e6, None),
        ("deadman", 301.0, 1e6, "did not come round for 301 s (red above 300 s)"), ("reassert", None, 180.0, None),
        ("reassert", None, 181.0, "never came round since the boot, for 181 s (red above 180 s)"),
        ("reassert", -5.0, 1e6, None), ("reassert", -6.0, 1e6, "is 6 s in the future (red above 5 s)"),
    ],
)  # fmt: skip
def test_a_round_may_be_so_old(name: str, age: float | None, up_s: float, said: str | None) -> None:
    found = timers.round_wrong(name, age, up_s)
    assert [str(said) in text for text in found] == ([] if said is None else [True])
    assert all(f"'systemctl status freqops-{name}.timer freqops-{name}.service' says why" in text for text in found)


def test_the_age_is_that_of_the_stamp(place: Path) -> None:
    clock = FakeClock()
    assert timers.stamp_wrong("reassert", clock) == []
    stamp.leave("reassert")
    os.utime(place / "reassert.stamp", (START.timestamp() - 200,) * 2)
    [said] = timers.stamp_wrong("reassert", clock)
    assert "for 200 s" in said
