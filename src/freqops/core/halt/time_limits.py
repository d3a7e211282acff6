"""The seconds that a halt may take: one bot's proof, all that its host does, and a host's answer to the control node.

Each limit stands on the one before, so no host is given up that may still answer by its own limits.
"""

from __future__ import annotations

from .kill_level import KillLevel

ENTRIES_SECONDS, FLATTEN_SECONDS = 45.0, 120.0
LOOPS = 4  # a proof of slow loops may take so many times its seconds
WITNESS_READY_SECONDS = 60.0  # where a host asks for all its bots at once, each waits for the processor, too
EXCHANGE_SECONDS = 20.0  # for each of the two questions, what rests there and whether it still does
ENDING_SECONDS = 15.0  # for what ends a halt after its proof: evidence, and containers that asked
WAY_SECONDS = 15.0  # to the host and back


def of_a_proof(level: KillLevel, given: float | None) -> float:
    """Return the seconds that the proof of one bot may take at least: as given, else what the level needs."""
    return given or (FLATTEN_SECONDS if level is KillLevel.FLATTEN else ENTRIES_SECONDS)


def of_a_bot(level: KillLevel, given: float | None, *, live: bool) -> float:
    """Return the seconds after which a bot that its host gave no answer for is reported as such.

    Args:
        level: The level of the halt.
        given: The deadline that was commanded; None where none was.
        live: Whether its exchange is asked; at the levels above 1 that may be so for each bot.
    """
    exchange = WITNESS_READY_SECONDS + 2 * EXCHANGE_SECONDS if live or level is not KillLevel.ENTRIES else 0.0
    times = 1 if level is KillLevel.FLATTEN else LOOPS
    return of_a_proof(level, given) * times + exchange + ENDING_SECONDS


def of_a_host(level: KillLevel, given: float | None) -> float:
    """Return the seconds after which a host that gave no answer is reported as NOT HALTED."""
    return of_a_bot(level, given, live=True) + WAY_SECONDS
