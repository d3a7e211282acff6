"""The questions of the witness's contract: asked through a conversation, and read as typed facts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError
from freqops.core.base.kinds import Malformed
from freqops.core.exchange import answers, contract_reading
from freqops.core.exchange.account import Market
from freqops.core.exchange.answers import About, Balance, Fill, Order
from freqops.core.exchange.contract import Finding

from .sales_journal import PREFIX
from .witness import KeyRefused, Witness

QUESTION_SECONDS = 20.0
UNANSWERED = "unanswered"


@dataclass(frozen=True)
class Lists:
    """The open orders of the account, asked without a pair, and with one."""

    everywhere: list[Order]
    of_pair: list[Order]


class Asking:
    """Questions to one exchange, each with its own time; all raise `Unanswered`, or `Malformed`."""

    def __init__(self, talk: Witness, clock: Clock, until: float) -> None:
        self._talk, self._clock, self._until = talk, clock, until

    @property
    def deadline(self) -> float:
        """When a question that is asked now is given up."""
        return min(self._until, self._clock.monotonic() + QUESTION_SECONDS)

    @property
    def is_over(self) -> bool:
        """Whether there is no time left."""
        return self._clock.monotonic() >= self._until

    @property
    def talk(self) -> Witness:
        """The conversation."""
        return self._talk

    def ask(self, what: str, **with_: Any) -> Any:
        """Ask until there is an answer, and return it as it came."""
        return self._talk.ask(what, self.deadline, **with_)

    def about(self, pairs: Sequence[str]) -> About:
        """Return what asks."""
        return answers.about(self.ask("about", pairs=list(pairs)))

    def markets(self, pairs: Sequence[str]) -> dict[str, Market]:
        """Return the markets of pairs."""
        return answers.markets(self.ask("markets", pairs=list(pairs), coins=[]))

    def market(self, pair: str) -> Market:
        """Return the market of one pair."""
        found = self.markets([pair]).get(pair)
        if found is None:
            raise Malformed(f"{pair} is not among the markets")
        return found

    def totals(self) -> dict[str, Balance]:
        """Return all coins of the account."""
        return answers.balances(self.ask("totals"))

    def halves(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Return the balances as every proof has them."""
        return answers.halves(self.ask("balances"))

    def open_orders(self, pairs: Sequence[str]) -> list[Order]:
        """Return the open orders as every proof has them."""
        return answers.orders(self.ask("open_orders", pairs=list(pairs)))

    def open_orders_of(self, pair: str) -> list[Order]:
        """Return the open orders of one pair."""
        return answers.orders(self.ask("open_orders_of", pair=pair))

    def lists(self, pair: str) -> Lists:
        """Return the open orders, asked both ways."""
        return Lists(self.open_orders([pair]), self.open_orders_of(pair))

    def fills(self, pair: str, since: int, size: int | None = None) -> list[Fill]:
        """Return the fills of a pair, in pages of a size."""
        more = {} if size is None else {"size": size}
        return answers.fills(self.ask("fills", pair=pair, since=since, **more))

    def order(self, pair: str, client_id: str) -> Order | None:
        """Return the order of a name."""
        return answers.order_or_none(self.ask("order", pair=pair, client_id=client_id))

    def time(self) -> Finding:
        """Judge the clock of the exchange."""
        before = self._now_ms()
        server = answers.exchange_time(self._talk.once("time", self.deadline))
        return contract_reading.time(before, server, self._now_ms())

    def no_order(self, pair: str) -> Finding:
        """Judge the answer to the question for an order that nobody placed."""
        client_id = PREFIX + secrets.token_hex(8)
        return contract_reading.no_order(client_id, self.order(pair, client_id))

    def wrong_key(self) -> Finding:
        """Judge the answer to a wrong key; asked once, for an exchange shuts out who asks so again and again."""
        try:
            self._talk.once("wrong_key", self.deadline)
        except KeyRefused as error:
            return contract_reading.wrong_key("unauthorized", str(error))
        except FreqopsError as error:
            return contract_reading.wrong_key(UNANSWERED, str(error))
        return contract_reading.wrong_key("answered", "")

    def _now_ms(self) -> int:
        return int(self._clock.utcnow().timestamp() * 1000)
