"""A dump before a change: its maker, and whether the change waits for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, Refused

from ..bot.engine import Engine

NONE_YET = "it has no database yet, so there was nothing to dump before the change"


@dataclass(frozen=True)
class DumpFirst:
    """The dump that a change of a bot's image, or of its database, wants first.

    Attributes:
        dump: What returns the dump that has all of the database in a directory, empty where there is no database yet,
            and raises where no dump has.
        accept_stale: Whether the change may go on without.
    """

    dump: Callable[[Path, Clock, Engine], str]
    accept_stale: bool = False

    def made(self, home: Path, clock: Clock, engine: Engine, what: str) -> tuple[str, str]:
        """Return the dump of a bot, empty where there is none, and a remark on it.

        Args:
            home: The directory of the bot.
            clock: The source of the time.
            engine: The container engine.
            what: What is to be changed.

        Raises:
            Refused: It is in no dump, and that was not accepted.
        """
        try:
            stamp = self.dump(home, clock, engine)
        except (FreqopsError, OSError) as error:
            if not self.accept_stale:
                raise Refused(f"{what} was not touched: {error}") from None
            return "", f"changed without a dump, as was accepted: {error}"
        return stamp, "" if stamp else NONE_YET
