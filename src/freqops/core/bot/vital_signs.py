"""The vital signs of a bot: trader state, heartbeat, candles and whitelist, each judged by its own threshold.

Every line says what is wrong, its figure, its threshold, and the cure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from ..base import kinds
from ..base.clock import FUTURE_SECONDS, iso

STATES = ("stopped", "paused", "running")  # from the one that does least
LOOPS = ("paused", "running")
HEARTBEAT_SECONDS = 180.0
HEARTBEAT_LOOPS = 4
LOOP_SECONDS = 5.0  # Freqtrade's own, where the configuration says nothing
BOOT_SECONDS = 180.0
CANDLE_TIMEFRAMES = 2
CANDLE_SECONDS = 60.0
PAIRS_ASKED = 3
EMPTY_WHITELIST_SECONDS = 600.0
LOCKS_SHOWN = 3
RESTART = "killswitch.yml -e level=3 and resume.yml start it again"


def trader_state(state: str, declared: str, rest: str | None, open_trades: int) -> list[str]:
    """Return the faults of a trader state: it does less than was ordered, or more than its hold allows.

    Args:
        state: The state that the bot says.
        declared: The state that it was declared to start in.
        rest: The state that its hold keeps it in; None where nothing holds it.
        open_trades: The number of its open trades.
    """
    if state not in STATES:
        return []
    wanted = declared if rest is None else rest
    if STATES.index(state) < STATES.index(wanted):
        why = f"declared {wanted}" if rest is None else f"its hold keeps it {wanted}"
        left = "nobody manages them" if state == "stopped" else "it enters nothing"
        said = f"its trader is {state} with {open_trades} open trades, and nothing ordered that ({why}): {left}"
        return [f"{said}. Its log says why; where that is repaired, {RESTART}"]
    if rest is not None and state == "running":
        said = f"it is held at level 1, and its trader runs with {open_trades} open trades"
        return [f"{said}: freqops-guard pauses it within seconds, and killswitch.yml -e level=1 proves it"]
    return []


def trader_note(state: str, declared: str, rest: str | None) -> list[str]:
    """Return a note on a trader that does more than it was declared to start with."""
    more = rest is None and state in STATES and STATES.index(state) > STATES.index(declared)
    return [f"its trader is {state}; it was declared to start {declared}"] if more else []


def heartbeat(state: str, heartbeat_s: float | None, loop_s: float, up_s: float) -> list[str]:
    """Return the faults of the age of the last loop; a trader that is stopped has none.

    Args:
        state: The trader state.
        heartbeat_s: The age of the last loop, None where there was none since the start.
        loop_s: The length of a loop, as configured.
        up_s: The age of the process.
    """
    if state not in LOOPS:
        return []
    limit = max(HEARTBEAT_SECONDS, HEARTBEAT_LOOPS * loop_s)
    red = f"red above {limit:.0f} s; its log says where it hangs, and {RESTART}"
    if heartbeat_s is None:
        return [f"its loop has not come round since its start {up_s:.0f} s ago ({red})"] if up_s > limit else []
    if heartbeat_s < -FUTURE_SECONDS:
        said = f"its last loop is {-heartbeat_s:.0f} s in the future (red above {FUTURE_SECONDS:.0f} s)"
        return [f"{said}: the clock of the host was set back; look at 'timedatectl'"]
    return [f"its loop has not come round for {heartbeat_s:.0f} s ({red})"] if heartbeat_s > limit else []


def candles(newest: Mapping[str, float | None], traded: Iterable[str], timeframe_s: float, up_s: float) -> list[str]:
    """Return the faults of the age of the candles on which a bot decides although its loop turns.

    A pair without deals may have none for long. So a pair is named where the bot has a trade in it, or where
    all that were asked are old.

    Args:
        newest: By pair, the seconds since its newest candle began; None where there is none.
        traded: The pairs in which it has open trades.
        timeframe_s: The length of a candle.
        up_s: The age of the process, which is that of candles that it never had.
    """
    limit = CANDLE_TIMEFRAMES * timeframe_s + CANDLE_SECONDS
    old = [pair for pair, age in newest.items() if (up_s if age is None else age) > limit]
    named = old if len(old) == len(newest) else [pair for pair in old if pair in set(traded)]
    red = f"red above {limit:.0f} s, {CANDLE_TIMEFRAMES} timeframes and {CANDLE_SECONDS:.0f} s"
    why = f"although its loop turns ({red}): its exchange gives it no newer one; its log says why"
    return [f"{_newest(pair, newest[pair], up_s)} {why}" for pair in named]


def _newest(pair: str, age: float | None, up_s: float) -> str:
    if age is None:
        return f"it has no candle of {pair} {up_s:.0f} s after its start"
    return f"its newest candle of {pair} began {age:.0f} s ago"


def whitelist(pairs: int, up_s: float) -> list[str]:
    """Return the faults of the number of pairs in which a bot may trade."""
    if pairs or up_s <= EMPTY_WHITELIST_SECONDS:
        return []
    red = f"red above {EMPTY_WHITELIST_SECONDS:.0f} s; Freqtrade does not tell since when it is empty"
    said = f"its whitelist is empty, {up_s:.0f} s after its start ({red})"
    return [f"{said}: it enters nothing. Look at its pairlists, and at what its log says of them"]


def locks(others: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a line about the pair locks that are not ours: its protections set them, its strategy, or a person."""
    said = [f"{lock['pair']} until {_until(lock)} ({lock['reason'] or 'no reason'})" for lock in others]
    if not said:
        return []
    more = f", and {len(said) - LOCKS_SHOWN} more" if len(said) > LOCKS_SHOWN else ""
    return [f"{len(said)} pair locks of others keep it from entering: {', '.join(said[:LOCKS_SHOWN])}{more}"]


def _until(lock: Mapping[str, Any]) -> str:
    try:
        return iso(datetime.fromtimestamp(lock["lock_end_timestamp"] / 1000, timezone.utc))
    except (ValueError, OverflowError, OSError):
        return "beyond all years"


def loop_seconds(config: object) -> float:
    """Return the length of a loop that a configuration asks for."""
    internals = config.get("internals") if isinstance(config, dict) else None
    seconds = internals.get("process_throttle_secs") if isinstance(internals, dict) else None
    return float(seconds) if isinstance(seconds, (int, float)) and kinds.number(seconds) else LOOP_SECONDS
