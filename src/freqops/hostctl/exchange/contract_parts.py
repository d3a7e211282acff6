"""The two parts of the witness's contract: what is asked and done, claim by claim, and judged by core."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Callable

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.exchange import contract, contract_order, contract_reading
from freqops.core.exchange.answers import About, Fill, Order
from freqops.core.exchange.contract import Finding
from freqops.core.exchange.contract_order import Placed, Wanted

from .contract_acts import Acts
from .contract_asking import Asking
from .witness import KeyRefused

PAUSE = 1.0
LOOKS = 5  # an exchange may show a moment later what it did, and a bot that runs may act between two questions
DAY_MS = 86_400_000
READ_MS, MARGIN_MS = 30 * DAY_MS, 60_000

KEY_REFUSED = "not asked, for the exchange refuses the key"

Look = Callable[[], Finding]


class Findings:
    """The judgements so far, and the looks that lead to them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key_refused = False
        self.all: list[Finding] = []

    def add(self, finding: Finding) -> None:
        """Add a judgement for which nothing is to be looked at."""
        self.all.append(finding)

    def show(self, claim: str, look: Look, looks: int = LOOKS) -> bool:
        """Look until the claim is shown, as often as that makes sense, and return whether it is.

        A question that was not answered was asked again and again already. Where the key is refused nothing more is
        asked with it, for an exchange shuts out who does.

        Args:
            claim: The name of the claim.
            look: Asks and judges.
            looks: How often to look.
        """
        try:
            found = contract.not_proven(claim, KEY_REFUSED) if self._key_refused else look()
            while not found.is_proven and looks > 1 and not self._key_refused:
                self._clock.sleep(PAUSE)
                looks -= 1
                found = look()
        except FreqopsError as error:
            self._key_refused = isinstance(error, KeyRefused)
            found = contract.not_proven(claim, str(error))
        self.add(found)
        return found.is_proven

    @property
    def are_proven(self) -> bool:
        """Whether all of them are."""
        return all(finding.is_proven for finding in self.all)


class Reading:
    """The reading part: nothing is bought, sold or cancelled.

    Attributes:
        about: What asked; None where that was not answered.
    """

    def __init__(self, asking: Asking, stake: str, pairs: list[str], now_ms: int) -> None:
        self._asking, self._stake, self._pairs = asking, stake, pairs
        self._since = now_ms - READ_MS
        self.about: About | None = None

    def run(self, findings: Findings) -> None:
        """Show every claim, also after one that was not shown."""
        findings.show("markets", self._markets, 1)
        findings.show("balances", lambda: contract_reading.balances(
            self._stake, self._asking.totals(), self._asking.halves()))  # fmt: skip
        findings.show("open_orders", self._open_orders)
        findings.show("fills", self._fills)
        findings.show("time", self._asking.time)
        findings.show("no_order", lambda: self._asking.no_order(self._pairs[0]), 1)
        findings.show("wrong_key", self._asking.wrong_key, 1)
        findings.show("repeated", lambda: contract_reading.repeated(self._account(), self._account()))

    def _markets(self) -> Finding:
        self.about = self._asking.about(self._pairs)
        return contract_reading.markets(self.about, self._pairs, self._asking.markets(self._pairs))

    def _open_orders(self) -> Finding:
        everywhere = self._asking.open_orders(self._pairs)
        by_pair = {pair: self._asking.open_orders_of(pair) for pair in self._pairs}
        return contract_reading.open_orders(self._pairs, everywhere, by_pair)

    def _fills(self) -> Finding:
        large = {pair: self._asking.fills(pair, self._since) for pair in self._pairs}
        small = {pair: self._asking.fills(pair, self._since, contract_reading.page_size(found))
                 for pair, found in large.items()}  # fmt: skip
        return contract_reading.fills(large, small, self._since)

    def _account(self) -> contract_reading.Account:
        fills = {pair: self._asking.fills(pair, self._since) for pair in self._pairs}
        return self._asking.totals(), self._asking.open_orders(self._pairs), fills


class Ordering:
    """The order part: a smallest buy that rests and is cancelled, then one at the market that is sold again.

    It ends with the first claim that is not shown; what it left is then for others to take away.
    """

    def __init__(self, asking: Asking, acts: Acts, stake: str, pair: str, most: Decimal) -> None:
        self._asking, self._acts = asking, acts
        self._stake, self._pair, self._most = stake, pair, most
        self._coin = pair.partition("/")[0]
        self._low: Placed | None = None
        self._bought: Placed | None = None
        self._sold: Placed | None = None

    def prepare(self, now_ms: int) -> None:
        """Find out what the smallest orders are, and what the account has.

        Raises:
            Refused: One would cost more than is allowed, or than is there; or the account is not at rest.
            NotProven: What it has, or what the orders would cost, is not known.
        """
        try:
            market, self._before = self._asking.market(self._pair), self._asking.totals()
            lists = self._asking.lists(self._pair)
        except FreqopsError as error:
            raise NotProven(f"nothing was ordered: {error}") from None
        resting = {order.id: order for order in [*lists.everywhere, *lists.of_pair]}
        if resting:
            said = ", ".join(f"{order.id} {order.side} {order.pair}" for order in resting.values())
            raise Refused(f"orders rest on the account ({said}): they may be filled meanwhile; take them away first")
        free = self._before.get(self._stake, contract_order.NOTHING).free
        self._far, _ = contract_order.plan(self._pair, market, self._most, free)
        self._had = self._before.get(self._coin, contract_order.NOTHING).total
        self._since = now_ms - MARGIN_MS

    def run(self, findings: Findings) -> None:
        """Show one claim after the other, until one is not shown; each order is sent once.

        Raises:
            OSError: The disk does not take an order that is about to be sent.
        """
        for step in (self._rest, self._take_back, self._buy, self._sell, self._look_back):
            if not step(findings):
                return

    def _rest(self, findings: Findings) -> bool:
        low = self._low = self._placed("found", self._far, findings)
        if low is None:
            return False
        return (
            findings.show("found", lambda: contract_order.rests(self._found(low)))
            and findings.show("listed", lambda: self._listed(contract_order.listed, low))
            and findings.show("set_aside", lambda: contract_order.set_aside(
                self._found(low), self._stake, self._before, self._asking.totals()))
        )  # fmt: skip

    def _take_back(self, findings: Findings) -> bool:
        low = self._low
        assert low is not None  # noqa: S101  the step before
        try:
            self._acts.cancel(self._pair, low.id)
        except FreqopsError as error:
            findings.add(contract.not_proven("cancelled", f"order {low.id}: {error}"))
            return False
        return (
            findings.show("cancelled", lambda: self._listed(contract_order.cancelled, low))
            and findings.show("given_back", lambda: contract_order.given_back(
                self._stake, self._before, self._asking.totals()))
        )  # fmt: skip

    def _buy(self, findings: Findings) -> bool:
        try:
            market = self._asking.market(self._pair)
            wanted = contract_order.at_the_market(self._pair, market, self._most)
        except FreqopsError as error:  # also a price that rose: nothing is bought for more than is allowed
            findings.add(contract.not_proven("bought", str(error)))
            return False
        placed = self._bought = self._placed("bought", wanted, findings)
        if placed is None:
            return False
        return (
            findings.show("bought", lambda: contract_order.executed("bought", self._found(placed), self._fills()))
            and findings.show("received", lambda: contract_order.received(
                placed, self._fills(), self._stake, self._before, self._asking.totals()))
        )  # fmt: skip

    def _sell(self, findings: Findings) -> bool:
        try:
            market, balance = self._asking.market(self._pair), self._asking.totals().get(self._coin)
        except FreqopsError as error:
            findings.add(contract.not_proven("sold", str(error)))
            return False
        came = (contract_order.NOTHING if balance is None else balance).total - self._had
        wanted = Wanted(self._pair, "sell", market.whole_steps(came))
        if market.is_dust(wanted.amount):
            findings.add(contract.not_proven("sold", f"{came} {self._coin} are too little to be sold"))
            return False
        placed = self._sold = self._placed("sold", wanted, findings)
        if placed is None:
            return False
        return (
            findings.show("sold", lambda: contract_order.executed("sold", self._found(placed), self._fills()))
            and findings.show("dust", lambda: contract_order.dust(
                self._asking.market(self._pair), self._coin, self._before, self._asking.totals()))
        )  # fmt: skip

    def _look_back(self, findings: Findings) -> bool:
        return findings.show("paged", self._paged) and findings.show("as_before", self._as_before)

    def _placed(self, claim: str, wanted: Wanted, findings: Findings) -> Placed | None:
        """Send an order; where it is not certain that it was taken, the claim is not shown."""
        try:
            return self._acts.place(wanted, self._had)
        except FreqopsError as error:
            findings.add(contract.not_proven(claim, f"{wanted.side} {wanted.amount:f} {wanted.pair}: {error}"))
            return None

    def _found(self, placed: Placed) -> Placed:
        return replace(placed, found=self._asking.order(self._pair, placed.client_id))

    def _listed(self, judge: Callable[[Placed, list[Order], list[Order]], Finding], placed: Placed) -> Finding:
        lists = self._asking.lists(self._pair)
        return judge(self._found(placed), lists.everywhere, lists.of_pair)

    def _fills(self) -> list[Fill]:
        return self._asking.fills(self._pair, self._since)

    def _own_fills(self) -> list[Fill]:
        own = {placed.id for placed in (self._bought, self._sold) if placed is not None}
        return [fill for fill in self._fills() if fill.order in own]

    def _paged(self) -> Finding:
        large = self._fills()
        small = self._asking.fills(self._pair, self._since, contract_reading.page_size(large))
        return contract_order.paged(large, small, [each for each in (self._bought, self._sold) if each is not None])

    def _as_before(self) -> Finding:
        return contract_order.as_before(
            self._stake, self._pair, self._before, self._asking.totals(), self._own_fills(),
            self._asking.lists(self._pair).everywhere,
        )  # fmt: skip
