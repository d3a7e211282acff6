"""The error rate of a bot: records of level ERROR and above, divided by all of its records, over a window."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..base import kinds
from ..base.clock import iso
from . import events
from .json_line import Line

RAISED = re.compile(r"^([A-Za-z_][\w.]{0,100}?(?:Error|Exception|NotAvailable|Exceeded|Timeout|Funds|Order))\b", re.M)
NUMBER = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8,}|[0-9]+(?:[.,][0-9]+)*")
SHOWN, MOST = 80, 30  # characters of a kind, and kinds that are named
OTHERS = "(others)"
OF_KIND: dict[str, kinds.Kind] = {"kind": kinds.text, "count": kinds.count, "last": kinds.text}


@dataclass
class Rate:
    """The records of one source in a window.

    Attributes:
        records: All of them.
        errors: Those of level ERROR and above.
        kinds: How often each kind of these was there, and when last.
    """

    records: int = 0
    errors: int = 0
    kinds: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    @property
    def rate(self) -> float | None:
        """The error rate; None where there is no record, for then nothing is known."""
        return self.errors / self.records if self.records else None

    def note_error(self, line: Line) -> None:
        """Take in a record of level ERROR or above."""
        self.errors += 1
        kind = kind_of(line)
        if kind not in self.kinds and len(self.kinds) >= MOST:
            kind = OTHERS
        count, last = self.kinds.get(kind, (0, line.at))
        self.kinds[kind] = (count + 1, max(last, line.at))

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in an answer, the most frequent kind first."""
        ordered = sorted(self.kinds.items(), key=lambda item: (-item[1][0], item[0]))
        said = [{"kind": kind, "count": count, "last": iso(last)} for kind, (count, last) in ordered]
        return {"records": self.records, "errors": self.errors, "rate": self.rate, "kinds": said}


def kind_of(line: Line) -> str:
    """Return the kind of an error: an event, the class that was raised, or what it says without its numbers."""
    found = next(events.of_line(line), None)
    if found is not None:
        return found
    exception = line.fields.get("exception")
    raised = RAISED.findall(exception) if isinstance(exception, str) else []
    if raised:
        return str(raised[-1])
    return NUMBER.sub("#", f"{line.logger}: {line.message}")[:SHOWN]
