"""The result of an analysis, as the program in the bot's image writes it; see `freqops.research.analysis`.

The strategy runs in the process that writes it. So it is read as what others wrote; what contradicts itself is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Union

from ..base import kinds, strict_json
from ..base.kinds import Malformed
from ..base.visible import visible
from .archive_file import ResultUnreadable

VERSION = 1
LOOKAHEAD, RECURSIVE = "lookahead_analysis", "recursive_analysis"
LONGEST = 1024 * 1024
PASSED = "passed"  # the metric that says it
MOST_INDICATORS, MOST_PARTS, LONGEST_NAME = 1000, 32, 200


def _name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME


COMMON: dict[str, kinds.Kind] = dict.fromkeys(("kind", "freqtrade_version", "strategy", "timeframe"), _name)
OF_LOOKAHEAD: dict[str, kinds.Kind] = {
    **COMMON,
    **dict.fromkeys(("least_trades", "wanted_trades", "trades", "biased_entries", "biased_exits"), kinds.count),
    **dict.fromkeys(("judged", "biased"), kinds.truth),
    "biased_indicators": kinds.list_of(_name),
}
OF_RECURSIVE: dict[str, kinds.Kind] = {
    **COMMON,
    "pair": _name,
    **dict.fromkeys(("startup", "candles"), kinds.count),
    **dict.fromkeys(("parts", "indicators"), kinds.list_of(kinds.object_)),
}
OF_PART: dict[str, kinds.Kind] = dict.fromkeys(("startup", "candles"), kinds.count)
OF_INDICATOR: dict[str, kinds.Kind] = {
    "name": _name,
    **dict.fromkeys(("has_value", "lookahead"), kinds.truth),
    "variances": kinds.list_of(kinds.object_),
}
OF_VARIANCE: dict[str, kinds.Kind] = {"startup": kinds.count, "percent": kinds.or_none(kinds.number)}


@dataclass(frozen=True)
class Lookahead:
    """What a look-ahead analysis found.

    Attributes:
        freqtrade_version: The release of Freqtrade.
        strategy: The class of the strategy.
        timeframe: Its timeframe.
        least_trades: The trades below which nothing is judged.
        wanted_trades: The trades that were to be looked at.
        trades: The trades that were looked at.
        judged: Whether Freqtrade judged it.
        biased: Whether it looks ahead.
        biased_entries: The trades that were not entered where later candles were not known.
        biased_exits: The trades that were not left then.
        biased_indicators: The columns that had other values then.
    """

    freqtrade_version: str
    strategy: str
    timeframe: str
    least_trades: int
    wanted_trades: int
    trades: int
    judged: bool
    biased: bool
    biased_entries: int
    biased_exits: int
    biased_indicators: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as `parsed` reads it."""
        return {
            **vars(self),
            "version": VERSION,
            "kind": LOOKAHEAD,
            "biased_indicators": list(self.biased_indicators),
        }

    def figures(self) -> dict[str, Any]:
        """Return what is the same where the same is analysed again, by name."""
        return {name: value for name, value in vars(self).items() if name != "freqtrade_version"}


@dataclass(frozen=True)
class Part:
    """The last candle, calculated again with fewer candles before it.

    Attributes:
        startup: The candles that were to be before it.
        candles: The candles that there were, itself included.
    """

    startup: int
    candles: int


@dataclass(frozen=True)
class Indicator:
    """An indicator of a recursive analysis.

    Attributes:
        name: The name of its column.
        has_value: Whether it has a value at the last candle.
        lookahead: Whether its value at a candle is another one where later candles are known.
        variances: By how much it differs in percent, by the startup candles with which it does; None for no figure.
    """

    name: str
    has_value: bool
    lookahead: bool
    variances: Mapping[int, float | None]

    def said(self, startup: int) -> str:
        """Return by how much it differs with a number of startup candles, in words."""
        if startup not in self.variances:
            return "none"
        percent = self.variances[startup]
        return "no figure" if percent is None else f"{percent:+.4g} %"

    def to_json(self) -> dict[str, Any]:
        """Return it as `parsed` reads it."""
        rows = [{"startup": startup, "percent": percent} for startup, percent in self.variances.items()]
        return {"name": self.name, "has_value": self.has_value, "lookahead": self.lookahead, "variances": rows}


@dataclass(frozen=True)
class Recursive:
    """What a recursive analysis found.

    Attributes:
        freqtrade_version: The release of Freqtrade.
        strategy: The class of the strategy.
        timeframe: Its timeframe.
        pair: The pair, of several the first.
        startup: The startup candles that the strategy itself asks for.
        candles: The candles of the whole range, with which the parts were compared.
        parts: The last candle with fewer candles before it.
        indicators: The columns that the strategy makes.
    """

    freqtrade_version: str
    strategy: str
    timeframe: str
    pair: str
    startup: int
    candles: int
    parts: tuple[Part, ...]
    indicators: tuple[Indicator, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as `parsed` reads it."""
        return {
            **vars(self),
            "version": VERSION,
            "kind": RECURSIVE,
            "parts": [vars(each) for each in self.parts],
            "indicators": [each.to_json() for each in self.indicators],
        }

    def figures(self) -> dict[str, Any]:
        """Return what is the same where the same is analysed again, by name."""
        found: dict[str, Any] = {name: getattr(self, name) for name in ("timeframe", "pair", "startup", "candles")}
        for part in self.parts:
            found[f"candles with {part.startup} startup candles"] = part.candles
        for each in self.indicators:
            found[f"{each.name}, has a value"], found[f"{each.name}, look-ahead"] = each.has_value, each.lookahead
            for startup, percent in each.variances.items():
                found[f"{each.name} with {startup} startup candles"] = percent
        return found


Analysis = Union[Lookahead, Recursive]


def stands(kind: str, metrics: Mapping[str, Any]) -> bool:
    """Return whether a finished run says what it was begun for: of an analysis, that its strategy passed."""
    return kind not in READERS or metrics.get(PASSED) == 1.0


def read(path: Path, kind: str, strategy: str) -> Analysis:
    """Return the analysis in a file.

    Args:
        path: The file.
        kind: The kind of the run that left it.
        strategy: The class of its strategy.

    Raises:
        FileNotFoundError: There is none.
        ResultUnreadable: It is none, or one of another kind or strategy.
    """
    try:
        return parsed(strict_json.load(path, LONGEST), kind, strategy)
    except strict_json.Missing:
        raise FileNotFoundError(path) from None
    except Malformed as error:
        raise ResultUnreadable(f"{path.name}: {error}") from None


def parsed(document: object, kind: str, strategy: str) -> Analysis:
    """Return the analysis that a document is.

    Args:
        document: The document.
        kind: The kind of the run.
        strategy: The class of its strategy.

    Raises:
        Malformed: It is none, one of another kind or strategy, or contradicts itself.
    """
    if kind not in READERS or not isinstance(document, dict) or document.get("version") != VERSION:
        raise Malformed(f"it is no analysis of version {VERSION}")
    for name, wanted in (("kind", kind), ("strategy", strategy)):
        if document.get(name) != wanted:
            raise Malformed(f"its {name} is {visible(document.get(name), LONGEST_NAME)}, not {wanted}")
    return READERS[kind](document)


def _lookahead(document: Mapping[str, Any]) -> Lookahead:
    found = kinds.checked(document, OF_LOOKAHEAD, tuple(OF_LOOKAHEAD))
    del found["kind"]
    made = Lookahead(**{**found, "biased_indicators": tuple(found["biased_indicators"])})
    kinds.refuse_twice(list(made.biased_indicators))
    if len(made.biased_indicators) > MOST_INDICATORS:
        raise Malformed(f"it names {len(made.biased_indicators)} biased indicators")
    if max(made.biased_entries, made.biased_exits) > made.trades or made.trades > made.wanted_trades:
        raise Malformed(f"it has {made.trades} trades, and says more of them")
    signs = bool(made.biased_entries or made.biased_exits or made.biased_indicators)
    if made.judged and (made.biased != signs or made.trades < made.least_trades):
        raise Malformed("what it says of a bias contradicts itself")
    return made


def _recursive(document: Mapping[str, Any]) -> Recursive:
    found = kinds.checked(document, OF_RECURSIVE, tuple(OF_RECURSIVE))
    del found["kind"]
    if len(found["parts"]) > MOST_PARTS or len(found["indicators"]) > MOST_INDICATORS:
        raise Malformed(f"it has {len(found['parts'])} parts and {len(found['indicators'])} indicators, too many")
    parts = tuple(Part(**kinds.checked(each, OF_PART, tuple(OF_PART))) for each in found["parts"])
    startups = [each.startup for each in parts]
    kinds.refuse_twice([f"{each}" for each in startups])
    indicators = tuple(_indicator(each, startups) for each in found["indicators"])
    kinds.refuse_twice([each.name for each in indicators])
    if found["startup"] not in startups:
        raise Malformed(f"it has no part with the strategy's own {found['startup']} startup candles")
    return Recursive(**{**found, "parts": parts, "indicators": indicators})


def _indicator(said: object, startups: list[int]) -> Indicator:
    found = kinds.checked(said, OF_INDICATOR, tuple(OF_INDICATOR))
    rows = [kinds.checked(each, OF_VARIANCE, tuple(OF_VARIANCE)) for each in found["variances"]]
    kinds.refuse_twice([f"{each['startup']}" for each in rows])
    variances = {each["startup"]: None if each["percent"] is None else float(each["percent"]) for each in rows}
    strange = set(variances) - set(startups)
    if strange:
        raise Malformed(f"{visible(found['name'], 60)} has a variance with {min(strange)} startup candles, and no part")
    return Indicator(found["name"], found["has_value"], found["lookahead"], variances)


READERS: dict[str, Callable[[Mapping[str, Any]], Analysis]] = {LOOKAHEAD: _lookahead, RECURSIVE: _recursive}
