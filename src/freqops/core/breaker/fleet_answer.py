"""The answers of all hosts to one call of the operator breaker: a row for each host and each bot, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base import kinds
from ..base.exit_status import BREAKER_ACTIVE, PROVEN
from ..base.text_table import table
from .answer import ACTIVE, FILES, HEADINGS, INACTIVE, UNREADABLE, Answer, Row

STATUS, ENABLE, DISABLE, OVERRIDE, WITHDRAW = ACTIONS = ("status", "enable", "disable", "override", "withdraw")
OF_RUNS = (OVERRIDE, WITHDRAW)  # they are about the runs of a host: it answers without a row for any bot
EXITS = {STATUS: (PROVEN, BREAKER_ACTIVE)}
DEMANDED = {STATUS: (ACTIVE, INACTIVE), ENABLE: (ACTIVE,), DISABLE: (INACTIVE,)}
MISSING = "declared in the inventory, not deployed"
NOBODY = "no host was asked"


@dataclass
class HostAnswer:
    """The answer of one host, or the reason why there is none.

    Attributes:
        host: The name of the host in the inventory.
        bots: The bots that are meant there.
        answer: The answer of the host.
        exit: The exit status of its command.
        error: The reason why it said nothing that can be understood.
    """

    host: str
    bots: list[str]
    answer: Answer | None = None
    exit: int | None = None
    error: str | None = None

    @classmethod
    def of(cls, host: str, bots: list[str], document: Mapping[str, Any] | None, error: str | None) -> HostAnswer:
        """Return the answer that the JSON object of a host means.

        Args:
            host: The name of the host.
            bots: The bots that are meant there.
            document: The JSON object, None where there was none.
            error: The reason why there was none.

        Raises:
            Malformed: It is no answer, or says no exit status.
        """
        if document is None:
            return cls(host, bots, error=error or "no answer")
        return cls(host, bots, Answer.from_json(document), kinds.value(document, "exit", kinds.count))

    @property
    def file(self) -> str:
        """The state of the files that were meant, in one word."""
        return self.answer.file if self.answer is not None else UNREADABLE

    def wrong(self, action: str) -> list[str]:
        """Return why the host is not as was asked for; nothing where it is."""
        if self.answer is None:
            return [self.error or "no answer"]
        ended = [] if self.exit in EXITS.get(action, (PROVEN,)) else [f"NOT PROVEN: its command ended with {self.exit}"]
        return ended + _otherwise(action, self.file)

    def rows(self, action: str) -> list[Row]:
        """Return a row for each bot, also where the host said nothing of it."""
        said = list(self.answer.rows) if self.answer is not None else []
        if action in OF_RUNS:
            return said
        missing = sorted(set(self.bots) - {row.bot for row in said})
        return [*said, *(Row(bot, UNREADABLE, detail=[self.error or MISSING]) for bot in missing)]


@dataclass
class FleetAnswer:
    """The answers of all hosts.

    Attributes:
        action: What was asked for: one of `ACTIONS`.
        hosts: The answer of each host.
        lost: The bots that the fleet has lost, each with its host; one whose host tells of it is not.
        rows: The bots of all hosts and the lost ones, each with its host.
    """

    action: str
    hosts: list[HostAnswer]
    lost: list[tuple[str, Row]] = field(default_factory=list)
    rows: list[tuple[str, Row]] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = [(host.host, row) for host in self.hosts for row in host.rows(self.action)]
        known = {(host, row.bot) for host, row in self.rows}
        of_runs = {host.host for host in self.hosts if self.action in OF_RUNS}
        self.rows += [each for each in self.lost if each[0] not in of_runs and (each[0], each[1].bot) not in known]

    @property
    def wrong(self) -> list[str]:
        """Each host and each bot that is not as was asked for."""
        hosts = [host.host for host in self.hosts if host.wrong(self.action)]
        bots = [f"{row.bot} on {host}" for host, row in self.rows if _row_wrong(self.action, row)]
        return [*hosts, *bots] if self.hosts else [NOBODY, *bots]

    @property
    def verdict(self) -> str:
        """The last line."""
        return f"NOT ALL PROVEN: {', '.join(self.wrong)}" if self.wrong else "ALL PROVEN"

    @property
    def changed(self) -> bool:
        """Whether a file was changed on any host."""
        return any(host.answer.changed for host in self.hosts if host.answer is not None)

    def to_json(self) -> dict[str, Any]:
        """Return all hosts, and all bots with their hosts."""
        hosts = [
            {"host": host.host, "file": host.file, "exit": host.exit, "proven": not wrong, "detail": wrong}
            for host in self.hosts
            for wrong in [host.wrong(self.action)]
        ]
        return {"hosts": hosts, "bots": [{**vars(row), "host": host} for host, row in self.rows]}

    def lines(self) -> list[str]:
        """Return the table with its details, for a person."""
        cells = [
            [host.host, host.file or None, None, "", not host.wrong(self.action), "", "", ""] for host in self.hosts
        ]
        cells += [[host, *row.cells()] for host, row in self.rows]
        details = [f"{row.bot} on {host}: {text}" for host, row in self.rows for text in self._details(row)]
        said = [f"{host.host}: {text}" for host in self.hosts for text in self._said(host)]
        return [*table(("host", *HEADINGS), cells).splitlines(), *details, *said, self.verdict]

    def _details(self, row: Row) -> list[str]:
        return [*row.detail, *(_otherwise(self.action, row.file) if row.well else ())]

    def _said(self, host: HostAnswer) -> list[str]:
        wrong = host.wrong(self.action)
        if host.answer is None:
            return wrong
        return [*wrong, *([host.answer.override] if host.answer.override else []), *host.answer.detail]


def _row_wrong(action: str, row: Row) -> bool:
    return not row.well or bool(_otherwise(action, row.file))


def _otherwise(action: str, file: str) -> list[str]:
    """Return a line where the files differ from the order."""
    if file in DEMANDED.get(action, (*FILES, "")):
        return []
    return [f"NOT PROVEN: after {action} its files are {file}" if file else "NOT PROVEN: no answer has its files"]
