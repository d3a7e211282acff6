"""``freqops-host move leave`` and ``arrive``: on which of two hosts a bot may be resumed.

A bot that leaves is held at level 3 by holder ``restore``, proven like a halt, and a note says where it went. While
the note stands, nothing resumes the bot here. It goes when the bot arrives here again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from freqops.core.base import durable
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.halt import holds, moved
from freqops.core.halt.kill_level import KillLevel
from freqops.core.halt.moved import Moved

from ..bot.engine import Engine
from ..bot.processes_and_api import alive
from ..bot.start import LOCK_SECONDS
from ..halt.halt import halt
from ..halt.order import Order
from .expected import HOLDER
from .outcomes import Moving

LEFT, ARRIVED = "left", "arrived"


def leave(bot: layout.Bot, to: str, mandate: Mandate, clock: Clock, engine: Engine) -> Moving:
    """Hold a bot at level 3, prove it, and write down that it moved.

    Args:
        bot: The bot.
        to: The host to which it goes.
        mandate: Why, and under which incident.
        clock: The source of the time.
        engine: The container engine.

    Raises:
        NotProven: The halt is not proven, or the note is not on the disk; the bot did not leave.
    """
    [row] = halt([bot.home], Order(KillLevel.HARD, mandate, holder=HOLDER), clock, engine)
    if not row.proven:
        why = "; ".join([row.verdict, *row.detail])
        raise NotProven(f"{bot.name} did not leave: {why}; it is held here, and trades nowhere else")
    return _noted(bot, to, mandate, clock, changed=row.raised or row.acted)


def give_back(bot: layout.Bot, to: str, under: str, mandate: Mandate, clock: Clock) -> Moving:
    """Let a bot leave that came here by a move and was never resumed, and write down that it went back.

    Args:
        bot: The bot.
        to: The host to which it goes back.
        under: The incident of the move by which it came.
        mandate: Why, and under which incident.
        clock: The source of the time.

    Raises:
        Refused: It was resumed here since, or came otherwise; nothing was touched.
        NotProven: The note is not on the disk.
    """
    with _alone(bot, clock):
        hold = holds.load(bot.holds).of(HOLDER)
        if hold is None or hold.level < holds.HARD or hold.incident != under:
            held = holds.load(bot.holds).incidents
            raise Refused(
                f"{bot.name} was resumed here, or came otherwise than by {under} (in force: {held}), so what it traded "
                "is known here alone: move it back as it came, by migrate_host.yml without action"
            )
        _refuse_alive(bot)
    return _noted(bot, to, mandate, clock, changed=False)


def arrive(bot: layout.Bot, under: str, clock: Clock) -> Moving:
    """Forget that a bot moved away: it is here again, held as it is.

    Args:
        bot: The bot.
        under: The incident under which it left, where it comes back from that very move; else empty.
        clock: The source of the time.

    Raises:
        Refused: It is not held at level 3: only what is held may be handed over. Or it left by another move.
        NotProven: The note is still there.
    """
    root = Home(bot.home).root
    with _alone(bot, clock):
        held = holds.load(bot.holds)
        if held.level < holds.HARD:
            raise Refused(f"{bot.name} is held at level {held.level} here, and may trade: halt it at level 3 first")
        note = moved.load(root, bot.name)
        if under and note is not None and note.incident != under:
            raise Refused(f"{bot.name} left for {note.to} under {note.incident}, and not under {under}")
        changed = note is not None
        moved.take_back(root, bot.name)
        if moved.place(root, bot.name).exists():
            raise NotProven(f"{moved.place(root, bot.name)} is still there")
    hold = held.of(HOLDER)
    said = [f"it is at home here, held: {held.incidents}"]
    incident = hold.incident if hold is not None else ""
    return Moving(bot.name, ARRIVED, changed, proven=True, level=held.level, detail=said, incident=incident)


def _noted(bot: layout.Bot, to: str, mandate: Mandate, clock: Clock, *, changed: bool) -> Moving:
    """Write the note, while no resume is under way and the bot is held and dead."""
    root = Home(bot.home).root
    with _alone(bot, clock):
        held = holds.load(bot.holds)
        if held.level < holds.HARD:
            raise NotProven(f"{bot.name} did not leave: its hold was resumed meanwhile")
        _refuse_alive(bot)
        known = moved.load(root, bot.name)
        if known is None or known.to != to:
            moved.write(root, bot.name, Moved(to, mandate.incident, iso(clock.utcnow())))
            changed = True
        note = moved.load(root, bot.name)
        if note is None or note.to != to:
            raise NotProven(f"{bot.name} did not leave: {moved.place(root, bot.name)} does not say so")
    said = [f"it left for {to} under {note.incident}; held here: {held.incidents}"]
    return Moving(bot.name, LEFT, changed, proven=True, level=held.level, detail=said, incident=note.incident)


def _refuse_alive(bot: layout.Bot) -> None:
    pids = ", ".join(str(process.pid) for process in alive(bot))
    if pids:
        raise NotProven(f"{bot.name} did not leave: it runs, as process {pids}")


@contextmanager
def _alone(bot: layout.Bot, clock: Clock) -> Iterator[None]:
    """Hold the lock of the bot for the block.

    Raises:
        Refused: Another command has it.
    """
    with durable.locked(Home(bot.home).lock, LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused(f"another command is working on {bot.name}")
        yield
