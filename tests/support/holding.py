"""A hold that stays, whatever is done to the bot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.field import Field, until

WATCH = 6  # seconds in which the guard has come round and any restart policy has acted
ROUNDS = 3  # of the guard's stamps: a round that began after the first of them has ended at the last
STAMP_FILE = "/run/freqops/guard.stamp"
STAMP = f"stat --format %y {STAMP_FILE}"


def stays_paused(field: Field) -> None:
    """The hold is on the disk, and the bot, once it has booted, paused and locked when the guard has come round."""
    assert field.level() == 1
    until("it has booted", field.booted)
    _soon(field, "paused", lambda: field.state() == "paused")
    _soon(field, "locked", lambda: _locked(field))


def _soon(field: Field, what: str, condition: Callable[[], Any]) -> None:
    """Check that something is so when the guard has come round since."""
    seen = {field.sh(STAMP)}

    def settled() -> bool:
        seen.add(field.sh(STAMP))
        return bool(condition()) or len(seen) > ROUNDS

    until(what, settled)
    assert condition(), f"not {what}, although the guard has come round"


def _locked(field: Field) -> Any:
    """Whether the hold's own lock stands."""
    return field.ask("answer = any(api.has_lock(hold.lock_reason) for hold in holds.load(bot.holds).holds)")


def stays_dead(field: Field) -> None:
    """No Freqtrade process of the bot, at any look."""
    assert field.level() == 3
    found = field.ask(
        f"""
import time
answer, end = [], time.monotonic() + {WATCH}
while time.monotonic() < end and not answer:
    answer = [p.command for p in processes.scan() if p.bot == bot.name and p.is_freqtrade]
    time.sleep(0.05)
"""
    )
    assert found == []
