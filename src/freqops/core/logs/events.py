"""Events: the lines of logs that the runbook looks for.

Each is known by what the component really says. "Force exiting trade" is in no line of Freqtrade 2026.9; what it says
of a forced exit is the message that it sends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..base import kinds
from ..base.clock import iso
from .json_line import Line

BREAKER, HRP, EXCHANGE, FORCED = KINDS = ("breaker_tripped", "hrp_updated", "exchange_not_available", "force_exit")
SAID = {
    BREAKER: re.compile(r"Circuit Breaker TRIPPED|by the operator breaker under "),
    HRP: re.compile(r"Updated HRP weights"),
    EXCHANGE: re.compile(r"\bExchangeNotAvailable\b"),
    FORCED: re.compile(
        r"Force exiting trade|^Sending rpc message: .*RPCMessageType\.EXIT:.*'exit_reason': 'force_exit'", re.DOTALL
    ),
}
# Words without which none of them is there: a line without any is looked at no further.
WORDS = ("Circuit Breaker", "operator breaker", "HRP weights", "ExchangeNotAvailable", "force_exit", "Force exiting")
OF_ANSWER: dict[str, kinds.Kind] = {"kind": kinds.text, "count": kinds.count, "last": kinds.or_none(kinds.text)}


@dataclass
class Seen:
    """How often an event was there in a window, and when last.

    Attributes:
        kind: One of `KINDS`.
        count: How often.
        last: When last; None where it was not there.
    """

    kind: str
    count: int = 0
    last: datetime | None = None

    def note(self, at: datetime) -> None:
        """Take in one more."""
        self.count += 1
        self.last = at if self.last is None else max(self.last, at)

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in an answer."""
        return {"kind": self.kind, "count": self.count, "last": None if self.last is None else iso(self.last)}


def of_line(line: Line) -> Iterator[str]:
    """Give the events that a line tells of."""
    text = line.message
    exception = line.fields.get("exception")
    if isinstance(exception, str):
        text = f"{text}\n{exception}"
    if any(word in text for word in WORDS):
        yield from (kind for kind in KINDS if SAID[kind].search(text))
