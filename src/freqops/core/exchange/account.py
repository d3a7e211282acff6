"""A bot's account as its exchange says it, held against what the bot has written down.

The rules for spot: a coin is the bot's where the bot ever traded it, less what was declared as not the bot's; what is
worth less than the pair's smallest order is dust; an order or a fill that stands in no record of ours was made by
somebody else, and then it is not known what is whose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

ENTRY_SIDE = "buy"
STOPLOSS_SIDE = "stoploss"
ZERO = Decimal(0)
UNEXITABLE = (
    "trade {id} {pair}: what it has bought, {what}, is less than the smallest order: Freqtrade can neither exit it nor "
    "cancel its entry. The way out, by hand: DELETE /api/v1/trades/{id} of the running bot drops the trade and what "
    "rests of it, and leaves the coins; then declare its orders ({orders}) in the bot's foreign_orders, by deploy"
)
DECLARE = "; what was done by hand and explains itself is declared in the bot's foreign_orders, by deploy"


@dataclass(frozen=True)
class Market:
    """A pair's smallest order and its last price, all in whole units of base and quote.

    Attributes:
        base: The coin that is traded.
        min_amount: Smallest amount of an order.
        min_cost: Smallest value of an order, in quote.
        step: Amounts are multiples of it; 0 where any amount will do.
        price: Last price, in quote.
    """

    base: str
    min_amount: Decimal
    min_cost: Decimal
    step: Decimal
    price: Decimal

    def is_dust(self, amount: Decimal) -> bool:
        """Return whether ``amount`` is too small to be sold."""
        amount = self.whole_steps(amount)
        return amount <= ZERO or amount < self.min_amount or amount * self.price < self.min_cost

    def whole_steps(self, amount: Decimal) -> Decimal:
        """Return the largest amount that an order may name, and that is no more than ``amount``."""
        return amount - amount % self.step if self.step else amount


@dataclass(frozen=True)
class View:
    """Everything that was asked about one account, at about one moment.

    Attributes:
        records: The bot's own: ``trades``, ``orders``, ``pairs``, ``since``, ``kept``; see `freqops.witness.records`.
        balances: By coin, free plus used.
        open_orders: All open orders of the account.
        fills: The account's fills in the pairs that matter, since ``records["since"]``.
        markets: By pair.
    """

    records: Mapping[str, Any]
    balances: Mapping[str, Decimal]
    open_orders: list[dict[str, Any]]
    fills: list[dict[str, Any]]
    markets: Mapping[str, Market]


@dataclass(frozen=True)
class Holding:
    """One coin of the account other than the stake.

    Attributes:
        coin: Its name.
        pair: The pair in which it is sold, None where there is none against the stake.
        total: Free plus used.
        foreign: The part of it that was declared as not the bot's.
        recorded: The amount by the bot's open trades.
        value: ``total`` less ``foreign``, in stake, None where there is no price.
        kind: ``position``, ``dust`` or ``foreign``.
    """

    coin: str
    pair: str | None
    total: Decimal
    foreign: Decimal
    recorded: Decimal
    value: Decimal | None
    kind: str

    @property
    def own(self) -> Decimal:
        """The rest without the declared part."""
        return max(ZERO, self.total - self.foreign)

    def to_json(self) -> dict[str, Any]:
        """Return the holding with its amounts as text."""
        return {name: str(value) if isinstance(value, Decimal) else value for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Judgement:
    """The conclusions from a view.

    Attributes:
        holdings: Every coin but the stake.
        entries: Open orders by which the bot would buy.
        others: Its other open orders: exits and stops.
        unknown: Orders and fills that stand in no record, a line each.
        on_account: The bot's orders and coins that are left on its account, a line each.
        in_records: The trades that its records have open, a line each.
        disagreements: The differences between the bot's records and the account, a line each.
        unexitable: Open trades that are too small to be sold, a line each with the way out.
    """

    holdings: list[Holding]
    entries: list[dict[str, Any]]
    others: list[dict[str, Any]]
    unknown: list[str]
    on_account: list[str] = field(default_factory=list)
    in_records: list[str] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)
    unexitable: list[str] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """The reasons why the bot is not flat, a line each."""
        return self.on_account + self.in_records

    @property
    def account_flat(self) -> bool:
        """Whether nothing of the bot's is left on its account, whatever its records say, nor anything unexplained."""
        return not self.on_account and not self.unknown

    @property
    def flat(self) -> bool:
        """Whether nothing of the bot's is left, and nothing there is unexplained."""
        return self.account_flat and not self.in_records

    @property
    def agrees(self) -> bool:
        """Whether the account is what the bot's records say it is."""
        return not self.disagreements and not self.unknown

    @property
    def remarks(self) -> list[str]:
        """Remarks that keep nothing from being flat: dust, and coins that are not the bot's."""
        return [_remark(holding) for holding in self.holdings if holding.kind != "position"]

    def to_json(self) -> dict[str, Any]:
        """Return the judgement as it stands in an incident."""
        return {**vars(self), "holdings": [holding.to_json() for holding in self.holdings]}


def pairs_of_interest(records: Mapping[str, Any], balances: Mapping[str, Decimal], stake: str) -> list[str]:
    """Return the pairs whose fills must be known: those traded since, and those of every coin that is there."""
    return sorted(
        {trade["pair"] for trade in records["trades"]}
        | {f"{coin}/{stake}" for coin, total in balances.items() if coin != stake and total > ZERO}
    )


def judge(
    view: View,
    stake: str,
    declared: Mapping[str, Decimal],
    ours: frozenset[str],
    foreign_orders: frozenset[str] = frozenset(),
) -> Judgement:
    """Hold an account against the bot's records.

    Args:
        view: The answers of exchange and database.
        stake: The currency that the bot trades with; having it is not holding a position.
        declared: Coins that are not the bot's, with their amounts.
        ours: Numbers of the orders that freqops itself placed on this account.
        foreign_orders: Numbers of orders that somebody placed by hand and declared as not the bot's; left alone.
    """
    sides = {order["id"]: order["side"] for order in view.records["orders"]}
    concerned = [order for order in view.open_orders if order["id"] not in foreign_orders]
    entries, others, unknown = _sorted_orders(concerned, sides, ours)
    unknown += _unknown_fills(view.fills, set(sides) | ours | foreign_orders)
    holdings = _holdings(view, stake, declared)
    if not view.records["kept"]:
        unknown += [
            f"{describe(holding)}, and the bot has no records at all"
            for holding in holdings
            if holding.pair is not None and not view.markets[holding.pair].is_dust(holding.own)
        ]
    trades = [trade for trade in view.records["trades"] if trade["is_open"]]
    left = [f"open order {order_text(order)}" for order in [*entries, *others]]
    left += [describe(holding) for holding in holdings if holding.kind == "position"]
    recorded = [f"its records have trade {trade['id']} {trade['pair']} {trade['amount']} open" for trade in trades]
    differs = _disagreements(view, holdings)
    stuck = [text for trade in trades for text in _unexitable(view, trade, declared)]
    return Judgement(holdings, entries, others, unknown, left, recorded, differs, stuck)


def _sorted_orders(
    orders: list[dict[str, Any]], sides: Mapping[str, str], ours: frozenset[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]:
    entries, others, unknown = [], [], []
    for order in orders:
        side = sides.get(order["id"])
        if side is None and order["id"] not in ours:
            unknown.append(f"an open order that stands in no record: {order_text(order)}")
        elif side == ENTRY_SIDE:
            entries.append(order)
        else:
            others.append(order)
    return entries, others, unknown


def _unknown_fills(fills: list[dict[str, Any]], known: set[str]) -> list[str]:
    strange = [fill for fill in fills if fill["order"] not in known]
    return [
        f"a fill that stands in no record: {fill['side']} {fill['amount']} {fill['pair']} at {fill['price']}, "
        f"order {fill['order']}"
        for fill in strange
    ]


def _holdings(view: View, stake: str, declared: Mapping[str, Decimal]) -> list[Holding]:
    traded = {str(pair).partition("/")[0] for pair in view.records["pairs"]}
    recorded = _recorded(view)
    coins = sorted(({*view.balances, *recorded}) - {stake})
    return [_holding(view, coin, stake, declared.get(coin, ZERO), recorded.get(coin, ZERO), coin in traded)
            for coin in coins]  # fmt: skip


def _recorded(view: View) -> dict[str, Decimal]:
    amounts: dict[str, Decimal] = {}
    for trade in view.records["trades"]:
        if trade["is_open"]:
            amounts[trade["base"]] = amounts.get(trade["base"], ZERO) + Decimal(trade["amount"])
    return amounts


def _holding(view: View, coin: str, stake: str, foreign: Decimal, recorded: Decimal, traded: bool) -> Holding:
    total = view.balances.get(coin, ZERO)
    pair = f"{coin}/{stake}"
    market = view.markets.get(pair)
    own = max(ZERO, total - foreign)
    kind = "foreign"
    if traded and own > ZERO:
        kind = "dust" if market is not None and market.is_dust(own) else "position"
    elif traded:
        kind = "dust" if foreign == ZERO else "foreign"
    value = None if market is None else own * market.price
    return Holding(coin, pair if market is not None else None, total, foreign, recorded, value, kind)


def _unexitable(view: View, trade: Mapping[str, Any], declared: Mapping[str, Decimal]) -> list[str]:
    """Name an open trade that has bought less than can be sold: Freqtrade then exits nothing and cancels nothing of it.

    Freqtrade counts the fills of an order when the order rests no more. Where its records have none, it looks for the
    coin on the account, and keeps the trade for a crumb of it.
    """
    market = view.markets.get(trade["pair"])
    if market is None:
        return []
    numbers = [order["id"] for order in view.records["orders"] if order["trade"] == trade["id"]]
    entries = [order for order in view.open_orders if order["id"] in numbers and order["side"] == ENTRY_SIDE]
    bought = sum((Decimal(order["filled"]) for order in entries), Decimal(trade["amount"]))
    if bought == ZERO and not entries:
        bought = max(ZERO, view.balances.get(trade["base"], ZERO) - declared.get(trade["base"], ZERO))
    if bought == ZERO or not market.is_dust(bought):
        return []
    what = f"{bought} {trade['base']}, worth {bought * market.price:.2f}"
    return [UNEXITABLE.format(id=trade["id"], pair=trade["pair"], what=what, orders=", ".join(numbers))]


def _disagreements(view: View, holdings: list[Holding]) -> list[str]:
    """Say where a coin that the bot traded is not there as its open trades say, by more than dust."""
    found = []
    for holding in holdings:
        market = view.markets.get(holding.pair or "")
        difference = holding.own - holding.recorded
        if holding.kind == "foreign" and holding.recorded == ZERO:
            continue
        if market is None:
            found.append(f"{holding.coin}: it has no price, so its amount cannot be compared")
        elif not market.is_dust(abs(difference)):
            found.append(f"{holding.coin}: its records say {holding.recorded}, on its account are {holding.own}")
    return found


def order_text(order: Mapping[str, Any]) -> str:
    """Return an order of the exchange in one line."""
    price = order["stop_price"] or order["price"]
    return f"{order['id']} {order['side']} {order['amount']} {order['pair']} at {price} ({order['type']})"


def describe(holding: Holding) -> str:
    """Return a holding in words: its amount, its worth, and whether a trade explains it."""
    extra = "" if holding.recorded else ", which belongs to no open trade"
    return f"{holding.own} {holding.coin}, worth {_value(holding)}{extra}"


def _remark(holding: Holding) -> str:
    if holding.kind == "dust":
        return f"dust: {holding.own} {holding.coin}, worth {_value(holding)}"
    declared = f", of which {holding.foreign} declared" if holding.foreign else ", not declared"
    return f"not the bot's: {holding.total} {holding.coin}{declared}"


def _value(holding: Holding) -> str:
    if holding.value is None or holding.pair is None:
        return "an unknown amount"
    return f"{holding.value:.2f} {holding.pair.partition('/')[2]}"
