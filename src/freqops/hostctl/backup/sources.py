"""Where a restore has its dump from: the dumps that the host makes by itself, or something that gives one like them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from freqops.core.backup import choice
from freqops.core.backup.manifest import Manifest
from freqops.core.backup.store import Dump
from freqops.core.base.errors import Refused
from freqops.core.bot import layout

from . import fitness


@dataclass(frozen=True)
class Chosen:
    """A dump that is meant; of it nothing but its manifest was looked at yet.

    Attributes:
        stamp: Its name.
        manifest: What it is.
        detail: Lines for the operator.
        snapshot: The id of the snapshot out of which it comes; empty for a dump of the host's own.
        theirs: The bot whose database it is, where that is another one, or one of another host; else empty.
    """

    stamp: str
    manifest: Manifest
    detail: list[str] = field(default_factory=list)
    snapshot: str = ""
    theirs: str = ""


class Source(Protocol):
    """Where a restore has its dump from."""

    def chosen(self) -> Chosen:
        """Return the dump that is meant.

        Raises:
            Refused: There is none, or the choice is none.
        """

    def in_the_way(self) -> list[str]:
        """Return what there is against its restore besides the state of the bot, after `chosen`."""

    def fenced(self) -> str:
        """Return how a bot elsewhere is kept from trading, where that has to be said; else empty; after `chosen`."""

    def taken(self, chosen: Chosen) -> AbstractContextManager[Dump]:
        """Give the dump for the block, every byte of it compared with its manifest.

        Raises:
            Refused: Something is wrong with it; nothing of the bot was touched.
        """


class OwnDumps:
    """The dumps that the host makes of a bot by itself."""

    def __init__(self, bot: layout.Bot, asked: str) -> None:
        self._bot, self._asked = bot, choice.understood(asked)
        self._store = fitness.store_of(bot.home)

    def chosen(self) -> Chosen:
        """Return the dump that is meant, as `Source.chosen`."""
        not_counted = [f"does not count: {line}" for line in self._store.not_counted()]
        dumps = self._store.dumps()
        if not dumps:
            raise Refused(f"{self._bot.name}: {'; '.join(['there is no dump that counts', *not_counted])}")
        dump = choice.chosen(dumps, self._asked)
        fitness.refuse_damaged(self._store, dump)
        return Chosen(dump.stamp, dump.manifest, not_counted)

    def in_the_way(self) -> list[str]:
        """Return nothing: they are of this bot on this host."""
        return []

    def fenced(self) -> str:
        """Return nothing: no other bot has them."""
        return ""

    @contextmanager
    def taken(self, chosen: Chosen) -> Iterator[Dump]:
        """Give the dump for the block; it was compared when it was chosen."""
        yield Dump(self._store.directory / chosen.stamp, chosen.stamp, chosen.manifest)
