"""``freqops-host move pack`` and ``read``: what the old host of a bot gives away."""

from __future__ import annotations

import os
import socket
import stat

from freqops.core.backup.manifest import DATABASE
from freqops.core.backup.store import moment_of
from freqops.core.base import plain_file
from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.halt import holds, moved
from freqops.core.migration import handover
from freqops.core.migration.fitting import Described
from freqops.core.migration.handover import Handover

from ..backup import dumps, fitness
from ..bot import databases
from ..bot.engine import Engine
from ..exchange import sales_journal
from .expected import HOLDER
from .outcomes import Moving

DESCRIBED, PACKED, READ = "described", "packed", "read"


def describe(bot: layout.Bot, engine: Engine) -> Moving:
    """Describe a bot as far as its database depends on it; nothing is touched.

    Raises:
        Refused: A command on it is not over.
    """
    under_way = fitness.under_way(bot.home)
    if under_way:
        raise Refused(f"{bot.name}: {'; '.join(under_way)}")
    said = Described.of(bot, databases.of(bot, engine).contents().kind)
    level = holds.effective_level(bot.holds)
    return Moving(bot.name, DESCRIBED, proven=True, level=level, described=said.to_json())


def pack(bot: layout.Bot, clock: Clock, engine: Engine) -> Moving:
    """Make a last dump of a bot that left, and describe what is handed over.

    Raises:
        Refused: It did not leave this host.
        DatabaseError: The database could not be read, or lost what it had.
        NotProven: The dump is not what was written, or it is not known what was sold behind its back.
    """
    note = _left(bot)
    dump = dumps.take(bot.home, clock, engine)
    held = holds.load(bot.holds)
    ours, orders = held.of_others(HOLDER), tuple(sales_journal.read(bot))
    given = Handover(socket.gethostname(), bot.name, dump.stamp, note.incident, dump.manifest, ours, orders)
    rows = sum(dump.manifest.rows.values())
    said = [f"dump {dump.stamp}: {len(dump.manifest.rows)} tables, {rows} rows, {given.size} bytes"]
    return Moving(
        bot.name, PACKED, changed=True, proven=True, level=held.level, detail=said, incident=note.incident,
        handover=given.to_json(),
    )  # fmt: skip


def read(bot: layout.Bot, stamp: str, offset: int) -> Moving:
    """Return the piece of a dump's file that begins at ``offset``.

    Raises:
        Refused: It did not leave this host, or there is no such piece.
    """
    _left(bot)
    if moment_of(stamp) is None:
        raise Refused(f"'{stamp}' is no dump")
    path = Home(bot.home).dumps / stamp / DATABASE
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Refused(f"{path} is {plain_file.kind(os.fstat(handle))}, and no plain file")
        stream.seek(offset)
        data = stream.read(handover.PIECE)
    return Moving(bot.name, READ, proven=True, data=handover.packed(data))


def _left(bot: layout.Bot) -> moved.Moved:
    """Return the note that a bot left.

    Raises:
        Refused: It did not.
    """
    note = moved.load(Home(bot.home).root, bot.name)
    if note is None:
        raise Refused(f"{bot.name} did not leave this host, so nothing of it is handed over")
    return note
