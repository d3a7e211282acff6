"""Whatever befalls a halted bot, in any order, it stays halted."""

from __future__ import annotations

import os
import secrets
from collections import Counter

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.halt_model.machine import HaltMachine
from tests.halt_model.model_world import ModelWorld

# A tenth in every run; the whole takes minutes and is asked for.
STEPS = 10_000 if os.environ.get("FREQOPS_PROVE") == "1" else 1_000
LENGTH = 25
BATCH = 10  # the first so many of a run are new to hypothesis; later ones would be variations of them
# Looking for the shortest way to a failure takes minutes: it is done for whoever asks, with the seed that failed.
PHASES = (Phase.generate, Phase.shrink) if os.environ.get("FREQOPS_SHRINK") == "1" else (Phase.generate,)
SEEN = (
    *(f"halt {level}: 0" for level in (1, 2, 3)), "release: 0", "trades", "at rest at level 1", "at rest at level 3",
    "cut short: None",
)  # fmt: skip


def missing(done: Counter[str]) -> list[str]:
    """Return what must have happened at least once, and did not."""
    return [name for name in SEEN if not done[name]]


def run(seed: int, done: Counter[str]) -> None:
    """Let machines run until they have made all steps, and more where something has not happened yet."""

    class Machine(HaltMachine):
        def __init__(self) -> None:
            super().__init__(ModelWorld, done)

    while done["steps"] < STEPS or (missing(done) and done["steps"] < 4 * STEPS):
        bounds = settings(
            max_examples=BATCH, stateful_step_count=LENGTH, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), phases=PHASES,
        )  # fmt: skip
        run_state_machine_as_test(hypothesis.seed(seed + done["steps"])(Machine), settings=bounds)


def test_a_held_bot_never_trades_whatever_happens(capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    done: Counter[str] = Counter()
    try:
        run(seed, done)
    except BaseException as failure:
        failure.add_note(f"again: FREQOPS_SEED={seed}, and FREQOPS_SHRINK=1 for the shortest way there")
        raise
    with capsys.disabled():
        print(f"\nsteps of the halt machine: {done['steps']}, seed {seed}; {dict(sorted(done.items()))}")  # noqa: T201
    assert missing(done) == [], f"FREQOPS_SEED={seed}: {done}"
