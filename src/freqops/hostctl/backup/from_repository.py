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
from freqops.core.bot import layout
from freqops.core.halt import holds

from . import chosen_snapshot, fitness, restic, staging, taken_out
from .chosen_snapshot import Meant, Wanted
from .known_repository import PRIVATE
from .restored import Order
from .sources import Chosen
from .vault import Vault

COPIES = 2  # what is taken out, and the database that is staged of it


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
            meant = self._meant(vault)
        except (NotProven, OSError) as error:
            raise Refused(f"{self._bot.name} was not touched: {error}") from error
        except Refused as refusal:
            raise Refused(f"{where}: {refusal}") from None
        number, told = meant.number, meant.told
        found = _Found(vault, number, told, snapshot_choice.elsewhere(vault.repository, told, since))
        self._found, manifest = found, told.bots[self._theirs]
        origin = f"it is the database of {self._theirs} out of snapshot {number[:8]} of {where}"
        origin += f", made by {told.host} on {iso(told.began)}"
        foreign = bool(found.elsewhere) or self._theirs != self._bot.name
        return Chosen(
            stamp_of(manifest.moment), manifest, [origin, *meant.aside], number, self._theirs if foreign else ""
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
        with chosen_snapshot.place_alone(self._root, self._clock) as place:
            try:
                dump = self._taken_out(place, chosen)
            except (NotProven, OSError) as error:
                raise Refused(f"{self._bot.name} was not touched: {error}") from error
            yield dump

    def _vault(self) -> Vault:
        restic.refuse_older(self._run)
        [declared] = repository.chosen(repository.load(self._root, self._owner), self._order.repository)
        if declared.secrets:
            raise Refused(f"repository {declared.name} has secrets, and no databases")
        return Vault(restic.Restic(declared, self._root, self._run, self._owner), self._clock)

    def _meant(self, vault: Vault) -> Meant:
        host = vault.repository.of_host or socket.gethostname()
        wanted = Wanted(
            f"the database of {self._theirs}",
            lambda told: snapshot_choice.unfit(told, self._theirs, host),
            lambda told: told.bots[self._theirs].moment,
        )
        return chosen_snapshot.meant(vault, self._asked, wanted)

    def _taken_out(self, place: Path, chosen: Chosen) -> Dump:
        """Take the databases out, and lay the one that is meant as a dump that counts.

        Raises:
            NotProven: It is not what the snapshot says.
            OSError: The disk does not take it.
        """
        found = self._must_have()
        self._refuse_without_room(found.told)
        out, laid = place / "out", place / "dumps"
        chosen_snapshot.made(place, out, laid)
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
