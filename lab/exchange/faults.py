"""Faults that an operator injects: an endpoint answers late, or with an error."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.exchange.store import Store

MAX_LATENCY_MS = 600_000


class FaultError(ValueError):
    """A fault that makes no sense."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong at an endpoint ("GET /api/v3/klines"), and for how many requests (None = until cleared)."""

    endpoint: str
    latency_ms: int
    status: int | None
    code: int | None
    msg: str | None
    times: int | None


class Faults:
    """The faults in force; they are written down, so they outlive a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._faults = {row["endpoint"]: Fault(**dict(row)) for row in store.rows("SELECT * FROM faults")}

    def all(self) -> list[dict[str, Any]]:
        """Return the faults in force."""
        return [asdict(fault) for fault in self._faults.values()]

    def set(self, fault: Fault) -> None:
        """Let an endpoint fail from now on."""
        self._faults[fault.endpoint] = fault
        self._store.run("INSERT OR REPLACE INTO faults VALUES (?, ?, ?, ?, ?, ?)", *asdict(fault).values())

    def clear(self, endpoint: str | None) -> None:
        """Heal one endpoint, or all."""
        if endpoint is None:
            self._faults.clear()
        else:
            self._faults.pop(endpoint, None)
        self._store.run("DELETE FROM faults WHERE ? IS NULL OR endpoint = ?", endpoint, endpoint)

    def strike(self, endpoint: str) -> Fault | None:
        """Return the fault that the next request to an endpoint meets, and count it."""
        fault = self._faults.get(endpoint)
        if fault is None or fault.times is None:
            return fault
        if fault.times <= 1:
            self.clear(endpoint)
        else:
            self.set(replace(fault, times=fault.times - 1))
        return fault


def parse(body: dict[str, Any], endpoints: list[str]) -> Fault:
    """Read a fault as it is sent to the control port."""
    endpoint = body.get("endpoint")
    if endpoint not in endpoints:
        raise FaultError(f"no such endpoint: {endpoint!r}; there are {', '.join(endpoints)}")
    error = body.get("error") or {}
    if not isinstance(error, dict):
        raise FaultError("error must be an object with status, code and msg")
    latency_ms = _whole(body, "latency_ms", 0, MAX_LATENCY_MS) or 0
    status = _whole(error, "status", 400, 599) or (500 if error else None)
    if not latency_ms and status is None:
        raise FaultError("a fault needs latency_ms, error or both")
    code = _whole(error, "code", -99_999, 99_999)
    msg = str(error.get("msg", "Injected fault.")) if error else None
    return Fault(
        endpoint,
        latency_ms,
        status,
        code if code is not None or not error else -1000,
        msg,
        _whole(body, "times", 1, 1_000_000),
    )


def _whole(body: dict[str, Any], name: str, least: int, most: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise FaultError(f"{name} must be a whole number from {least} to {most}, not {value!r}")
    return value
