"""The entry gate: a strategy that has it enters nothing while its bot is held, and nothing beyond its bot's limits.

A hold is enforced from outside, by a pause and a lock, and both need the API. The gate needs nothing but the holds and
the limits on the disk, which it reads again each time that Freqtrade asks the strategy about an entry.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from freqops.core.halt import holds

from . import within_limits
from .within_limits import MORE, NEW, REPLACED, Entry

HOME = Path("/freqops")  # in the containers of freqops, and nowhere else
HOLDS = "conf/holds.json"
NO_TRADING = ("backtest", "hyperopt", "util_no_exchange")  # the last one in Freqtrade's analyses
logger = logging.getLogger(__name__)

Answer = Callable[..., Any]


class EntryGate:
    """Goes before ``IStrategy`` in the bases of a strategy: ``class Mine(EntryGate, IStrategy)``.

    While the bot is held, at whatever level, or its holds cannot be read:

    - an entry, also a forced one, is denied;
    - a position is not increased; decreases are the strategy's own;
    - an entry order that rests is not replaced, and cancelled in the next round.

    Where an entry would be beyond the limits of the bot, or they cannot be read, it is denied, and so is an increase;
    an order that rests is not replaced, and stays.

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
        if self._only_simulates():
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

    def entry_denied(self, entry: Entry) -> bool:
        """Return whether an entry may not be, because the bot is held or for its limits; it never raises, as above."""
        if self.entries_held():
            return True
        if self._only_simulates() or _is_missing(HOME):
            return False
        found = within_limits.objections(HOME, getattr(self, "wallets", None), entry)
        self._say_objections(entry, found)
        return bool(found)

    def _only_simulates(self) -> bool:
        config = getattr(self, "config", None)
        return isinstance(config, dict) and config.get("runmode") in NO_TRADING

    def _say_objections(self, entry: Entry, found: list[within_limits.Objection]) -> None:
        """Log each objection where its reason changed, and that there are none any more; not each time."""
        said: dict[str, str] = self.__dict__.setdefault("_entry_gate_objections", {})
        now = {each.about: each for each in found}
        over = [said.pop(about) for about in within_limits.topics(entry) if about in said and about not in now]
        for about, each in now.items():
            if said.get(about) != each.reason:
                logger.warning("entry gate: no entry in %s: %s", entry.market, each.text)
                said[about] = each.reason
        if over and not found:
            logger.info("entry gate: an entry in %s is within the limits again", entry.market)

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
        entry = Entry(NEW, str(kwargs.get("pair")), _product(kwargs.get("amount"), kwargs.get("rate")))
        try:
            answer = own(*args, **kwargs)
        except Exception:  # Freqtrade enters when a strategy raises here
            if gate.entry_denied(entry):
                return False
            raise
        return False if answer and gate.entry_denied(entry) else answer

    return asked


def _increase(gate: EntryGate, own: Answer) -> Answer:
    """Guard ``adjust_trade_position``: a stake, or a stake with a tag; negative ones are exits."""

    @wraps(own)
    def asked(*args: Any, **kwargs: Any) -> Any:
        answer = own(*args, **kwargs)
        stake = answer[0] if isinstance(answer, tuple) and answer else answer
        if stake is None or _adds_nothing(stake):
            return answer
        return None if gate.entry_denied(_of_trade(MORE, kwargs, _at_least(stake, kwargs.get("min_stake")))) else answer

    return asked


def _product(amount: Any, rate: Any) -> float:
    return within_limits.number(amount) * within_limits.number(rate)


def _of_trade(what: str, asked: dict[str, Any], stake: float = 0.0) -> Entry:
    """Return an entry into the open trade about which a strategy is asked."""
    trade = asked.get("trade")
    return Entry(what, str(getattr(trade, "pair", None)), stake, getattr(trade, "id", None))


def _at_least(stake: Any, least: Any) -> float:
    """Return the stake of an increase: Freqtrade raises one that is too small to the least that its exchange takes."""
    wanted = within_limits.number(stake)
    return wanted if least is None else max(wanted, within_limits.number(least))


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
        return kept if gate.entry_denied(_of_trade(REPLACED, kwargs)) else price

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
