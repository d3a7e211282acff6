"""A halt and what it stops, begun at the same moment: held means not trading, and what the halt said was so."""

from __future__ import annotations

import os
import random
import secrets
from collections import Counter
from collections.abc import Callable

import pytest

from tests.halt_model.model_world import ModelWorld
from tests.halt_model.protocol import Answer, Operation, World

# A tenth in every run; the whole takes minutes and is asked for.
ROUNDS = 200 if os.environ.get("FREQOPS_PROVE") == "1" else 20
QUIET_SECONDS = 30.0

Play = Callable[[ModelWorld, random.Random], tuple[Answer, Answer]]


def later(seconds: float, operation: Operation) -> Operation:
    """Return an operation that begins in the middle of another one."""

    def begin(world: World) -> Answer:
        world.wait(seconds)
        return operation(world)

    return begin


def deploy_and_halt_3(world: ModelWorld, dice: random.Random) -> tuple[Answer, Answer]:
    image, sick, delay = dice.random() < 0.5, dice.random() < 0.2, dice.uniform(0, 12)
    return world.together(
        lambda each: each.deploy(sick=sick, image=image), later(delay, lambda each: each.halt(3)), dice.randrange(2**32)
    )


def start_and_halt_1(world: ModelWorld, dice: random.Random) -> tuple[Answer, Answer]:
    """Somebody who insists: `/start` once or several times, at any moment of the halt."""
    moments = sorted(dice.uniform(0, 10) for _ in range(dice.choice([1, 1, 3])))

    def insist(each: World) -> Answer:
        begun = 0.0
        for moment in moments:
            each.wait(moment - begun)
            each.api_start()
            begun = moment
        return Answer()

    return world.together(insist, later(dice.uniform(0, 3), lambda each: each.halt(1)), dice.randrange(2**32))


def resume_and_halt(world: ModelWorld, dice: random.Random) -> tuple[Answer, Answer]:
    """One operator resumes what another halts again: the resume was of the hold that the halt finds in force."""
    level = dice.choice([1, 3])
    world.halt(level)
    incident = world.incident()
    assert incident is not None
    return world.together(lambda each: each.release(incident), lambda each: each.halt(level), dice.randrange(2**32))


def play(race: Play, capsys: pytest.CaptureFixture[str]) -> Counter[str]:
    """Play a race over and over, and judge what is left when it is over."""
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    seen: Counter[str] = Counter()
    for number in range(ROUNDS):
        dice = random.Random(seed + number)  # noqa: S311  a race must be repeatable
        world = ModelWorld(dice.randrange(2**32))
        try:
            answers = race(world, dice)
            judge(world, answers, f"FREQOPS_SEED={seed + number}")
            [row] = answers[1].said["bots"]
            seen[f"{row['verdict']}, level {world.level()}, {answers[0].status}"] += 1
        finally:
            world.close()
    with capsys.disabled():
        print(f"\nrounds of {race.__name__}: {ROUNDS}, seed {seed}; {dict(seen.most_common())}")  # noqa: T201
    assert any("HALTED, PROVEN" in said for said in seen)
    return seen


def judge(world: ModelWorld, answers: tuple[Answer, Answer], context: str) -> None:
    """Assert that the halt did not lie, and that a bot that is held when all is over does not trade."""
    assert world.wrong() == [], f"{context}: {answers}"
    assert answers[1].status is not None, context
    world.settle()
    level = world.level()
    if level == 0:
        return
    assert not world.trading(), f"{context}: {answers}"
    assert level < 3 or world.state() == "no process", f"{context}: {answers}"
    entered = world.entries()
    world.wait(QUIET_SECONDS)
    assert (world.entries(), world.trading()) == (entered, False), f"{context}: {answers}"


def test_a_deploy_and_level_3_at_the_same_moment(capsys: pytest.CaptureFixture[str]) -> None:
    seen = play(deploy_and_halt_3, capsys)
    assert all(", level 3, " in said for said in seen), seen


def test_a_start_by_somebody_and_level_1_at_the_same_moment(capsys: pytest.CaptureFixture[str]) -> None:
    seen = play(start_and_halt_1, capsys)
    assert all(", level 1, " in said for said in seen), seen


def test_a_resume_and_a_halt_at_the_same_moment(capsys: pytest.CaptureFixture[str]) -> None:
    play(resume_and_halt, capsys)
