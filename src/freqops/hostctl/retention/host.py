"""This host as retention finds it: its policy, the bots that are meant, and what is known once for all kinds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from freqops.core.base import iso_time
from freqops.core.base.clock import Clock
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.retention.policy import Policy

from ..bot.engine import Engine
from . import cited
from .cited import Cited


@dataclass(frozen=True)
class Host:
    """This host.

    Attributes:
        root: The tree of freqops.
        clock: The source of the time.
        engine: The container engine.
        policy: The policy.
        mandate: Incident, reason and actor of the command.
        bots: The bots that are meant; none where all of the host is.
    """

    root: Path
    clock: Clock
    engine: Engine
    policy: Policy
    mandate: Mandate
    bots: tuple[str, ...] = ()

    @cached_property
    def now(self) -> datetime:
        """The moment by which everything is aged."""
        return self.clock.utcnow()

    @cached_property
    def unclosed(self) -> list[dict[str, Any]]:
        """The incidents that are not closed."""
        return list(cited.unclosed(self.root))

    @cached_property
    def noted(self) -> Cited:
        """What the notes of commands cite."""
        return cited.by_notes(self.root)

    @cached_property
    def cited(self) -> Cited:
        """What notes, evidence and registry cite."""
        return cited.by_everything(self.root)

    def homes(self) -> list[Path]:
        """Return the directories of the bots that are meant."""
        return [home for home in layout.homes(self.root) if not self.bots or home.name in self.bots]

    def open_about(self, bot: str) -> list[tuple[str, datetime | None]]:
        """Return the incidents that are not closed and may be about a bot, each with when it was opened, if known.

        One that names no bot may be about each; an empty name asks for those of the whole host: all of them.
        """
        meant = [row for row in self.unclosed if not bot or not row["bots"] or bot in row["bots"]]
        return [(str(row["id"]), _moment(str(row["created_utc"]))) for row in meant]


def _moment(text: str) -> datetime | None:
    try:
        return iso_time.parse(text)
    except ValueError:
        return None
