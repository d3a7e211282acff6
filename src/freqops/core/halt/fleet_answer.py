"""The answers of all hosts to one halt: a row for each bot that must be halted, the table, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..base.kinds import Malformed
from ..base.text_table import table
from ..base.visible import page
from ..bot import foreign_process
from . import next_commands
from .answer import Answer, Row

HEADINGS = ("host", "bot", "mode", "level", "acknowledged", "seconds", "proven", "seconds", "verdict")
SILENT = "the way: another road to the host, or its keys at the exchange; killswitch.md, 'A host that gives no answer'"
UNKNOWN = "declared in the inventory, but unknown on its host"


@dataclass
class HostAnswer:
    """The answer of one host, or the reason why there is none.

    Attributes:
        host: The name of the host in the inventory.
        bots: The bots that must be halted there.
        answer: The answer of the host.
        error: The reason why it said nothing that can be understood.
        silent: Whether it gave no answer at all.
    """

    host: str
    bots: list[str]
    answer: Answer | None = None
    error: str | None = None
    silent: bool = False

    @classmethod
    def of(cls, host: str, bots: list[str], document: dict[str, Any] | None, error: str | None) -> HostAnswer:
        """Return the answer that the JSON object of a host means.

        Args:
            host: The name of the host.
            bots: The bots that must be halted there.
            document: The JSON object, None where there was none.
            error: The reason why there was none.
        """
        if document is None:
            return cls(host, bots, error=error or "no answer", silent=True)
        for key in ("refused", "not_proven"):
            if key in document:
                return cls(host, bots, error=str(document[key]))
        try:
            return cls(host, bots, Answer.from_json(document))
        except Malformed as malformed:
            return cls(host, bots, error=f"its answer cannot be understood: {malformed}")

    @property
    def proven(self) -> bool:
        """Whether the host calls all of it proven."""
        return self.answer is not None and self.answer.proven

    def rows(self, level: int) -> list[Row]:
        """Return a row for each bot, also where the host said nothing of it."""
        said = [_at_least(row, level) for row in self.answer.rows] if self.answer is not None else []
        detail = [self.error or UNKNOWN, *([SILENT] if self.silent else [])]
        missing = sorted(set(self.bots) - {row.bot for row in said})
        return [*said, *(Row(bot, level, "", detail=list(detail)) for bot in missing)]

    def lines(self, level: int) -> list[str]:
        """Return a short line for each bot, to be shown before the table is complete."""
        return [
            f"{row.bot} on {self.host}: acknowledged {_yes(row.acknowledged_s is not None)}, "
            f"proven {_yes(row.proven)}, {row.verdict}"
            for row in self.rows(level)
        ]


@dataclass
class FleetAnswer:
    """The answers of all hosts.

    Attributes:
        level: The level that was commanded.
        incident: The incident of the command.
        hosts: The answer of each host.
    """

    level: int
    incident: str
    hosts: list[HostAnswer]
    rows: list[tuple[str, Row]] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = [(host.host, row) for host in self.hosts for row in host.rows(self.level)]

    @property
    def foreign(self) -> list[tuple[str, dict[str, Any]]]:
        """Freqtrade processes that belong to no bot, each with its host; some of them may be left alone."""
        return [(host.host, process) for host in self.hosts if host.answer for process in host.answer.foreign or []]

    @property
    def left_alone(self) -> int:
        """How many of them are left alone."""
        return sum(foreign_process.is_left_alone(process) for _, process in self.foreign)

    @property
    def proven(self) -> bool:
        """Whether every row is proven, and every host says so of all that it has."""
        return all(row.proven for _, row in self.rows) and all(host.proven for host in self.hosts)

    @property
    def changed(self) -> bool:
        """Whether anything was changed on any host."""
        return any(row.acted or row.raised for _, row in self.rows)

    @property
    def unproven(self) -> list[str]:
        """The acts that are not proven, a line each."""
        lines = [f"{row.bot} on {host}: {row.verdict}" for host, row in self.rows if not row.proven]
        undeclared = [each for each in self.foreign if not foreign_process.is_left_alone(each[1])]
        return lines + [f"undeclared Freqtrade process {process['pid']} on {host}" for host, process in undeclared]

    def incidents(self) -> dict[str, list[str]]:
        """Return the incidents of the holds in force, each with its hosts."""
        found: dict[str, set[str]] = {}
        for host, row in self.rows:
            if row.incident:
                found.setdefault(row.incident, set()).add(host)
        return {incident: sorted(hosts) for incident, hosts in sorted(found.items())}

    def to_json(self) -> list[dict[str, Any]]:
        """Return all rows with their hosts."""
        return [{**row.to_json(), "host": host} for host, row in self.rows]

    def unheard(self) -> dict[str, str]:
        """Return the hosts that gave no answer, or none that can be understood, each with the reason."""
        return {host.host: host.error or "no answer" for host in self.hosts if host.answer is None}

    def lines(self) -> list[str]:
        """Return the table with its details, for a person."""
        cells = [
            [
                *(host, row.bot, row.mode, row.level, row.acknowledged_s is not None, row.acknowledged_s),
                *(row.proven, row.proven_s, row.verdict),
            ]
            for host, row in self.rows
        ]
        held = ", ".join(self.incidents()) or self.incident
        result = f"ALL PROVEN{foreign_process.but_for(self.left_alone)}" if self.proven else "NOT ALL PROVEN"
        return [*table(HEADINGS, cells).splitlines(), *self._details(), f"{result} | incident {held}"]

    def next_commands(self) -> list[str]:
        """Return the next commands, a line each."""
        return next_commands.after_halt(self.level, self.rows, {bot for host in self.hosts for bot in host.bots})

    def text(self) -> str:
        """Return `lines` as one text; no text within a line makes a line of its own."""
        return page(self.lines())

    def _details(self) -> Iterator[str]:
        for host, row in self.rows:
            where = f"{row.bot} on {host}"
            yield from (f"{where}: {text}" for text in row.detail)
            yield from (f"{where}: closed: trade {trade}" for trade in row.closed)
            yield from (f"{where}: open position {_position(position)}" for position in row.positions or [])
        yield from (f"{host}: {foreign_process.halted_line(process)}" for host, process in self.foreign)


def _at_least(row: Row, level: int) -> Row:
    """Return a row as it was said, or that nothing was halted where it is about less than was commanded."""
    if row.level >= level:
        return row
    return Row(row.bot, level, row.incident, mode=row.mode, detail=[f"its host answered for level {row.level}"])


def _yes(value: bool) -> str:
    return "yes" if value else "NO"


def _position(position: dict[str, Any]) -> str:
    protection = position.get("protection")
    shown = f"{position.get('pair')} {position.get('amount')}, stake {position.get('stake')}"
    return shown if protection is None else f"{shown}, {protection}"
