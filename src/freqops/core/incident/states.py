"""A bot before a command and after it, from the snapshots of its journal: state, trades, holds, balances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..base.markdown import visible
from .journal_file import Entry

SHORT = 80
UNKNOWN = "not known"
AMOUNTS = ("total", "free", "used")


def changes(entries: Sequence[Entry], row: Mapping[str, Any]) -> Iterator[str]:
    """Yield a few lines, before → after; without snapshots, what the row of the answer says.

    Args:
        entries: The lines of a journal.
        row: The bot's row in the answer of the command.
    """
    snapshots = [entry for entry in entries if entry.kind == "snapshot"]
    first = next((entry for entry in snapshots if entry.what == "before"), None)
    last = next((entry for entry in reversed(snapshots) if entry.what == "after"), None)
    for what, entry in (("before", first), ("after", last)):
        if snapshots and entry is None:
            yield f"no snapshot {what} it is in the journal"
        elif entry is not None and entry.error is not None:
            yield f"the snapshot {what} it failed: {visible(entry.error)}"
    before = _answer(first, {"state": row.get("found")})
    after = _answer(last, {"state": row.get("state"), "trades": row.get("positions")})
    if snapshots or any(value is not None for value in (*before.values(), *after.values())):
        yield from _lines(before, after)


def _answer(entry: Entry | None, otherwise: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a snapshot; where it says nothing, that of the command's answer at that time."""
    if entry is None or not isinstance(entry.answer, dict):
        return otherwise
    return entry.answer


def _lines(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    yield f"state     {_change(_word(before.get('state')), _word(after.get('state')))}"
    yield from _trades(_by_id(before.get("trades")), _by_id(after.get("trades")))
    yield f"holds     {_change(_holds(before.get('holds')), _holds(after.get('holds')))}"
    yield from _exchange(before.get("exchange"), after.get("exchange"))


def _change(before: str, after: str) -> str:
    return f"{before}, unchanged" if before == after != UNKNOWN else f"{before} → {after}"


def _word(value: Any) -> str:
    return UNKNOWN if value is None else visible(value, SHORT)


def _by_id(trades: Any) -> dict[str, str] | None:
    """Return open trades by their number, None where they are not known."""
    if not isinstance(trades, list):
        return None
    known = [trade if isinstance(trade, dict) else {"pair": trade} for trade in trades]
    named = [(_word(trade.get("trade_id")), _trade(trade)) for trade in known]
    twice = len({name for name, _ in named}) != len(named)
    return {f"{name} ({position})" if twice else name: text for position, (name, text) in enumerate(named, 1)}


def _trade(trade: Mapping[str, Any]) -> str:
    stake = trade.get("stake", trade.get("stake_amount"))
    listed = trade.get("orders")
    orders = listed if isinstance(listed, list) else []
    resting = [order for order in orders if isinstance(order, dict) and order.get("is_open")]
    parts = [f"{_word(trade.get('pair'))} {_word(trade.get('amount'))}", f"stake {_word(stake)}"]
    parts += [_word(trade["protection"])] if trade.get("protection") is not None else []
    parts += [f"open orders: {len(resting)}"] if resting else []
    return ", ".join(parts)


def _trades(before: Mapping[str, str] | None, after: Mapping[str, str] | None) -> Iterator[str]:
    counts = [UNKNOWN if trades is None else f"{len(trades)} open" for trades in (before, after)]
    yield f"trades    {_change(*counts)}"
    for number in dict.fromkeys([*(before or {}), *(after or {})]):
        was, now = (before or {}).get(number), (after or {}).get(number)
        if before is None or after is None:
            yield f"  trade {number}: {was or now}"
        elif was is None:
            yield f"  trade {number}: new: {now}"
        elif now is None:
            yield f"  trade {number}: {was} → no longer open"
        else:
            yield f"  trade {number}: {_change(was, now)}"


def _holds(document: Any) -> str:
    if isinstance(document, dict) and "unreadable" in document:
        return f"UNREADABLE, which counts as level 3: {_word(document['unreadable'])}"
    listed = document.get("holds") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        return UNKNOWN if listed is None else visible(listed, SHORT)
    return ", ".join(_hold(hold) for hold in listed) or "none"


def _hold(hold: Any) -> str:
    if not isinstance(hold, dict):
        return visible(hold, SHORT)
    return f"{_word(hold.get('holder'))} {_word(hold.get('level'))} ({_word(hold.get('incident'))})"


def _exchange(before: Any, after: Any) -> Iterator[str]:
    was, now = _balances(before), _balances(after)
    for name in dict.fromkeys([*was, *now]):
        said = _change(was.get(name, UNKNOWN), now.get(name, UNKNOWN))
        if before is None:
            said = f"{now[name]} (asked only after it)"
        elif after is None:
            said = f"{was[name]} (asked only before it)"
        yield f"exchange  {visible(name, SHORT)}: {said}"


def _balances(said: Any) -> dict[str, str]:
    """Return the answer of an exchange, a text for each currency; anything else stands under its own name."""
    if not isinstance(said, dict):
        return {} if said is None else {"said": visible(said)}
    flat: dict[str, str] = {}
    for name, value in said.items():
        if name == "balances" and isinstance(value, dict):
            flat.update({coin: _balance(amount) for coin, amount in value.items()})
        elif name == "holdings" and isinstance(value, list):
            flat.update(_holding(holding) for holding in value)
        else:
            flat[name] = _balance(value)
    return flat


def _balance(value: Any) -> str:
    if isinstance(value, dict) and value and set(value) <= set(AMOUNTS):
        return ", ".join(f"{key} {_word(value[key])}" for key in AMOUNTS if key in value)
    if isinstance(value, list):
        return f"{len(value)}: {visible(value)}" if value else "none"
    return _word(value)


def _holding(holding: Any) -> tuple[str, str]:
    if not isinstance(holding, dict) or "coin" not in holding:
        return "a holding", visible(holding, SHORT)
    kind = f" ({_word(holding['kind'])})" if holding.get("kind") is not None else ""
    return str(holding["coin"]), f"{_word(holding.get('total'))}{kind}"
