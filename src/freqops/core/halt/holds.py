"""Holds: the reasons why a bot may not trade freely, latched on its host.

A bot's holds add up: its effective level is that of its highest hold. They only rise by themselves; a hold goes
away by a resume that names its incident. A file that cannot be read counts as level 3, because it is not
known what it said.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ..base.clock import iso
from ..base.errors import FreqopsError, Refused
from .checksum import checked

FORMAT = 1
HALT, BREAKER = "halt", "breaker"
HOLDERS = (HALT, BREAKER, "risk", "restore")
ENTRIES, HARD = 1, 3
LEVELS = (ENTRIES, HARD)
MAX_BYTES = 65536
INCIDENT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")
HOLDER = re.compile(r"^[a-z][a-z0-9_-]{0,30}$")
AHEAD = timedelta(minutes=1)  # a clock that was put right by less was right enough
TRADER_STATES_AT_REST = ("paused", "stopped")


class HoldsUnreadable(FreqopsError):
    """The file of holds is missing, torn, or not of the known format: it counts as level 3."""


@dataclass(frozen=True)
class Hold:
    """One reason why a bot may not trade freely.

    Attributes:
        holder: The procedure that set it: one of `HOLDERS`, or one that only a newer version has.
        level: 1 no entries, 3 no Freqtrade process.
        reason: The reason, in the words of the actor.
        actor: The giver of the command.
        incident: The incident it was set under; a resume must name it.
        seq: Its place in the order of all changes to this bot's holds.
        set_at: When it was last raised, ISO 8601 UTC.
        rest: The trader state that the bot keeps meanwhile: ``paused``, or ``stopped`` where it was found so.
    """

    holder: str
    level: int
    reason: str
    actor: str
    incident: str
    seq: int
    set_at: str
    rest: str = "paused"

    @property
    def lock_reason(self) -> str:
        """The text by which this hold's pair lock is known inside the bot."""
        return lock_reason(self.holder, self.incident)

    @property
    def moment(self) -> datetime:
        """The moment at which it was last raised, by the clock of its host then.

        Raises:
            ValueError: It does not say.
        """
        return datetime.strptime(self.set_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)

    def is_ahead(self, now: datetime) -> bool:
        """Whether it was set later than ``now``: the clock of its host is wrong, or was."""
        try:
            return self.moment - now > AHEAD
        except ValueError:
            return False


def lock_reason(holder: str, incident: str) -> str:
    """Return the reason that marks a global pair lock as ours."""
    return f"freqops {holder} {incident}"


@dataclass(frozen=True)
class Holds:
    """All holds of one bot, and the number of the last change to them."""

    seq: int = 0
    holds: tuple[Hold, ...] = field(default_factory=tuple)

    @property
    def level(self) -> int:
        """The effective level: 0 where nothing holds the bot."""
        return max((hold.level for hold in self.holds), default=0)

    @property
    def rest(self) -> str:
        """The trader state that a held bot keeps."""
        return "stopped" if any(hold.rest == "stopped" for hold in self.holds) else "paused"

    def of(self, holder: str) -> Hold | None:
        """Return the hold of ``holder``, if it has one."""
        return next((hold for hold in self.holds if hold.holder == holder), None)

    @property
    def incidents(self) -> str:
        """The incidents of all holds, in words."""
        return ", ".join(f"{hold.incident} ({hold.holder}, level {hold.level})" for hold in self.holds) or "none"

    def of_others(self, holder: str) -> Holds:
        """Return the holds but for that of ``holder``."""
        return replace(self, holds=self._without(holder))

    def without(self, incident: str) -> Holds:
        """Return the holds but for those of an incident that ended otherwise than by a resume."""
        return replace(self, holds=tuple(hold for hold in self.holds if hold.incident != incident))

    def ahead(self, now: datetime) -> list[str]:
        """Return a line for each hold that was set later than ``now``."""
        return [
            f"its hold of {hold.incident} was set at {hold.set_at}, which is later than now ({iso(now)}) by more than "
            f"{AHEAD.seconds} s: this host's clock is wrong, or was; look at timedatectl. Only a resume ends the hold"
            for hold in self.holds
            if hold.is_ahead(now)
        ]

    def under(self, incident: str, holder: str | None = None) -> Hold:
        """Return the hold that was set under ``incident``.

        Several may stand under one incident. Whoever names no holder has that of a breaker last: its file ends it.

        Args:
            incident: The incident.
            holder: The procedure that set it, where only that one is meant.

        Raises:
            Refused: There is none; the text names those that are in force.
        """
        found = [hold for hold in self.holds if hold.incident == incident and holder in (None, hold.holder)]
        if not found:
            raise Refused(f"no hold of incident {incident!r} is in force; in force: {self.incidents}")
        return min(found, key=lambda hold: hold.holder == BREAKER)

    def raised(self, hold: Hold, now: datetime) -> Holds:
        """Return the holds with ``hold`` in force; a hold at least as high by the same holder stays as it is."""
        present = self.of(hold.holder)
        if present is not None and present.level >= hold.level:
            return self
        rest = "stopped" if present is not None and present.rest == "stopped" else hold.rest
        new = replace(hold, seq=self.seq + 1, set_at=iso(now), rest=rest)
        return Holds(self.seq + 1, (*self._without(hold.holder), new))

    def resting(self, holder: str, rest: str) -> Holds:
        """Return the holds in which that of ``holder`` keeps the trader in ``rest``."""
        present = self.of(holder)
        if present is None or present.rest == rest:
            return self
        return Holds(self.seq + 1, (*self._without(holder), replace(present, rest=rest)))

    def resumed(self, incident: str, now: datetime, seq: int | None = None, holder: str | None = None) -> Holds:
        """Return the holds one step further down for the hold of ``incident``: 3 becomes 1, 1 goes.

        Args:
            incident: The incident to resume.
            now: The present.
            seq: The number of the last change that the operator has seen, where known.
            holder: The procedure whose hold is meant, where several may stand under the incident.

        Raises:
            Refused: No hold of that incident is in force, its holder is unknown here, or something changed since
                ``seq``.
        """
        hold = self.under(incident, holder)
        if hold.holder not in HOLDERS:
            raise Refused(
                f"{incident} is a hold of {hold.holder!r}, and this freqops knows only {', '.join(HOLDERS)}: what ends "
                "it is not known here; resume it with the version that set it"
            )
        if seq is not None and seq != self.seq:
            raise Refused(
                f"the holds changed since they were read (seq {seq}, now {self.seq}); look again, then resume"
            )
        rest = self._without(hold.holder)
        if hold.level == HARD:
            rest = (*rest, replace(hold, level=ENTRIES, seq=self.seq + 1, set_at=iso(now)))
        return Holds(self.seq + 1, rest)

    def _without(self, holder: str) -> tuple[Hold, ...]:
        return tuple(hold for hold in self.holds if hold.holder != holder)

    def to_json(self) -> dict[str, Any]:
        """Return the holds as they stand in ``holds.json``."""
        return {"version": FORMAT, "seq": self.seq, "holds": [asdict(hold) for hold in self.holds]}


def parse(text: str) -> Holds:
    """Read the holds of a bot.

    Raises:
        HoldsUnreadable: The text is not exactly what `Holds.to_json` writes, or its checksum is that of another.
    """
    said = checked(text.encode())
    if said is None:
        raise HoldsUnreadable("its checksum is that of another text")
    try:
        document = json.loads(said.decode(), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise HoldsUnreadable(f"not JSON: {error}") from None
    if not isinstance(document, dict) or set(document) != {"version", "seq", "holds"}:
        raise HoldsUnreadable("not an object of version, seq and holds")
    if _number(document, "version") != FORMAT:
        raise HoldsUnreadable(f"format {document['version']!r} is not {FORMAT}")
    if not isinstance(document["holds"], list):
        raise HoldsUnreadable("holds is not a list")
    holds = tuple(_parse_hold(item) for item in document["holds"])
    if len({hold.holder for hold in holds}) != len(holds):
        raise HoldsUnreadable("a holder has two holds")
    seq = _number(document, "seq")
    if any(hold.seq > seq for hold in holds):
        raise HoldsUnreadable("a hold is newer than the last change")
    return Holds(seq, holds)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says something twice: two halves of different holds, spliced by a lost block."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise HoldsUnreadable("an object says something twice")
    return dict(pairs)


def _parse_hold(item: Any) -> Hold:
    if not isinstance(item, dict) or set(item) != set(Hold.__dataclass_fields__):
        raise HoldsUnreadable("a hold has missing or unknown fields")
    for name in ("holder", "reason", "actor", "incident", "set_at", "rest"):
        if not isinstance(item[name], str):
            raise HoldsUnreadable(f"{name} of a hold is not text")
    hold = Hold(**{**item, "level": _number(item, "level"), "seq": _number(item, "seq")})
    if not HOLDER.fullmatch(hold.holder) or hold.level not in LEVELS or hold.rest not in TRADER_STATES_AT_REST:
        raise HoldsUnreadable(f"a hold of holder {hold.holder!r}, level {hold.level}, rest {hold.rest!r} is unknown")
    if not INCIDENT.fullmatch(hold.incident):
        raise HoldsUnreadable("a hold names no usable incident")
    return hold


def _number(document: dict[str, Any], name: str) -> int:
    value = document[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise HoldsUnreadable(f"{name} is not a whole number")
    return value


def load(path: Path) -> Holds:
    """Read the holds at ``path``.

    Raises:
        HoldsUnreadable: It is missing, cannot be read, or is not of the known format.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise HoldsUnreadable(f"{path} is larger than {MAX_BYTES} bytes")
        return parse(data.decode())
    except (OSError, UnicodeDecodeError) as error:
        raise HoldsUnreadable(f"{path}: {error}") from None


def effective_level(path: Path) -> int:
    """Return the level in force by the file at ``path``; unreadable counts as 3."""
    try:
        return load(path).level
    except HoldsUnreadable:
        return HARD
