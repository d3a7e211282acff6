"""Faults that an operator injects: an answer that is late, wrong, cut off or missing, or an order filled in part."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from lab.exchange.store import Store

Answer = Literal["timeout", "half", "reset"]
EVERY = "*"
PLACING = "POST /api/v3/order"


class FaultError(ValueError):
    """A fault that makes no sense."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The subject of a request; `side` is that of an order to be placed."""

    endpoint: str
    symbols: tuple[str, ...]
    account: str | None
    side: str | None


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: the requests that fail, how they fail, and how many of them (`times`; None = until healed)."""

    id: int
    endpoint: str
    symbol: str | None
    account: str | None
    side: str | None
    latency_ms: int
    status: int | None
    code: int | None
    msg: str | None
    retry_after: int | None
    answer: Answer | None
    after: bool
    partial: str | None
    times: int | None
    hits: int

    @property
    def spoils(self) -> bool:
        """Tell whether the client does not get the true answer."""
        return self.status is not None or self.answer is not None

    @property
    def fraction(self) -> Decimal:
        """Return how much of an order is filled at most."""
        return Decimal(1) if self.partial is None else Decimal(self.partial)

    def meets(self, asked: Asked) -> bool:
        """Tell whether a request is one of those that fail."""
        return (
            self.endpoint in (EVERY, asked.endpoint)
            and (self.symbol is None or self.symbol in asked.symbols)
            and (self.account is None or self.account == asked.account)
            and (self.side is None or self.side == asked.side)
            and (self.partial is None or asked.endpoint == PLACING)
        )

    def shape(self) -> dict[str, Any]:
        """Return the fault as the control port shows it: in the form in which it is set, with id and hits."""
        error = {name: getattr(self, name) for name in ("status", "code", "msg", "retry_after")}
        others = {name: value for name, value in asdict(self).items() if name not in error}
        return {**others, "error": None if self.status is None else error}


class Faults:
    """The faults in force, oldest first; they are written down, so they outlive a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._faults = {
            row["id"]: Fault(**{**dict(row), "after": bool(row["after"])})
            for row in store.rows("SELECT * FROM faults ORDER BY id")
        }

    def all(self) -> list[Fault]:
        """Return the faults in force."""
        return list(self._faults.values())

    def set(self, fault: Fault) -> Fault:
        """Let requests fail from now on, instead of what was set for the same requests before; give it its number."""
        values = {name: value for name, value in asdict(fault).items() if name != "id"}
        same = (fault.endpoint, fault.symbol, fault.account, fault.side)
        with self._store.transaction():
            self._store.run(
                "DELETE FROM faults WHERE endpoint = ? AND symbol IS ? AND account IS ? AND side IS ?", *same
            )
            number = self._store.run(
                "INSERT INTO faults (endpoint, symbol, account, side, latency_ms, status, code, msg, retry_after, "
                "answer, after, partial, times, hits) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *values.values(),
            )
        self._faults = {
            known.id: known
            for known in self._faults.values()
            if (known.endpoint, known.symbol, known.account, known.side) != same
        }
        self._faults[number] = replace(fault, id=number)
        return self._faults[number]

    def clear(self, number: int | None = None, endpoint: str | None = None) -> None:
        """Heal one fault, all of an endpoint, or all."""
        for fault in self.all():
            if number in (None, fault.id) and endpoint in (None, fault.endpoint):
                self._remove(fault)

    def strike(self, asked: Asked) -> tuple[int, Fault | None]:
        """Return the delay of a request in milliseconds and its fault, and count these faults.

        All latencies add up; of the faults that do more, the oldest strikes the request.
        """
        met = [fault for fault in self._faults.values() if fault.meets(asked)]
        worst = next((fault for fault in met if fault.spoils or fault.partial is not None), None)
        for fault in met:
            if fault.latency_ms or fault is worst:
                self._count(fault)
        return sum(fault.latency_ms for fault in met), worst

    def _count(self, fault: Fault) -> None:
        if fault.times == 1:
            self._remove(fault)
            return
        counted = replace(fault, hits=fault.hits + 1, times=None if fault.times is None else fault.times - 1)
        self._faults[fault.id] = counted
        self._store.run("UPDATE faults SET hits = ?, times = ? WHERE id = ?", counted.hits, counted.times, fault.id)

    def _remove(self, fault: Fault) -> None:
        del self._faults[fault.id]
        self._store.run("DELETE FROM faults WHERE id = ?", fault.id)
