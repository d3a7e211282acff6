"""The reading part of the witness's contract: claims judged from answers, for which nothing is bought or sold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from .account import ZERO, Market
from .answers import About, Balance, Fill, Order
from .contract import Finding, lied, not_proven, proven

CLOCK_MS = 2000
LEAST_PAGE, PAGES = 2, 8
SHOWN = 5
EXACT = Decimal("1e-12")  # of an amount: ccxt has amounts as floating point numbers


def same(one: Decimal, other: Decimal, of: Decimal) -> bool:
    """Return whether two amounts are the same, as far as ccxt can say one that is as large as ``of``."""
    return abs(one - other) <= abs(of) * EXACT


def markets(about: About, pairs: Sequence[str], found: Mapping[str, Market]) -> Finding:
    """Judge whether each pair is known with all that the rules need."""
    wrong = [] if about.steps else ["its precision is a number of digits, not a step"]
    wrong += [text for pair in pairs for text in _lacking(pair, about, found.get(pair))]
    if wrong or not pairs:
        return not_proven("markets", _lines(wrong) or "no pair was asked for")
    return proven("markets", "; ".join(_market(pair, found[pair]) for pair in pairs))


def _lacking(pair: str, about: About, market: Market | None) -> list[str]:
    if market is None:
        return [f"{pair} is not known"]
    if not about.spot.get(pair, False):
        return [f"{pair} is not traded at spot"]
    names = ("price", "step", "min_amount", "min_cost")
    return [f"{pair}: {name} is {getattr(market, name)}" for name in names if getattr(market, name) <= ZERO]


def _market(pair: str, market: Market) -> str:
    return (f"{pair} at {market.price}, from {market.min_amount} {market.base} and a cost of {market.min_cost} on, in "
            f"steps of {market.step}")  # fmt: skip


def balances(stake: str, totals: Mapping[str, Balance], told: Mapping[str, tuple[Decimal, Decimal]]) -> Finding:
    """Judge whether the balances are complete.

    Args:
        stake: The currency that the bot trades with.
        totals: Every coin of which free, used or total is not zero.
        told: What the witness tells as the balances of the account.
    """
    wrong = [f"{coin}: {part.free} free and {part.used} used are not {part.total}"
             for coin, part in totals.items() if not same(part.free + part.used, part.total, part.total)]  # fmt: skip
    wrong += [f"{coin}: {part.total} are there, and the balances say {_told(told.get(coin))}"
              for coin, part in totals.items() if told.get(coin) != (part.free, part.used)]  # fmt: skip
    wrong += [f"{coin}: the balances have it, and the account does not" for coin in sorted(set(told) - set(totals))]
    wrong += [f"{coin}: {min(part.free, part.used)}" for coin, part in totals.items() if min(part.free, part.used) < 0]
    if wrong:
        return lied("balances", _lines(wrong))
    if stake not in totals or totals[stake].total <= ZERO:
        return not_proven("balances", f"there is no {stake} on the account: that it would be told is not seen")
    return proven("balances", f"{len(totals)} coins, {totals[stake].total} {stake}")


def _told(halves: tuple[Decimal, Decimal] | None) -> str:
    return "nothing of it" if halves is None else f"{halves[0]} free and {halves[1]} used"


def open_orders(pairs: Sequence[str], everywhere: Sequence[Order], by_pair: Mapping[str, Sequence[Order]]) -> Finding:
    """Judge whether the open orders, asked without a pair, are those of the pairs."""
    wrong = [f"{order.id} {order.pair} was told for {pair}" for pair in pairs for order in by_pair.get(pair, ())
             if order.pair != pair]  # fmt: skip
    wrong += [f"{order.id} {order.pair} is {order.status}" for order in everywhere if order.status != "open"]
    for pair in pairs:
        whole = {order.id: order for order in everywhere if order.pair == pair}
        asked = {order.id: order for order in by_pair.get(pair, ())}
        wrong += [f"{number} {pair} is told when asked {_how(number in asked)} alone"
                  for number in sorted({*whole, *asked}) if whole.get(number) != asked.get(number)]  # fmt: skip
    if wrong:
        return lied("open_orders", _lines(wrong))
    return proven("open_orders", f"{len(everywhere)} open orders, {sum(map(len, by_pair.values()))} in these pairs")


def _how(by_pair: bool) -> str:
    return "with its pair" if by_pair else "without a pair"


def page_size(found: Sequence[Fill]) -> int:
    """Return the size of small pages in which fills can be read: more than any one moment has, and not too many pages.

    A page begins at the moment of the last fill of the one before, so one that a single moment fills is never passed.
    """
    crowd = max(Counter(fill.at_ms for fill in found).values(), default=1)
    return max(LEAST_PAGE, crowd + 1, crowd + -(-len(found) // PAGES))


def fills(large: Mapping[str, Sequence[Fill]], small: Mapping[str, Sequence[Fill]], since: int) -> Finding:
    """Judge whether fills read in large pages are those read in small ones, by pair."""
    wrong = []
    for pair in sorted({*large, *small}):
        one, other = set(large.get(pair, ())), set(small.get(pair, ()))
        wrong += [f"fill {fill.id} {pair} is in one reading alone" for fill in sorted(one ^ other, key=_by_time)]
        wrong += [f"fill {fill.id} was told for {pair} since {since}: {fill.pair} at {fill.at_ms}"
                  for fill in sorted(one | other, key=_by_time) if fill.pair != pair or fill.at_ms < since]  # fmt: skip
    if wrong:
        return lied("fills", _lines(wrong))
    return proven("fills", "; ".join(f"{len(found)} in {pair}" for pair, found in sorted(large.items())))


def _by_time(fill: Fill) -> tuple[int, str]:
    return fill.at_ms, fill.id


def time(before_ms: int, server_ms: int, after_ms: int) -> Finding:
    """Judge the clock of the exchange, which was read between two looks at ours."""
    text = f"its clock shows {server_ms}, ours {before_ms} to {after_ms}"
    if before_ms - CLOCK_MS <= server_ms <= after_ms + CLOCK_MS:
        return proven("time", text)
    return not_proven("time", f"{text}: more than {CLOCK_MS} ms between them; look at the clock of the host first")


def no_order(client_id: str, found: Order | None) -> Finding:
    """Judge the answer to the question for an order that nobody placed."""
    if found is None:
        return proven("no_order", f"{client_id} is not known to it")
    return lied("no_order", f"order {found.id} {found.pair} is told for {client_id}, which nobody placed")


def wrong_key(kind: str, said: str) -> Finding:
    """Judge the answer to a question with a wrong key.

    Args:
        kind: ``unauthorized`` where it was told so, ``answered`` where it was answered, else what it was.
        said: The words of the exchange.
    """
    if kind == "unauthorized":
        return proven("wrong_key", f"refused: {said}")
    if kind == "answered":
        return lied("wrong_key", "it answers whoever asks")
    return not_proven("wrong_key", f"it was not told as a wrong key, but as {kind}: {said}")


Account = tuple[Mapping[str, Balance], Sequence[Order], Mapping[str, Sequence[Fill]]]


def repeated(first: Account, second: Account) -> Finding:
    """Judge whether the same questions had the same answers, one right after the other."""
    names = ("balances", "open orders", "fills")
    differ = [name for name, one, other in zip(names, first, second) if one != other]
    if differ:
        return lied("repeated", f"{', '.join(differ)} differ from one question to the next, and nothing else acted")
    return proven("repeated", ", ".join(names))


def _lines(wrong: Iterable[str]) -> str:
    """Return what is wrong in one line, and how much more there is of it."""
    found = list(wrong)
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return "; ".join(found[:SHOWN]) + more
