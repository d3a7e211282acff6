"""A dump out of a snapshot: chosen by what the snapshot says of itself, taken out into a private directory, compared.

A snapshot of another host's may be the past of a bot that trades on there. A live bot gets it only when somebody says
how that one is kept from it.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from freqops.core.backup import parts, repository, snapshot_choice
from freqops.core.backup.manifest import MANIFEST
from freqops.core.backup.repository import HOME
from freqops.core.backup.snapshot import Snapshot
from freqops.core.backup.store import Dump, Store, stamp_of
from freqops.core.base import durable, root_file
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.kinds import Malformed
from freqops.core.bot import layout
from freqops.core.halt import holds

from . import fitness, restic, staging, taken_out
from .known_repository import PRIVATE
from .restored import Order
from .snapshots import PRIVATE_DIRECTORY
from .sources import Chosen
from .vault import Vault

RESTORES, LOCK, LOCK_SECONDS = "restores", ".restores.lock", 5.0
COPIES = 2  # what is taken out, and the database that is staged of it
NAMED = 5


@dataclass(frozen=True)
class _Found:
    """A snapshot that is meant."""

    vault: Vault
    number: str
    told: Snapshot
    elsewhere: str


class FromRepository:
    """The snapshots of one of the host's repositories, for one bot."""

    def __init__(
        self, bot: layout.Bot, order: Order, root: Path, clock: Clock, run: restic.Run = restic.run,
        owner: int = root_file.ROOT_UID,
    ) -> None:  # fmt: skip
        self._bot, self._order, self._root, self._clock = bot, order, root, clock
        self._run, self._owner = run, owner
        self._asked = snapshot_choice.understood(order.dump)
        self._theirs = order.from_bot or bot.name
        self._found: _Found | None = None

    def chosen(self) -> Chosen:
        """Return the dump that is meant, as `Source.chosen`."""
        vault = self._vault()
        where = f"repository {vault.repository.name}"
        try:
            since = vault.opened().since
            number, told, aside = self._meant(vault)
        except (NotProven, OSError) as error:
            raise Refused(f"{self._bot.name} was not touched: {error}") from error
        except Refused as refusal:
            raise Refused(f"{where}: {refusal}") from None
        found = _Found(vault, number, told, snapshot_choice.elsewhere(vault.repository, told, since))
        self._found, manifest = found, told.bots[self._theirs]
        origin = f"it is the database of {self._theirs} out of snapshot {number[:8]} of {where}"
        origin += f", made by {told.host} on {iso(told.began)}"
        foreign = bool(found.elsewhere) or self._theirs != self._bot.name
        return Chosen(
            stamp_of(manifest.moment), manifest, [origin, *aside], number, self._theirs if foreign else ""
        )  # fmt: skip

    def in_the_way(self) -> list[str]:
        """Return why a live bot would not be alone with the trades of the snapshot."""
        found = self._must_have()
        if not self._bot.is_live:
            return []
        if found.elsewhere and not self._order.fenced:
            cure = f"halt {self._theirs} there at level 3, or see that it cannot trade any more, then say how"
            said = f"{self._bot.name} trades live, and {found.elsewhere}"
            return [f"{said}: {cure} with --fenced, or fenced= of restore.yml"]
        return self._trades_on() if self._theirs != self._bot.name and not found.elsewhere else []

    def fenced(self) -> str:
        """Return how the bot of the other host is kept from trading, where that has to be said; else empty."""
        return self._order.fenced if self._bot.is_live and self._must_have().elsewhere else ""

    @contextmanager
    def taken(self, chosen: Chosen) -> Iterator[Dump]:
        """Give the dump for the block, as `Source.taken`; nothing of it is left afterwards."""
        place = self._root / HOME / RESTORES
        with durable.locked(self._root / HOME / LOCK, LOCK_SECONDS, self._clock) as mine:
            if not mine:
                raise Refused("another restore out of a repository is under way, or the disk is full")
            staging.sweep(place)  # what one left that was killed
            try:
                try:
                    dump = self._taken_out(place, chosen)
                except (NotProven, OSError) as error:
                    raise Refused(f"{self._bot.name} was not touched: {error}") from error
                yield dump
            finally:
                staging.sweep(place)

    def _vault(self) -> Vault:
        restic.refuse_older(self._run)
        [declared] = repository.chosen(repository.load(self._root, self._owner), self._order.repository)
        if declared.secrets:
            raise Refused(f"repository {declared.name} has secrets, and no databases")
        return Vault(restic.Restic(declared, self._root, self._run, self._owner), self._clock)

    def _meant(self, vault: Vault) -> tuple[str, Snapshot, list[str]]:
        """Return the snapshot that is meant, and a line for each newer one that was left aside.

        Raises:
            Refused: There is none.
            NotProven: A snapshot that may be the one that is meant cannot be read.
        """
        numbers, aside = vault.numbers(), list[str]()
        number = snapshot_choice.named(numbers, self._asked)
        if number is not None:
            told, why = self._judged(vault, number)
            if told is None or why:
                raise Refused(f"snapshot {number[:8]} cannot be restored: {why}")
            return number, told, []
        limit, fit = snapshot_choice.until(self._asked), list[str]()
        for number in reversed(numbers):
            told, why = self._judged(vault, number)
            if told is None or why:
                aside.append(f"snapshot {number[:8]} is left aside: {why}")
                continue
            moment = told.bots[self._theirs].moment
            if limit is None or moment <= limit:
                return number, told, shortened(aside)
            fit.append(f"{number[:8]} of {iso(moment)}")
        when = "" if limit is None else f" at or before {self._asked}"
        others = [f"the oldest that has one is {fit[-1]}"] if fit else []
        raise Refused("; ".join([f"no snapshot has the database of {self._theirs}{when}", *others, *shortened(aside)]))

    def _judged(self, vault: Vault, number: str) -> tuple[Snapshot | None, str]:
        host = vault.repository.of_host or socket.gethostname()
        try:
            told = vault.told(number)
        except Malformed as error:
            return None, f"it does not count: {error}"
        except NotProven as error:
            cure = "another one may be named by its id"
            raise NotProven(f"snapshot {number[:8]} cannot be judged, {cure}: {error}") from None
        return told, snapshot_choice.unfit(told, self._theirs, host)

    def _taken_out(self, place: Path, chosen: Chosen) -> Dump:
        """Take the databases out, and lay the one that is meant as a dump that counts.

        Raises:
            NotProven: It is not what the snapshot says.
            OSError: The disk does not take it.
        """
        found = self._must_have()
        self._refuse_without_room(found.told)
        out, laid = place / "out", place / "dumps"
        for directory in (place, out, laid):
            directory.mkdir(mode=PRIVATE_DIRECTORY)
        taken_out.take_out(found.vault, found.number, found.told, (parts.TRADES,), out)
        (out / parts.TRADES / self._theirs).rename(laid / chosen.stamp)
        staging.sweep(out)
        durable.write_json(laid / chosen.stamp / MANIFEST, chosen.manifest.to_json(), PRIVATE)
        store = Store(laid)
        dumps = [dump for dump in store.dumps() if dump.manifest == chosen.manifest]
        wrong = store.damaged(dumps[0]) if dumps else store.not_counted()
        if wrong or len(dumps) != 1:
            raise NotProven(f"what was taken out of snapshot {found.number[:8]} is no dump: {'; '.join(wrong)}")
        return dumps[0]

    def _refuse_without_room(self, told: Snapshot) -> None:
        """Refuse to fill the disk on which the bots trade.

        Raises:
            NotProven: There is not enough room.
        """
        needed = COPIES * sum(file.size for file in told.files if file.path.startswith(f"{parts.TRADES}/"))
        free = shutil.disk_usage(self._root / HOME).free
        if free <= needed:
            raise NotProven(f"{self._root / HOME} has {free} bytes left, and {needed} are needed: make room")

    def _trades_on(self) -> list[str]:
        """Return why the bot of this host whose database it is may trade on; nothing where there is no such bot."""
        for home in layout.homes(self._root):
            other = layout.load_bot(home)
            if other.name == self._theirs and (
                fitness.may_trade(other) or holds.effective_level(other.holds) != holds.HARD
            ):
                return [f"{other.name} of this host has these trades, and may trade: {fitness.HALT}"]
        return []

    def _must_have(self) -> _Found:
        if self._found is None:
            raise NotProven("no snapshot was chosen yet")
        return self._found


def swept(root: Path, clock: Clock) -> None:
    """Take away what a restore left that was killed, where none is under way."""
    with durable.locked(root / HOME / LOCK, 0, clock) as mine:
        if mine:
            staging.sweep(root / HOME / RESTORES)


def shortened(lines: list[str]) -> list[str]:
    """Return the first lines, and how many more there are."""
    return lines if len(lines) <= NAMED else [*lines[:NAMED], f"and {len(lines) - NAMED} more are left aside"]
