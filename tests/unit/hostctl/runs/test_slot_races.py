"""Sixteen processes at once for three slots: always three have one, never more, and none is lost."""

from __future__ import annotations

import multiprocessing
import os
import random
import secrets
import shutil
import tempfile
import traceback
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.runs import slot_directory, slot_processes
from freqops.core.runs.slot_directory import SlotDirectory
from freqops.core.runs.slots import Full, Holder, Wanted
from tests.support.patience import GIVE_UP
from tests.unit.slot_fields import lay_breaker

# One tenth in every run; the whole count takes minutes and is asked for.
ROUNDS = 10_000 if os.environ.get("FREQOPS_PROVE") == "1" else 1_000
RACERS, SLOTS = 16, 3
SHARED_MEMORY = "/dev/shm"  # noqa: S108  a file system in memory, on every Linux


@pytest.fixture
def root() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="freqops-slots-", dir=SHARED_MEMORY))
    lay_breaker(made)
    yield made
    shutil.rmtree(made)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for the flock however slow a busy machine is, and look often."""
    monkeypatch.setattr(slot_directory, "LOCK_SECONDS", float(GIVE_UP))
    monkeypatch.setattr(durable, "POLL", 0.001)


def race(number: int, root: Path, seed: int, start: Barrier, held: Any) -> None:
    """Take a slot in each round unless there is one, and give it back in about half of them."""
    dice = random.Random(f"{seed} {number}")  # noqa: S311  a choice, not a secret
    directory = SlotDirectory(root, Clock())
    wanted = Wanted("backtest", Holder(slot_processes.this(), "host", "ann@host"), limit=SLOTS)
    token = None
    try:
        for done in range(ROUNDS):
            start.wait(GIVE_UP)
            if token is None:
                token = attempt(directory, wanted)
            held[number] = token is not None
            start.wait(GIVE_UP)
            if number == 0:
                check(directory, list(held), done)
            start.wait(GIVE_UP)
            if token is not None and dice.random() < 0.5:
                assert directory.release(token)
                token = None
    except BaseException:  # noqa: BLE001  whatever it is, the others must not wait for it
        start.abort()
        traceback.print_exc()
        os._exit(1)


def attempt(directory: SlotDirectory, wanted: Wanted) -> str | None:
    try:
        return directory.acquire(wanted).token
    except Full:
        return None


def check(directory: SlotDirectory, held: list[int], done: int) -> None:
    files = [each for each in directory.found() if each.slot is not None]
    assert sum(held) == len(files) == SLOTS, f"round {done}: {held}, {[each.name for each in files]}"


def test_of_sixteen_always_three_have_a_slot(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    forks = multiprocessing.get_context("fork")
    start, held = forks.Barrier(RACERS), forks.Array("b", RACERS, lock=False)
    racers = [forks.Process(target=race, args=(number, root, seed, start, held)) for number in range(RACERS)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    with capsys.disabled():
        print(f"\n{ROUNDS} rounds of {RACERS} for {SLOTS} slots, seed {seed}")  # noqa: T201
    assert [racer.exitcode for racer in racers] == [0] * RACERS, f"seed {seed}"
