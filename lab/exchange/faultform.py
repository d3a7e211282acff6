"""A fault as it is sent to the control port, read and refused if it would never strike."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, cast, get_args

from lab.exchange.faults import EVERY, PLACING, Answer, Fault, FaultError
from lab.exchange.markets import MARKETS

MAX_LATENCY_MS = 600_000
MAX_RETRY_AFTER_S = 86_400
_SELECTORS = ("endpoint", "symbol", "account", "side")
_EFFECTS = ("latency_ms", "error", "answer", "partial")
_FIELDS = {*_SELECTORS, *_EFFECTS, "after", "times"}
_ERROR_FIELDS = {"status", "code", "msg", "retry_after"}


def parse(body: dict[str, Any], public: list[str], signed: list[str], accounts: list[str]) -> Fault:
    """Read a fault; `public` and `signed` are the endpoints that there are."""
    _only(body, _FIELDS, "a fault")
    selectors = {name: body.get(name) for name in _SELECTORS}
    if all(value is None for value in selectors.values()):
        raise FaultError(f'a fault needs at least one of {", ".join(_SELECTORS)}; the endpoint "*" is every one')
    endpoint = _one_of("endpoint", selectors["endpoint"] or EVERY, [EVERY, *public, *signed])
    fault = Fault(
        id=0,
        endpoint=endpoint,
        symbol=_maybe_one_of("symbol", selectors["symbol"], list(MARKETS)),
        account=_maybe_one_of("account", selectors["account"], accounts),
        side=_maybe_one_of("side", selectors["side"], ["BUY", "SELL"]),
        latency_ms=_whole(body, "latency_ms", 0, MAX_LATENCY_MS) or 0,
        **_error(body.get("error")),
        answer=cast("Answer | None", _maybe_one_of("answer", body.get("answer"), list(get_args(Answer)))),
        after=_truth(body, "after"),
        partial=_fraction(body.get("partial")),
        times=_whole(body, "times", 1, 1_000_000),
        hits=0,
    )
    _check(fault, public)
    return fault


def _check(fault: Fault, public: list[str]) -> None:
    """Refuse a fault that contradicts itself."""
    if not (fault.latency_ms or fault.spoils or fault.partial is not None):
        raise FaultError(f"a fault needs an effect: at least one of {', '.join(_EFFECTS)}")
    if fault.status is not None and fault.answer is not None:
        raise FaultError("a request ends with an error or with an answer, not with both")
    if fault.after and not fault.spoils:
        raise FaultError("after goes with error or answer: it says that the request is executed nevertheless")
    if fault.partial is not None and fault.spoils and not fault.after:
        raise FaultError("an order that is to be filled in part must be executed: error and answer need after")
    if fault.endpoint not in (EVERY, PLACING) and (fault.side is not None or fault.partial is not None):
        raise FaultError(f"side and partial are about orders being placed: {PLACING}, not {fault.endpoint}")
    if fault.endpoint in public and fault.account is not None:
        raise FaultError(f"{fault.endpoint} is asked without a key, so it never strikes an account")


def _error(error: object) -> dict[str, Any]:
    if error is None:
        return dict.fromkeys(_ERROR_FIELDS)
    if not isinstance(error, dict):
        raise FaultError("error must be an object with status, code, msg and retry_after")
    _only(error, _ERROR_FIELDS, "an error")
    code = _whole(error, "code", -99_999, 99_999)
    return {
        "status": _whole(error, "status", 400, 599) or 500,
        "code": -1000 if code is None else code,
        "msg": str(error.get("msg", "Injected fault.")),
        "retry_after": _whole(error, "retry_after", 0, MAX_RETRY_AFTER_S),
    }


def _only(body: dict[str, Any], known: set[str], what: str) -> None:
    unknown = sorted(set(body) - known)
    if unknown:
        raise FaultError(f"{what} has no {', '.join(unknown)}; there are {', '.join(sorted(known))}")


def _maybe_one_of(name: str, value: object, known: list[str]) -> str | None:
    return None if value is None else _one_of(name, value, known)


def _one_of(name: str, value: object, known: list[str]) -> str:
    if value not in known:
        raise FaultError(f"no such {name}: {value!r}; there are {', '.join(known) or 'none'}")
    return str(value)


def _fraction(value: object) -> str | None:
    if value is None:
        return None
    try:
        fraction = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        fraction = Decimal("NaN")
    # More digits would mean nothing, and a quantity times them would not be exact any more.
    if not fraction.is_finite() or not 0 <= fraction < 1 or fraction != round(fraction, 8):
        raise FaultError(f'partial must be a fraction like "0.4", from 0 to below 1, not {value!r}')
    return f"{fraction:f}"


def _truth(body: dict[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise FaultError(f"{name} must be true or false, not {value!r}")
    return value


def _whole(body: dict[str, Any], name: str, least: int, most: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise FaultError(f"{name} must be a whole number from {least} to {most}, not {value!r}")
    return value
