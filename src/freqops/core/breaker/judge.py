"""Whether a bot is as its breaker files demand: the files, the bot's holds and guard's note compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..base.clock import iso
from .answer import ACTIVE, INACTIVE, UNREADABLE, Row
from .breaker_file import Breaker
from .guard_note import BotNote, NoAnswer, Note
from .setting import Setting

BY_HAND, NOBODY = "by hand", "not known"


@dataclass(frozen=True)
class Said:
    """One breaker file and its setter.

    Attributes:
        path: The file.
        breaker: What it says.
        setting: Who set it; None where that is not known, as it is of a file that was written by hand.
    """

    path: Path
    breaker: Breaker
    setting: Setting | None = None

    @property
    def word(self) -> str:
        """The file in a word: active, inactive or unreadable."""
        if not self.breaker.readable:
            return UNREADABLE
        return ACTIVE if self.breaker.active else INACTIVE

    @property
    def who(self) -> str:
        """The setter of the file."""
        if not self.breaker.readable:
            return NOBODY
        return self.setting.actor if self.setting is not None else BY_HAND

    @property
    def line(self) -> str:
        """The file and its setter, in words."""
        if self.setting is None:
            return self.breaker.why
        return f"{self.breaker.why} (set by {self.setting.actor} under {self.setting.incident} at {self.setting.at})"


@dataclass(frozen=True)
class Held:
    """The breaker's hold on a bot, as its holds say.

    Attributes:
        incident: The incident of that hold; empty where there is none.
        error: Why the holds cannot be read; None where they can.
        others: The holds of others, in words.
    """

    incident: str = ""
    error: str | None = None
    others: str = ""


def word(files: Sequence[Said]) -> str:
    """Return the state of several files together: unreadable where one is, else active where one is, else inactive."""
    words = [each.word for each in files]
    return next((found for found in (UNREADABLE, ACTIVE) if found in words), INACTIVE)


def judged(bot: str, files: Sequence[Said], held: Held, note: Note | NoAnswer, since: datetime | None) -> Row:
    """Return the row of a bot.

    Args:
        bot: Its name.
        files: The breaker files that it is subject to: the host's, and its own.
        held: Its holds.
        note: What guard says, or why that is not known.
        since: When the files were last written by this command: an older note says nothing of that.
    """
    active = [each for each in files if each.breaker.active]
    ends = {each.breaker.until for each in active}
    row = Row(bot, word(files), held.incident, who=", ".join(dict.fromkeys(each.who for each in active)))
    if ends and None not in ends:
        row.until = iso(max(end for end in ends if end is not None))
    row.detail += [each.line for each in active]
    row.detail += [f"also held: {held.others}"] if held.others else []
    missing = _missing(bot, bool(active), held, note, since)
    row.detail += missing
    row.proven = not missing
    if row.proven and held.incident and not active and isinstance(note, Note):
        row.detail += note.bots[bot].detail
    return row


def _missing(bot: str, active: bool, held: Held, note: Note | NoAnswer, since: datetime | None) -> list[str]:
    """Return why a bot is not proven to be as its breaker files demand; nothing where it is."""
    if isinstance(note, NoAnswer):
        return [f"NOT PROVEN: {note}"]
    if since is not None and note.at <= since:
        return [f"NOT PROVEN: guard has not looked since {iso(since)}"]
    if held.error is not None:
        return [f"NOT PROVEN: its holds cannot be read ({held.error}): this counts as level 3"]
    found = note.bots.get(bot)
    if found is not None and since is not None and (found.looked is None or found.looked <= since):
        return [f"NOT PROVEN: guard has not looked at it since {iso(since)}", *found.detail]
    return _not_held(held, found) if active else _not_free(held, found)


def _not_held(held: Held, found: BotNote | None) -> list[str]:
    """Return why a bot is not proven to be held by the breaker."""
    if not held.incident:
        return ["NOT HELD by the breaker yet", *(found.detail if found else ())]
    if found is None or found.incident != held.incident:
        return [f"NOT PROVEN: guard does not say that {held.incident} is proven"]
    if not found.proven or found.waits_for_person:
        return ["NOT PROVEN", *found.detail]
    return []


def _not_free(held: Held, found: BotNote | None) -> list[str]:
    """Return why a bot is not proven to be free of the breaker, or to wait for the person who resumes it."""
    if not held.incident:
        return ["NOT PROVEN: guard is not done with it", *found.detail] if found is not None else []
    if found is not None and found.incident == held.incident and found.waits_for_person and found.proven:
        return []
    return [f"STILL HELD by the breaker under {held.incident}", *(found.detail if found else ())]
