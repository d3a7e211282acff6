"""Writing a bot's holds, and the ``initial_state`` that follows from them.

Both files change in one place, under one short lock, so that a start, a halt and a resume that meet cannot leave
one of them saying something else than the other. What a removal leaves of the holds is written here, too.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.halt import checksum, holds
from freqops.core.halt.holds import Holds

LATCH_SECONDS = 1.0
UNREADABLE = "holds.json.unreadable-"
READABLE_BY_BOT = 0o444
PRIVATE_FILE, PRIVATE_DIRECTORY = 0o400, 0o700


@dataclass
class Latched:
    """The result of an attempt to write a hold.

    Attributes:
        holds: The holds in force now, None where that is not known.
        raised: Whether this attempt raised them.
        error: The reason why the hold is not on the disk, None where it is.
    """

    holds: Holds | None = None
    raised: bool = False
    error: str | None = "the disk did not answer within a second"


def latch(home: Path, hold: holds.Hold, clock: Clock) -> Latched:
    """Put ``hold`` on the disk, but wait no longer than a second for it.

    A file that cannot be read counts as level 3: it is kept beside, and then replaced by a hold of that level.
    """
    result = Latched()
    writer = threading.Thread(target=_latch, args=(home, hold, clock, result), name=f"latch {home.name}", daemon=True)
    writer.start()
    writer.join(LATCH_SECONDS)
    return result


def _latch(home: Path, hold: holds.Hold, clock: Clock, result: Latched) -> None:
    try:
        with durable.locked(Home(home).holds_lock, LATCH_SECONDS / 2, clock) as held:
            before, present = _readable(home, hold, clock)
            after = before.raised(present, clock.utcnow())
            if after != before:
                _store(home, after)
            else:
                _store_state(home, after)
        result.holds, result.raised = after, after != before
        layout.load_bot(home)  # what does not say that it is on paper is not called halted
        if held or (held is None and after == before):  # on a disk that takes no lock, what stands there stands there
            result.error = None
        else:
            was = "was" if held is False else "may have been"
            result.error = f"written, but another command {was} writing the holds too: halt again"
    except OSError as error:
        result.error = f"{error.strerror} ({error.filename})"
    except FreqopsError as error:
        result.error = str(error)


def _readable(home: Path, hold: holds.Hold, clock: Clock) -> tuple[Holds, holds.Hold]:
    path = Home(home).holds
    try:
        return holds.load(path), hold
    except holds.HoldsUnreadable as error:
        with contextlib.suppress(FileNotFoundError, FileExistsError):  # missing; or kept a moment ago, before a crash
            os.link(path, path.with_name(f"{UNREADABLE}{clock.utcnow():%Y%m%dT%H%M%SZ}"))
        reason = f"{hold.reason} (its holds could not be read: {error})"
        return Holds(), holds.Hold(**{**vars(hold), "level": holds.HARD, "reason": reason})


def change(home: Path, how: Callable[[Holds], Holds], clock: Clock) -> Holds:
    """Change the holds by ``how`` and return them.

    Raises:
        Refused: Another writer has them, or ``how`` refuses.
        HoldsUnreadable: They cannot be read, so they are level 3 until a halt replaces them.
        OSError: They cannot be written; they are then as they were.
    """
    with _alone(home, clock):
        after = how(holds.load(Home(home).holds))
        _store(home, after)
        return after


def begin(home: Path, clock: Clock) -> Holds:
    """Begin the holds of a new bot, by those that the last of its name left here, and return what is in force.

    Holds that are there stay.

    Raises:
        Refused: Another writer has them.
        HoldsUnreadable: They, or those that were left, cannot be read.
        OSError: They cannot be written.
    """
    with _alone(home, clock):
        path, left = Home(home).holds, Home(home).left_holds
        if not path.exists():
            _write(path, holds.load(left) if left.exists() else Holds(), READABLE_BY_BOT)
        left.unlink(missing_ok=True)
        return holds.load(path)


def leave(home: Path, ended: str = "") -> list[str]:
    """Leave the holds of a bot that goes for the next of its name, and return what there is to say of them.

    Args:
        home: Its directory.
        ended: An incident that ends with it.

    Raises:
        OSError: They cannot be written.
    """
    left = Home(home).left_holds
    left.parent.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
    next_one = f"a bot that is deployed here as {home.name} again"
    try:
        held = holds.load(Home(home).holds).without(ended)
    except holds.HoldsUnreadable as error:
        durable.write_atomic(left, b"", PRIVATE_FILE)
        return [f"its holds could not be read ({error}): {next_one} comes up held at level {holds.HARD}"]
    if not held.level:
        left.unlink(missing_ok=True)
        return []
    _write(left, held, PRIVATE_FILE)
    return [f"held at level {held.level} ({held.incidents}): {next_one} comes up held; resume it then"]


def change_left(home: Path, how: Callable[[Holds], Holds], clock: Clock) -> Holds:
    """Change the holds that wait for the next bot of a name that is not here, and return them; raises as `change`."""
    with _alone(home, clock) if home.is_dir() else contextlib.nullcontext():
        left = Home(home).left_holds
        left.parent.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
        after = how(holds.load(left) if os.path.lexists(left) else Holds())
        _write(left, after, PRIVATE_FILE)
        return after


def unless_held(home: Path, act: Callable[[], None], clock: Clock) -> int:
    """Do ``act`` if nothing holds the bot, while no hold can be latched, and return the level in force.

    A hold is thus on the disk before this looks, or after ``act`` is done, when the halt that set it reads what it did.

    Raises:
        Refused: Another command is writing the holds.
    """
    with _alone(home, clock):
        level = holds.effective_level(Home(home).holds)
        if level == 0:
            act()
        return level


def synchronise(home: Path, clock: Clock) -> Holds:
    """Make ``initial_state`` follow from the holds as they are, and return them; raises as `change`."""
    return change(home, lambda present: present, clock)


@contextmanager
def _alone(home: Path, clock: Clock) -> Iterator[None]:
    """Be the only writer of the holds for the block; refuse where there is another."""
    with durable.locked(Home(home).holds_lock, 10, clock) as held:
        if not held:
            raise Refused(f"another command is writing the holds of {home.name}")
        yield


def _store(home: Path, held: Holds) -> None:
    _write(Home(home).holds, held, READABLE_BY_BOT)
    _store_state(home, held)


def _write(path: Path, held: Holds, mode: int) -> None:
    """Write holds with their checksum, unless they stand there like that: those of an older version have none."""
    data = checksum.with_checksum(durable.as_json(held.to_json()))
    if not path.exists() or path.read_bytes() != data:
        durable.write_atomic(path, data, mode)


def _store_state(home: Path, held: Holds) -> None:
    if not follows(home, held):
        durable.write_json(Home(home).state, _state(home, held), READABLE_BY_BOT)


def follows(home: Path, held: Holds) -> bool:
    """Return whether ``initial_state`` is the one that follows from these holds."""
    return bool(durable.read_json(Home(home).state) == _state(home, held))


def _state(home: Path, held: Holds) -> dict[str, str]:
    return {"initial_state": held.rest if held.level else layout.load_bot(home).initial_state}
