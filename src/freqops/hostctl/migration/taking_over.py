"""``freqops-host move write`` and ``take``: what a bot brings from its old host, laid down on the new one.

It counts when every byte is as the old host said. Its holds and the orders that were sold are merged, upward only, and
`HandedOver` gives its dump to a restore.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from freqops.core.backup import merging
from freqops.core.backup.manifest import DATABASE, MANIFEST
from freqops.core.backup.repository import HOME
from freqops.core.backup.store import Dump, Store
from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.halt import holds
from freqops.core.migration import handover
from freqops.core.migration.handover import Handover

from ..backup import staging
from ..backup.restored import Order
from ..backup.sources import Chosen
from ..bot import holds_file
from ..exchange import sales_journal
from .expected import HOLDER
from .outcomes import Moving

WRITTEN, TAKEN, TIDY = "written", "taken", "tidy"
PRIVATE_FILE, PRIVATE_DIRECTORY = 0o600, 0o700
COPIES = 2  # what is laid down, and the database that is staged of it
PARTIAL = ".partial"


def place(root: Path, bot: str) -> Path:
    """Return the directory of what a bot brings."""
    return root / HOME / handover.PLACE / bot


def write(bot: layout.Bot, offset: int, size: int, data: bytes) -> Moving:
    """Write the piece of its file that begins at ``offset``; the first one begins anew.

    Raises:
        Refused: It does not follow what is there, or there is no room for all of it.
        OSError: The disk does not take it.
    """
    directory = place(Home(bot.home).root, bot.name)
    path = directory / f"{DATABASE}{PARTIAL}"
    if offset == 0:
        staging.sweep(directory)
        directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True)
        free = shutil.disk_usage(directory).free
        if free <= COPIES * size:
            raise Refused(f"{directory} has {free} bytes left, and {COPIES * size} are needed: make room")
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, PRIVATE_FILE), "ab") as stream:
        there = os.fstat(stream.fileno()).st_size
        if there != offset:
            raise Refused(f"{path} has {there} bytes, and a piece came that begins at {offset}: begin anew")
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    return Moving(bot.name, WRITTEN, changed=True, proven=True)


def take(bot: layout.Bot, given: Handover, clock: Clock) -> Moving:
    """Lay the dump down, compare every byte, and merge the holds and the orders that were sold.

    Raises:
        Refused: It is another bot's.
        NotProven: What came is not what the old host described.
        OSError: The disk does not take it.
    """
    if given.bot != bot.name:
        raise Refused(f"what came is of {given.bot}, and not of {bot.name}")
    directory = place(Home(bot.home).root, bot.name)
    laid = directory / given.stamp
    if not laid.is_dir():
        laid.mkdir(mode=PRIVATE_DIRECTORY)
    if (directory / f"{DATABASE}{PARTIAL}").exists():
        (directory / f"{DATABASE}{PARTIAL}").rename(laid / DATABASE)
    durable.write_json(laid / MANIFEST, given.manifest.to_json(), PRIVATE_FILE)
    durable.sync_directory(laid)
    found = _sound(directory)
    if found.manifest != given.manifest:
        raise NotProven(f"{found.path} says something else than the old host")
    gained = _merged_holds(bot, given, clock)
    sold = _merged_orders(bot, given)
    held = holds.load(bot.holds)
    hold = held.of(HOLDER)
    said = [f"every byte is as {given.host} has it", *gained, *sold]
    incident = hold.incident if hold is not None else ""
    return Moving(bot.name, TAKEN, changed=True, proven=True, level=held.level, detail=said, incident=incident)


def tidy(bot: layout.Bot) -> Moving:
    """Take away what a bot brought; its database has its place."""
    directory = place(Home(bot.home).root, bot.name)
    there = directory.exists()
    staging.sweep(directory)
    if directory.exists():
        raise NotProven(f"{directory} is still there")
    return Moving(bot.name, TIDY, changed=there, proven=True)


class HandedOver:
    """What a bot brought from its old host, as a restore wants its dump; see `Source`."""

    def __init__(self, bot: layout.Bot, order: Order) -> None:
        self._bot, self._order = bot, order
        self._directory = place(Home(bot.home).root, bot.name)

    def chosen(self) -> Chosen:
        """Return the dump that came, as `Source.chosen`."""
        try:
            dump = _sound(self._directory)
        except NotProven as error:
            raise Refused(f"{self._bot.name} was not touched: {error}") from None
        return Chosen(dump.stamp, dump.manifest, ["it is what its old host handed over"], theirs=self._bot.name)

    def in_the_way(self) -> list[str]:
        """Return why a live bot would not be alone with its trades."""
        if self._bot.is_live and not self._order.fenced:
            return [f"{self._bot.name} trades live, and its old host is not said to be kept from that: --fenced"]
        return []

    def fenced(self) -> str:
        """Return how the bot of the old host is kept from trading."""
        return self._order.fenced if self._bot.is_live else ""

    @contextmanager
    def taken(self, chosen: Chosen) -> Iterator[Dump]:
        """Give the dump for the block; it was compared when it was chosen."""
        yield Dump(self._directory / chosen.stamp, chosen.stamp, chosen.manifest)


def _sound(directory: Path) -> Dump:
    """Return the one dump that came, every byte compared.

    Raises:
        NotProven: There is none, or it is not what it says.
    """
    store = Store(directory)
    dumps = store.dumps()
    wrong = store.damaged(dumps[0]) if len(dumps) == 1 else store.not_counted()
    if len(dumps) != 1 or wrong:
        raise NotProven(f"nothing that counts was handed over: {'; '.join(wrong) or f'{len(dumps)} dumps'}")
    return dumps[0]


def _merged_holds(bot: layout.Bot, given: Handover, clock: Clock) -> list[str]:
    before = holds.load(bot.holds)
    after = holds_file.change(bot.home, lambda present: merging.united(present, given.holds), clock)
    return merging.gained(before, after)


def _merged_orders(bot: layout.Bot, given: Handover) -> list[str]:
    present = sales_journal.read(bot)
    merged = merging.all_sales(present, given.orders)
    if merged == present:
        return []
    durable.write_json(bot.sales, {"version": 1, "orders": merged}, PRIVATE_FILE)
    return [f"{len(merged) - len(present)} orders that were sold behind its back"]
