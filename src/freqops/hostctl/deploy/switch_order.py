"""One switch: the order that commands it, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from freqops.core.base.mandate import Mandate
from freqops.core.base.outcome import Outcome

from ..bot.start import DEADLINE
from ..bot.stopped import BY_PLAN
from .dump_first import DumpFirst


@dataclass(frozen=True)
class SwitchOrder:
    """The release that must run, under which mandate, and how many seconds a start may take.

    Attributes:
        restore: Whether it goes back, by hand, to a release that worked before, with the database of then.
        accept_effective: Whether open trades may go on by other effective values.
        first: The dump that a change of image or database wants first; None where none is made.
    """

    release: str
    mandate: Mandate
    deadline: float = DEADLINE
    restore: bool = False
    accept_effective: bool = False
    first: DumpFirst | None = None


@dataclass
class Switched(Outcome):
    """The outcome of a switch.

    ``running``, ``paused``, ``stopped``, ``held`` or ``stopped by plan`` where all is as ordered; ``rolled back``,
    ``withdrawn`` (there was nothing before it) or ``halted`` (trades were written since, so nothing went back) where it
    is not.

    Attributes:
        release: The release that the bot has now.
        former: The release that it had before; empty where there was none.
        dump: The dump that had all of its database before image or database changed; empty where none was needed.
        log: The last lines of the release that failed.
    """

    release: str = ""
    former: str = ""
    dump: str = ""
    log: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether the bot runs what was ordered."""
        return self.proven and self.outcome in ("running", "paused", "stopped", "held", BY_PLAN)

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as it stands in the answer."""
        return {**super().to_json(), "well": self.well}
