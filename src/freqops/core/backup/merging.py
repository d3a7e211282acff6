"""How the state in a snapshot is merged into that of a host: upward only, so that nothing is held less than before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..base.kinds import Malformed
from ..bot.limits import Limits
from ..breaker.breaker_file import Breaker
from ..halt.holds import Hold, Holds
from ..runs.slot_file import Declared

STOPPED = "stopped"


def united(present: Holds, then: Holds) -> Holds:
    """Return the holds of both; of one holder the higher level stays, and the present hold where both are as high.

    A hold that comes back keeps the moment at which it was set: what its bot traded is compared from there on.
    """
    for hold in then.holds:
        present = _with(present, hold)
    return present


def _with(present: Holds, hold: Hold) -> Holds:
    mine = present.of(hold.holder)
    if mine is not None and mine.level >= hold.level:
        return present.resting(hold.holder, STOPPED) if hold.rest == STOPPED else present
    rest = STOPPED if mine is not None and mine.rest == STOPPED else hold.rest
    others = present.of_others(hold.holder)
    return Holds(present.seq + 1, (*others.holds, replace(hold, seq=present.seq + 1, rest=rest)))


def gained(present: Holds, merged: Holds) -> list[str]:
    """Return the holds that `united` adds, a line each."""
    said = []
    for hold in merged.holds:
        mine = present.of(hold.holder)
        if mine is None or mine.level < hold.level:
            before = "none" if mine is None else f"level {mine.level}"
            said.append(f"hold of {hold.holder}: {before} becomes level {hold.level} ({hold.incident})")
        elif mine.rest != hold.rest:
            said.append(f"hold of {hold.holder}: its trader rests {hold.rest}")
    return said


def stricter_limits(one: Limits, other: Limits) -> Limits:
    """Return the limits that keep to both."""
    return Limits(
        _least(one.max_concurrent_trades, other.max_concurrent_trades),
        _least(one.max_market_exposure, other.max_market_exposure),
    )


def _least(one: Any, other: Any) -> Any:
    return min((value for value in (one, other) if value is not None), default=None)


def stricter_slots(one: Declared, other: Declared) -> Declared:
    """Return the stricter of both; the longer time to live counts, since it lets a slot count longer."""
    kinds = sorted({*one.limits, *other.limits})
    return Declared({kind: _least(one.limits.get(kind), other.limits.get(kind)) for kind in kinds},
                    max(one.ttl, other.ttl))  # fmt: skip


def must_switch_on(present: Breaker, then: Breaker) -> bool:
    """Return whether the breaker of the snapshot is stricter than the present one: in force, or in force for longer.

    Raises:
        Malformed: It was not understood then, so it is not known until when it is in force.
    """
    if present.active and present.until is None:
        return False
    if not then.readable:
        raise Malformed(then.why)
    if not then.active:
        return False
    return not present.active or then.until is None or (present.until is not None and present.until < then.until)


def all_sales(present: Sequence[dict[str, Any]], then: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return every order that one of both knows; of an order that both know the present line stays."""
    known = {order.get("client_id") for order in present}
    return [*(order for order in then if order.get("client_id") not in known), *present]
