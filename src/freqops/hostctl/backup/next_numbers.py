"""The numbers that the next rows of a database take, held against what was written down."""

from __future__ import annotations

from collections.abc import Mapping

from freqops.core.bot.database_contents import Contents


def differences(present: Contents, told: Mapping[str, int]) -> list[str]:
    """Return a line for each column whose next number is not the one that was written down."""
    now = present.next_numbers()
    lines = [f"the next {name} was {number} and is {now.get(name, 'not known')}"
             for name, number in told.items() if now.get(name) != number]  # fmt: skip
    return lines + [f"the next {name} was not known and is {now[name]}" for name in sorted(now.keys() - told.keys())]
