"""The lines of status about the breakers of one bot: their effect on it, and faults of that."""

from __future__ import annotations

from pathlib import Path

from freqops.core.base.clock import Clock, iso
from freqops.core.bot.layout import Home
from freqops.core.breaker import guard_note, override_file, places
from freqops.core.halt import holds

from . import breaker_hold

CURE = "'systemctl status freqops-guard.service' says why"


def problems(home: Path, clock: Clock) -> list[str]:
    """Return why a bot is not as its breaker files demand, and the failures of the guard on it."""
    try:
        held = holds.load(Home(home).holds).of(holds.BREAKER) is not None
        said = guard_note.read(clock.utcnow()).bots.get(home.name)
    except (holds.HoldsUnreadable, guard_note.NoAnswer):
        return []  # both are red by themselves
    now = breaker_hold.standing(home, clock)
    found = []
    if now.active and not held:
        found.append(f"{' and '.join(now.files)} is active ({now.reason}), and does not hold it yet; {CURE}")
    if said is not None and not said.proven and not _of_before(home, said):
        found += [f"the guard: {text}" for text in said.detail]
    return found


def _of_before(home: Path, said: guard_note.BotNote) -> bool:
    """Whether the guard looked before the bot was made as it is: at its next look, in seconds, it says it again."""
    try:
        made = (home / "bot.json").stat().st_mtime
    except OSError:
        return False
    return said.looked is not None and said.looked.timestamp() < made


def of_host(root: Path, clock: Clock) -> list[str]:
    """Return the notes on the permission to start runs in spite of the breaker; nothing without one."""
    found = override_file.read(places.override_of(places.state_directory(root)), clock.utcnow())
    return [found.why] if found.in_force or not found.readable else []


def notes(home: Path, clock: Clock) -> list[str]:
    """Return the breaker that holds a bot, its reason, its end, and the way out."""
    now = breaker_hold.standing(home, clock)
    found = [f"the operator breaker is active: {now.reason}"] if now.active else []
    ends = [each.until for each in (now.host, now.own) if each.active and each.until is not None]
    if found and ends:
        found[0] += f"; until {iso(max(ends))}"
    try:
        said = guard_note.read(clock.utcnow()).bots.get(home.name)
    except guard_note.NoAnswer:
        return found
    return [*found, *(said.detail if said is not None and said.waits_for_person else ())]
