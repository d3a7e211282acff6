"""Of the longest files of a scenario some are drawn in each run; `make prove` runs all of them.

What was drawn is said at the beginning. FREQOPS_SEED draws the same again. Where only files of the scenario that are
drawn from are asked for, as somebody does who works on one, all that is asked for runs.
"""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Sequence

import pytest


def draw(
    config: pytest.Config, items: list[pytest.Item], files: Sequence[str], most: int = 1, never: Sequence[str] = ()
) -> None:
    """Leave out of the tests all files but those that are drawn.

    Args:
        config: The run.
        items: Its tests; those that are left out are taken away.
        files: The names of the files that are drawn from.
        most: How many of them run.
        never: The names of files that are left out each time.
    """
    long = {*files, *never}
    asked = {item.path.name for item in items} & long
    others = any(item.path.name not in long for item in items)
    if os.environ.get("FREQOPS_PROVE") == "1" or not (others or asked == long):
        return
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    kept = random.Random(seed).sample(sorted(asked & set(files)), min(most, len(asked & set(files))))  # noqa: S311  no secret
    left_out = asked - set(kept)
    print(f"drawn: without {', '.join(sorted(left_out))}, FREQOPS_SEED={seed}")  # noqa: T201  what a run leaves out
    gone = [item for item in items if item.path.name in left_out]
    config.hook.pytest_deselected(items=gone)
    items[:] = [item for item in items if item not in gone]
