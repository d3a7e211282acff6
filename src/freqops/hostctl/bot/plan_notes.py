"""A planned stop, as the status of a bot shows it: red where it leaves trades unmanaged."""

from __future__ import annotations

from pathlib import Path

from . import stopped

STARTS = "bots.yml -e action=start starts it"


def notes(home: Path) -> list[str]:
    """Return the note on a bot without a process: it is stopped by plan, and nothing of it is open."""
    plan = stopped.plan_of(home)
    return [f"{plan}; {STARTS}"] if plan is not None and not plan.left else []


def wrong(home: Path) -> list[str]:
    """Return the trades that the planned stop of a bot without a process leaves open."""
    plan = stopped.plan_of(home)
    return [f"{plan}; {plan.left}; {STARTS}"] if plan is not None and plan.left else []


def broken(home: Path) -> list[str]:
    """Return the fault of a planned stop whose bot has a process all the same."""
    plan = stopped.plan_of(home)
    if plan is None:
        return []
    return [f"{plan}; and yet it has a process: stop it again, or start it: {STARTS} and ends the plan"]
