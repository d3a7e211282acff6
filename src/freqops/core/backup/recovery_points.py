"""The recovery points: until when each bot's database is in a dump, as the rounds write it, and which one is late.

Ages are measured by the monotonic clock, which cannot be set. That clock restarts at every boot, so the file lies
below /run, which is empty after a boot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base import durable, kinds, strict_json
from ..base.clock import Clock
from ..base.errors import NotProven
from ..base.kinds import Malformed

FILE = Path("/run/freqops/recovery-points.json")
LONGEST = 4 * 1024 * 1024
VERSION = 1
ROUND_S = 15.0  # between two rounds
EVERY_S = 45.0  # between two dumps of one database; with a round more, a minute
SELDOM_S, SELDOM_SHARE = 300.0, 20.0  # for a database whose dump costs much: at most a twentieth of the time
MUCH_BYTES, MUCH_S = 500 * 1024 * 1024, 5.0
UNDER_WAY_S = 600.0  # as long as a command may keep the rounds away
LOCK_S = 10.0
POINT: dict[str, kinds.Kind] = {
    "until": kinds.text,
    "until_s": kinds.seconds,
    "mark": kinds.text,
    "dump": kinds.text,
    "dump_s": kinds.seconds,
    "took_s": lambda value: value is not None and kinds.seconds(value),
    "bytes": kinds.count,
    "failures": kinds.count,
    "why": kinds.text,
}


@dataclass(frozen=True)
class Point:
    """The knowledge of the rounds about one bot.

    Attributes:
        until: All that was committed before it is in a dump; empty where there is none since the boot.
        until_s: The same, by the clock that nobody can set; None likewise.
        mark: The mark of the database when its last dump was begun.
        dump: The name of that dump.
        dump_s: When it was begun.
        took_s: How long it took.
        bytes: How large it is.
        failures: How many rounds failed since.
        why: What the last of these said.
    """

    until: str = ""
    until_s: float | None = None
    mark: str = ""
    dump: str = ""
    dump_s: float | None = None
    took_s: float = 0.0
    bytes: int = 0
    failures: int = 0
    why: str = ""

    @property
    def every_s(self) -> float:
        """The least time between two dumps of it."""
        return max(SELDOM_S, SELDOM_SHARE * self.took_s) if self.costs_much else EVERY_S

    @property
    def costs_much(self) -> bool:
        """Whether a dump of it is too large, or takes too long, to be made every minute."""
        return self.bytes > MUCH_BYTES or self.took_s > MUCH_S

    @property
    def red_s(self) -> float:
        """Twice the age that its recovery point may have."""
        return 2 * (self.every_s + ROUND_S + self.took_s)

    def age_s(self, now_s: float) -> float | None:
        """Return how old it is; None where there is none since the boot."""
        return None if self.until_s is None or self.until_s > now_s else now_s - self.until_s

    def due(self, mark: str | None, now_s: float) -> bool:
        """Return whether a dump is to be made now.

        Args:
            mark: The present mark of the database; None where it cannot tell whether it changed.
            now_s: The clock that nobody can set.
        """
        if self.dump_s is None or self.dump_s > now_s:
            return True
        return (mark is None or mark != self.mark) and now_s - self.dump_s >= self.every_s


def read(path: Path = FILE) -> dict[str, Point]:
    """Return the known facts of each bot; a file that is missing, or not what the rounds write, says nothing of any."""
    try:
        document = strict_json.load(path, LONGEST)
        found = kinds.checked(document, {"version": kinds.count, "bots": kinds.object_}, ("version", "bots"))
        if found["version"] != VERSION:
            return {}
        return {name: Point(**kinds.checked(row, POINT, tuple(POINT))) for name, row in found["bots"].items()}
    except Malformed:
        return {}


def write(name: str, point: Point | None, clock: Clock, path: Path = FILE) -> None:
    """Write down the facts of one bot, beside those of the others; None takes them away.

    Raises:
        NotProven: Another writer does not end.
        OSError: It cannot be written.
    """
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with durable.locked(path.with_suffix(".lock"), LOCK_S, clock) as mine:
        if not mine:
            raise NotProven(f"{path.with_suffix('.lock')} cannot be had")
        bots: dict[str, Any] = {known: vars(found) for known, found in read(path).items() if known != name}
        if point is not None:
            bots[name] = vars(point)
        durable.write_json(path, {"version": VERSION, "bots": bots}, 0o644)


def wrong(point: Point | None, now_s: float, new_s: float, *, under_way: bool) -> list[str]:
    """Return the faults of the recovery point of a bot, with the cure.

    Args:
        point: What the rounds know of it, None where they know nothing.
        now_s: The clock that nobody can set.
        new_s: For how long the rounds had the chance to make the first one since the boot, or since its deploy.
        under_way: Whether a command works on the bot, so that the rounds leave it alone.
    """
    known = point or Point()
    limit = max(known.red_s, UNDER_WAY_S) if under_way else known.red_s
    age = known.age_s(now_s)
    if (new_s if age is None else age) <= limit:
        return []
    said = f"there is no recovery point since the boot, for {new_s:.0f} s"
    if age is not None:
        said = f"its recovery point is {age:.0f} s old"
    why = f"the last of {known.failures} failed rounds said: {known.why}" if known.failures else "no round looked at it"
    return [f"{said} (red above {limit:.0f} s): {why}; 'freqops-host dump' makes a dump now, or says why not"]


def foretold_of(bots: list[str], clock: Clock) -> list[tuple[str, str]]:
    """Return the line of a check for each bot that needs a dump before a change, with its name."""
    known, now_s = read(FILE), clock.monotonic()
    return [(bot, _foretold(known.get(bot, Point()), now_s)) for bot in bots]


def _foretold(point: Point, now_s: float) -> str:
    age = point.age_s(now_s)
    said = "there is none since the boot" if age is None else f"the newest has all of it up to {age:.0f} s ago"
    if point.failures:
        said += f", and the last of {point.failures} failed rounds said: {point.why}"
    return f"all of its database would be in a dump before the change; {said}"


def notes(point: Point | None) -> list[str]:
    """Return the notes on the dumps of a bot."""
    if point is None or not point.costs_much:
        return []
    size = f"{point.bytes / 1024 / 1024:.0f} MiB in {point.took_s:.1f} s"
    return [f"a dump of its database has {size}: it is dumped every {point.every_s:.0f} s at most, not each minute"]


def figure(point: Point | None, now_s: float) -> Mapping[str, float | None]:
    """Return the age of the recovery point of a bot, and above which it is red."""
    known = point or Point()
    age = known.age_s(now_s)
    return {"recovery_s": None if age is None else round(age, 1), "recovery_red_s": round(known.red_s, 1)}
