"""Switches a breaker on and off, again and again, until it is killed. It is given the file and a seed."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.base.mandate import Mandate
from freqops.hostctl.breaker import writer

LONGEST = 5000


def main() -> None:
    """Switch until killed."""
    writer.OWNER = os.getuid()
    switch, dice, clock = writer.Switch(Path(sys.argv[1])), random.Random(int(sys.argv[2])), Clock()  # noqa: S311
    while True:
        mandate = Mandate("churn", "x" * dice.randrange(1, LONGEST), "ann@host")
        if dice.random() < 0.5:
            writer.enable(switch, None, mandate, clock)
        else:
            writer.disable(switch, mandate, clock)


if __name__ == "__main__":
    main()
