"""Commands on one bot under an incident: each has a journal, and leaves behind who did what and what came of it."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.bot import layout

from ..bot import reach
from . import journal, write

Act = Callable[[journal.Journal], "dict[str, Any]"]


@dataclass(frozen=True)
class Command:
    """What was commanded: its name, on which bot, under which incident, why and by whom."""

    name: str
    bot: layout.Bot
    incident: str
    reason: str
    actor: str

    def under(self, root: Path, act: Act, clock: Clock, proof: str) -> dict[str, Any]:
        """Do ``act`` with a journal, write down what came of it, proven or not, and return its result.

        Args:
            root: The tree of freqops on this host.
            act: What to do.
            clock: Where the time comes from.
            proof: The name in its result that says whether it is proven.

        Raises:
            Refused: Nothing ran.
            NotProven: It is not known what came of it; that was written down.
        """
        began = clock.utcnow()
        label = f"{self.name}-{began:%Y%m%dT%H%M%SZ}"
        diary = journal.Journal(
            journal.path_of(root, self.incident, self.bot.name, label), clock, lambda text: reach.redact(text, self.bot)
        )
        evidence: dict[str, Any] = {
            "version": 1,
            "command": self.name,
            "host": socket.gethostname(),
            "bot": self.bot.name,
            "incident": self.incident,
            "reason": self.reason,
            "actor": self.actor,
            "began": iso(began),
        }
        name = f"{self.name}-{self.bot.name}-{began:%Y%m%dT%H%M%SZ}"
        try:
            result = act(diary)
        except Refused:
            raise
        except (FreqopsError, OSError) as error:
            self._record(root, name, {**evidence, "proven": False, "result": {"not_proven": str(error)}}, clock)
            if isinstance(error, FreqopsError):
                raise
            raise NotProven(str(error)) from error  # a disk that failed in the middle refused nothing
        finally:
            diary.close()
        error_text = self._record(root, name, {**evidence, "proven": bool(result[proof]), "result": result}, clock)
        notes = [text for text in (error_text, diary.error) if text is not None]
        return {**result, "detail": [*result.get("detail", []), *notes]}

    @staticmethod
    def _record(root: Path, name: str, evidence: dict[str, Any], clock: Clock) -> str | None:
        incident = str(evidence["incident"])
        return write.record(root, incident, name, {**evidence, "ended": iso(clock.utcnow())})
