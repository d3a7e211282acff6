"""The process that enters evidence: begun where there is a registry, waited for by nobody, and ended by no unit."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from freqops.core.runs import registry
from freqops.hostctl import cli
from freqops.hostctl.incident import entering
from tests.support.patience import GIVE_UP

SOON = 5.0


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A host on which entering never ends."""
    registry.place(tmp_path).parent.mkdir(parents=True)
    registry.place(tmp_path).touch()
    monkeypatch.setattr(entering, "CODE", "import time; time.sleep(600)")
    yield tmp_path
    for pid in entering._begun:
        os.kill(pid, 9)
    entering.settle(GIVE_UP)


def test_without_a_registry_nothing_is_begun(tmp_path: Path) -> None:
    entering.begin(tmp_path, "one")
    assert entering._begun == []


def test_a_second_record_does_not_wait_for_the_first(slow: Path) -> None:
    began = time.monotonic()
    entering.begin(slow, "one")
    entering.begin(slow, "two")
    assert len(entering._begun) == 2
    assert time.monotonic() - began < SOON


def test_it_has_a_session_of_its_own_and_nothing_of_the_terminal(slow: Path) -> None:
    entering.begin(slow, "one")
    [pid] = entering._begun
    assert os.getsid(pid) == pid
    assert {Path(f"/proc/{pid}/fd/{number}").readlink() for number in range(3)} == {Path(os.devnull)}


def test_who_waits_does_so_no_longer_than_it_said(slow: Path) -> None:
    entering.begin(slow, "one")
    began = time.monotonic()
    entering.settle(0.2)
    assert len(entering._begun) == 1
    assert time.monotonic() - began < SOON


def test_a_command_that_ends_waits_for_what_it_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[bool] = []
    monkeypatch.setattr(entering, "settle", lambda: waited.append(True))
    assert cli.main(["slots"], tmp_path) in (0, 1, 2)
    assert waited == [True]
