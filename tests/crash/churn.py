"""Changes the holds of one bot, again and again, and never lets it go: what readers read is its work.

It is given the bot's home and a seed, and works until it is killed.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.halt import holds
from freqops.hostctl.bot import holds_file

LONGEST = 2000


def changed(present: holds.Holds, dice: random.Random, clock: Clock) -> holds.Holds:
    """Return other holds, at least one; the reason of each new hold says its number."""
    holder = dice.choice(holds.HOLDERS)
    found = present.of(holder)
    last = found is not None and found.level == holds.ENTRIES and len(present.holds) == 1
    if found is None or last or dice.random() < 0.5:
        if found is not None and (last or dice.random() < 0.5):
            return present.resting(holder, "stopped" if found.rest == "paused" else "paused")
        level = dice.choice(holds.LEVELS)
        reason = f"{present.seq + 1} {'x' * dice.randrange(LONGEST)}"
        return present.raised(holds.Hold(holder, level, reason, "ann@host", holder, 0, ""), clock.utcnow())
    return present.resumed(found.incident, clock.utcnow())


def main() -> None:
    """Change the holds until killed."""
    home, dice, clock = Path(sys.argv[1]), random.Random(int(sys.argv[2])), Clock()  # noqa: S311  not a secret
    while True:
        holds_file.change(home, lambda present: changed(present, dice, clock), clock)


if __name__ == "__main__":
    main()
