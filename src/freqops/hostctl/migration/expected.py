"""``freqops-host move expect``: a bot that is to come is held at level 3 before it is made here.

Its database comes from elsewhere. One that was started before it had that would trade with the same account as if it
had no trades.
"""

from __future__ import annotations

import os
from pathlib import Path

from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.base.next_step import HALT, NextStep, RefusedUntil
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.halt import holds
from freqops.core.halt.holds import Hold, Holds

from ..bot import holds_file
from ..bot.processes_and_api import alive
from ..deploy.switch_files import SwitchFiles
from .outcomes import Moving

HOLDER = "restore"
EXPECTED = "expected"
TRADES = "restore.yml brings back the database of a bot that is here"


def expect(root: Path, name: str, mandate: Mandate, clock: Clock, *, look: bool = False) -> Moving:
    """Hold a bot at level 3 that is not here yet, or that is here and came so.

    Args:
        root: The tree of freqops.
        name: The name of the bot.
        mandate: Why, and under which incident; one that already holds it so stays.
        clock: The source of the time.
        look: Whether nothing is to be touched.

    Raises:
        Refused: It is here and may trade.
        NotProven: The hold is not on the disk.
        HoldsUnreadable: The holds that were left for it cannot be read, so it comes up at level 3 by itself.
    """
    home = root / "bots" / name
    is_here = home.exists() and not SwitchFiles(home).is_new
    if is_here:
        _refuse_unless_held(home)
    path = Home(home).holds if is_here else Home(home).left_holds
    before = holds.load(path) if os.path.lexists(path) else Holds()
    present = before.of(HOLDER)
    if look or (present is not None and present.level >= holds.HARD):
        return _outcome(name, before)
    given = Hold(HOLDER, holds.HARD, mandate.reason, mandate.actor, mandate.incident, 0, iso(clock.utcnow()))
    holds_file.change_left(home, lambda left: left.raised(given, clock.utcnow()), clock)
    after = holds.load(path)
    if after.level < holds.HARD:
        raise NotProven(f"{name} is not expected: {path} says level {after.level}")
    return _outcome(name, after, changed=True)


def _refuse_unless_held(home: Path) -> None:
    """Refuse a bot of this host that could trade, or has since.

    Raises:
        Refused: It is one.
    """
    bot = layout.load_bot(home)
    hold = holds.load(bot.holds).of(HOLDER)
    if hold is None or hold.level < holds.HARD:
        text = f"{bot.name} is on this host, and not held for a restore (in force: {holds.load(bot.holds).incidents})"
        raise Refused(f"{text}: {TRADES}")
    pids = ", ".join(str(process.pid) for process in alive(bot))
    if pids:
        raise RefusedUntil(f"{bot.name} is on this host and runs, as process {pids}", NextStep(HALT))


def _outcome(name: str, held: Holds, *, changed: bool = False) -> Moving:
    hold = held.of(HOLDER)
    said = [f"it comes up held: {held.incidents}"] if hold is not None else ["it would be held at level 3"]
    return Moving(
        name, EXPECTED, changed or hold is None, proven=True, level=held.level, detail=said,
        incident=hold.incident if hold is not None else "", since=hold.set_at if hold is not None else "",
    )  # fmt: skip
