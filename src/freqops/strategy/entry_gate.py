"""The entry gate: a strategy that has it enters nothing while its bot is held, whatever happened to the bot's API.

A hold is enforced from outside, by a pause and a lock, and both need the API. The gate needs nothing but the holds on
the disk, which it reads again each time that Freqtrade asks the strategy about an entry.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from freqops.core.halt import holds

HOME = Path("/freqops")  # in the containers of freqops, and nowhere else
HOLDS = "conf/holds.json"
NO_TRADING = ("backtest", "hyperopt")
logger = logging.getLogger(__name__)

Answer = Callable[..., Any]


class EntryGate:
    """Goes before ``IStrategy`` in the bases of a strategy: ``class Mine(EntryGate, IStrategy)``.

    While the bot is held, at whatever level, or its holds cannot be read:

    - an entry, also a forced one, is denied;
    - a position is not increased; decreases are the strategy's own;
    - an entry order that rests is not replaced, and cancelled in the next round.

    Exits are never touched, and without a hold every answer is the strategy's own. It is the access to a method that
    is guarded, so it makes no difference where the method is defined, or whether it calls ``super()``.
    """

    _entry_gate_said = ""

    def __getattribute__(self, name: str) -> Any:
        """Return the attribute; what Freqtrade asks about entries comes behind the gate."""
        found = super().__getattribute__(name)
        guard = GUARDS.get(name)
        return found if guard is None else guard(self, found)

    def entries_held(self) -> bool:
        """Return whether nothing may be entered now, and log where that, or its reason, changed.

        It never raises: Freqtrade takes a strategy that raises for one that agrees.
        """
        config = getattr(self, "config", None)
        if isinstance(config, dict) and config.get("runmode") in NO_TRADING:
            return False
        why = why_held(HOME)
        if why is None:
            self._say(logging.WARNING, f"there is no {HOME} here, so no hold is looked for and entries are not gated")
        elif why:
            self._say(logging.WARNING, f"no entries: {why}")
        elif self._entry_gate_said:
            self._say(logging.INFO, "nothing holds the bot any more, entries are its strategy's own again")
            self._entry_gate_said = ""
        return bool(why)

    def _say(self, level: int, text: str) -> None:
        if text != self._entry_gate_said:
            logger.log(level, "entry gate: %s", text)
            self._entry_gate_said = text


def why_held(home: Path) -> str | None:
    """Return the reason why nothing may be entered, empty where there is none, None outside of freqops' containers."""
    try:
        current = holds.load(home / HOLDS)
    except Exception as error:  # noqa: BLE001  whatever it is: it is not known that entries are allowed
        if _is_missing(home):
            return None
        return f"its holds cannot be read ({error}); this counts as level {holds.HARD}"
    held = "; ".join(f"{hold.reason} ({hold.incident})" for hold in current.holds)
    return f"held at level {current.level}: {held}" if current.level >= holds.ENTRIES else ""


def _is_missing(path: Path) -> bool:
    """Return whether it is certain that there is nothing at ``path``; a disk that fails is no certainty."""
    try:
        path.lstat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _entry(gate: EntryGate, own: Answer) -> Answer:
    """Guard ``confirm_trade_entry``, which Freqtrade asks right before it sends the order."""

    @wraps(own)
    def asked(*args: Any, **kwargs: Any) -> Any:
        try:
            answer = own(*args, **kwargs)
        except Exception:  # Freqtrade enters when a strategy raises here
            if gate.entries_held():
                return False
            raise
        return False if answer and gate.entries_held() else answer

    return asked


def _increase(gate: EntryGate, own: Answer) -> Answer:
    """Guard ``adjust_trade_position``: a stake, or a stake with a tag; negative ones are exits."""

    @wraps(own)
    def asked(*args: Any, **kwargs: Any) -> Any:
        answer = own(*args, **kwargs)
        stake = answer[0] if isinstance(answer, tuple) and answer else answer
        return None if stake is not None and not _adds_nothing(stake) and gate.entries_held() else answer

    return asked


def _adds_nothing(stake: Any) -> bool:
    try:
        return bool(stake <= 0)
    except TypeError:
        return False


def _replacement(gate: EntryGate, own: Answer) -> Answer:
    """Guard ``adjust_order_price`` and ``adjust_entry_price``: the order is kept as it is.

    None would have Freqtrade cancel it, and, where the exchange does not cancel at once, forget the trade.
    """

    @wraps(own)
    def asked(*args: Any, **kwargs: Any) -> Any:
        price = own(*args, **kwargs)
        kept = kwargs.get("current_order_rate", price)
        if not price or price == kept or not kwargs.get("is_entry", True):
            return price
        return kept if gate.entries_held() else price

    return asked


def _resting(gate: EntryGate, own: Answer) -> Answer:
    """Guard ``check_entry_timeout``, asked about each resting entry in each round: held, its time is over."""

    @wraps(own)
    def asked(*args: Any, **kwargs: Any) -> Any:
        return True if gate.entries_held() else own(*args, **kwargs)

    return asked


GUARDS: dict[str, Callable[[EntryGate, Answer], Answer]] = {
    "confirm_trade_entry": _entry,
    "adjust_trade_position": _increase,
    "adjust_order_price": _replacement,
    "adjust_entry_price": _replacement,
    "check_entry_timeout": _resting,
}
