"""The RISK_* variables of the runbook: what each is called here, its type, unit and default, and where it acts.

The runbook read them from the environment of whatever process asked. Here each stands in one place: in the inventory,
or as a fixed path, or as an act with an end. Those of a host are written by deploy into `FILE`, for the run gate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..base import strict_json
from ..base.errors import Refused
from ..base.strict_json import Unreadable
from ..bot import limits
from ..bot.layout import ROOT
from .registry import PLACE

FILE = Path("/etc/freqops/risk.json")
FORMAT = 1
MAX_BYTES = 4096
MOST = 1000
LONGEST_TTL = 86_400
STATE = ROOT / "user_data" / "state"
OF_A_HOST, OF_A_BOT, FIXED, ACT = "host", "bot", "fixed", "act"


@dataclass(frozen=True)
class RiskVariable:
    """One variable.

    Attributes:
        name: What the runbook calls it; empty where the runbook has none.
        here: What stands for it here: a variable of the inventory, a path, or a command.
        kind: `OF_A_HOST`, `OF_A_BOT`, `FIXED` (a place that is always the same) or `ACT` (something that is done).
        type: Its type.
        unit: Its unit.
        default: Its default, in words.
        acts: Where it acts.
    """

    name: str
    here: str
    kind: str
    type: str
    unit: str
    default: str
    acts: str


VARIABLES = (
    RiskVariable(
        "RISK_MAX_CONCURRENT_BACKTESTS", "host_risk_max_concurrent_backtests", OF_A_HOST,
        "whole number", "run slots", "1", "run slots of the kind backtest; run gate",
    ),
    RiskVariable(
        "RISK_CONCURRENCY_TTL_SEC", "host_risk_concurrency_ttl_sec", OF_A_HOST,
        "whole number", "seconds", "900", "run slots: silence after which a slot may be stale",
    ),
    RiskVariable(
        "RISK_MAX_BACKTEST_DRAWDOWN_PCT", "host_risk_max_backtest_drawdown", OF_A_HOST,
        "fraction", "of the account", "0: no guard", "run gate, for backtests",
    ),
    RiskVariable(
        "", "host_risk_backtest_drawdown_runs", OF_A_HOST,
        "whole number", "runs", "1", "run gate: the worst of so many last backtests of the same strategy counts",
    ),
    RiskVariable(
        "RISK_LIVE_MAX_CONCURRENT_TRADES", limits.KEYS[0], OF_A_BOT,
        "whole number", "open trades", "no limit", "inside the bot, by its entry gate; run gate, for live starts",
    ),
    RiskVariable(
        "RISK_LIVE_MAX_PER_MARKET_EXPOSURE_PCT", limits.KEYS[1], OF_A_BOT,
        "fraction", "of the wallet's total stake", "no limit",
        "inside the bot, by its entry gate; run gate, for live starts",
    ),
    RiskVariable(
        "RISK_ALLOW_WHEN_CB", "circuit_breaker.yml -e action=override", ACT,
        "an act", "at most 24 hours", "none in force", "run gate, for runs; never for a live start or a bot",
    ),
    RiskVariable(
        "RISK_STATE_DIR", str(STATE), FIXED, "path", "", "fixed", "operator breaker and run slots",
    ),
    RiskVariable(
        "RISK_CIRCUIT_BREAKER_FILE", str(STATE / "circuit_breaker.json"), FIXED,
        "path", "", "fixed", "operator breaker",
    ),
    RiskVariable(
        "RISK_DB_PATH", str(ROOT / PLACE), FIXED, "path", "", "fixed", "the registry: run gate, incidents",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class HostRisk:
    """The values of a host.

    Attributes:
        max_concurrent_backtests: Run slots for backtests.
        concurrency_ttl_sec: Seconds of silence after which a slot may be stale.
        max_backtest_drawdown: The fraction from which on a drawdown forbids a backtest; None where there is no guard.
        backtest_drawdown_runs: How many backtests of a strategy count, the last ones.
    """

    max_concurrent_backtests: int = 1
    concurrency_ttl_sec: int = 900
    max_backtest_drawdown: float | None = None
    backtest_drawdown_runs: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return the values as they stand in `FILE`."""
        return {"version": FORMAT, **asdict(self)}


def of_host(variables: dict[str, Any]) -> HostRisk:
    """Return the values that the variables of a host, by their names in the inventory, declare.

    Raises:
        Refused: One of them is none; the text says which and what is allowed.
    """
    prefix, values = "host_risk_", HostRisk()
    for name, value in variables.items():
        field = name[len(prefix) :]
        try:
            values = HostRisk(**{**asdict(values), field: READERS[field](value)})
        except Refused as refusal:
            raise Refused(f"{name}: {refusal}") from None
    return values


def load(path: Path = FILE) -> HostRisk:
    """Return the values that deploy wrote.

    Raises:
        Unreadable: They are missing, or not exactly what `HostRisk.to_json` gives.
    """
    try:
        document = strict_json.load(path, MAX_BYTES)
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}") from None
    if not isinstance(document, dict) or set(document) != set(HostRisk().to_json()):
        raise Unreadable(f"{path} is no object of {', '.join(sorted(HostRisk().to_json()))}")
    if document["version"] != FORMAT or isinstance(document["version"], bool):
        raise Unreadable(f"{path}: its format {document['version']!r} is not {FORMAT}")
    try:
        return HostRisk(**{name: read(document[name]) for name, read in READERS.items()})
    except Refused as refusal:
        raise Unreadable(f"{path}: {refusal}") from None


def _whole(value: Any, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise Refused(f"{value!r} is not allowed; write a whole number from 1 to {most}")
    return value


def _guard(value: Any) -> float | None:
    """Return the threshold of a guard, which 0 switches off."""
    off = isinstance(value, (int, float)) and not isinstance(value, bool) and value == 0
    return None if off else limits.fraction(value)


READERS: dict[str, Callable[[Any], Any]] = {
    "max_concurrent_backtests": lambda value: _whole(value, MOST),
    "concurrency_ttl_sec": lambda value: _whole(value, LONGEST_TTL),
    "max_backtest_drawdown": _guard,
    "backtest_drawdown_runs": lambda value: _whole(value, MOST),
}
