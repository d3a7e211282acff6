"""The hold that the breaker files set on a bot: read from them, and latched."""

from __future__ import annotations

from pathlib import Path

from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import NotProven
from freqops.core.base.mandate import Mandate
from freqops.core.bot.layout import Home
from freqops.core.breaker import breaker_file, places, setting
from freqops.core.breaker.following import Standing
from freqops.core.halt import holds
from freqops.core.incident.ids import new_incident

from . import holds_file

ACTOR = "operator breaker"


def standing(home: Path, clock: Clock) -> Standing:
    """Return the breakers that the bot at ``home`` is subject to, as their files are now."""
    now, host, own = clock.utcnow(), places.host_breaker(Home(home).root), Home(home).breaker
    return Standing(host, breaker_file.read(host, now), own, breaker_file.read(own, now, missing_is_active=False))


def mandate(now: Standing, clock: Clock) -> Mandate:
    """Return the mandate of a hold that the breakers set: that of who set the file, where that is known."""
    known = [setting.read(Path(path)) for path in now.files]
    given = next((each for each in known if each is not None and holds.INCIDENT.fullmatch(each.incident)), None)
    if given is None:
        return Mandate(new_incident("breaker", clock), now.reason, ACTOR)
    return Mandate(given.incident, now.reason, given.actor)


def latched(home: Path, clock: Clock) -> None:
    """Latch the hold of an active breaker on a bot that is about to start, or to enter; one that has it keeps it.

    Raises:
        NotProven: A breaker is active, and the hold is not on the disk: the bot must not go on.
    """
    now = standing(home, clock)
    if not now.active:
        return
    given = mandate(now, clock)
    hold = holds.Hold(holds.BREAKER, holds.ENTRIES, given.reason, given.actor, given.incident, 0, iso(clock.utcnow()))
    try:
        if holds.load(Home(home).holds).of(holds.BREAKER) is not None:
            return
    except holds.HoldsUnreadable:
        return  # they count as level 3, which is higher
    error = holds_file.latch(home, hold, clock).error
    if error is not None:
        raise NotProven(
            f"{home.name} must not go on: {' and '.join(now.files)} is active, and its hold is not saved: {error}"
        )
