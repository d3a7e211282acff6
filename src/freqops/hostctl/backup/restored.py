"""The order for a restore, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from freqops.core.base.mandate import Mandate
from freqops.core.base.outcome import Outcome

RESTORED, FORMER, MAY_BE = "restored", "former", "may be restored"


@dataclass(frozen=True)
class Order:
    """A restore as it is ordered.

    Attributes:
        mandate: Its reason, its actor, and the incident under which the bot is held.
        dump: Which dump; see `choice`.
        overwrite: Whether a database that is there may be replaced.
        repository: The repository whose snapshots are meant; empty for the dumps of the host's own.
        from_bot: The bot in the snapshot whose database is meant; empty for the one of the same name.
        fenced: How the bot of another host is kept from trading; empty where nobody said it.
    """

    mandate: Mandate
    dump: str
    overwrite: bool = False
    repository: str = ""
    from_bot: str = ""
    fenced: str = ""


@dataclass
class Restored(Outcome):
    """The outcome of a restore.

    ``restored``; ``former`` where the database that was there stands; ``may be restored`` where it was only looked at.

    Attributes:
        dump: The stamp of the dump.
        snapshot: The id of the snapshot out of which it is; empty for a dump of the host's own.
        moment: Until when everything is in it.
        fenced: How the bot of another host was said to be kept from trading, where that had to be said; else empty.
        kept: Where what was replaced is kept; empty where nothing was.
        tables: Every table with its rows now and then.
        forgotten: Number and pair of each trade that the dump does not know as it is now.
        in_the_way: What a restore would be refused for now.
    """

    dump: str = ""
    snapshot: str = ""
    moment: str = ""
    fenced: str = ""
    kept: str = ""
    tables: list[dict[str, Any]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    in_the_way: list[str] = field(default_factory=list)
