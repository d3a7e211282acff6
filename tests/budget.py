"""What each part of `make test` may cost, and whether it cost more."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

PATH = Path(__file__).with_suffix(".toml")
TOLERANCE = 1.3


@dataclass(frozen=True)
class Budget:
    """The reference machine's pace, and what each part may take there.

    Attributes:
        reference: Seconds of processor that the work of ``tests/pace.py`` takes there.
        core_minutes: The allowance of each part.
    """

    reference: float
    core_minutes: Mapping[str, float]


def load(path: Path = PATH) -> Budget:
    """Read the budget."""
    document = tomllib.loads(path.read_text())
    return Budget(float(document["reference"]), document["core_minutes"])


@dataclass(frozen=True)
class Verdict:
    """What is to be said of one part.

    Attributes:
        part: Whose budget it is.
        said: One line for whoever reads the end of the run.
        red: Whether the run fails for it.
    """

    part: str
    said: str
    red: bool


def judged(used: Mapping[str, float], known: Collection[str], budget: Budget) -> list[Verdict]:
    """Compare what parts took with what they may take; what is within its budget is not mentioned.

    Args:
        used: Core-minutes of each part that ran to its end, as they would be on the reference machine.
        known: Every part that there is, whether it ran or not.
        budget: What they may take.
    """
    compared = [_compared(part, taken, budget.core_minutes.get(part)) for part, taken in used.items()]
    found = [verdict for verdict in compared if verdict is not None]
    for part in sorted(set(known) - budget.core_minutes.keys()):
        found.append(Verdict(part, f"{part} has no budget; give it one in tests/budget.toml", red=True))
    for part in sorted(budget.core_minutes.keys() - set(known)):
        found.append(Verdict(part, f"{part} has a budget and is no part; take it out of tests/budget.toml", red=True))
    return found


def _compared(part: str, taken: float, allowed: float | None) -> Verdict | None:
    if allowed is None or taken <= allowed:  # that there is none is said of every part, whether it ran or not
        return None
    red = taken > TOLERANCE * allowed
    said = f"{part} took {taken:.1f} core-minutes and may take {allowed:.1f}"
    return Verdict(part, f"{said}, and {TOLERANCE} times that at most" if red else said, red)
