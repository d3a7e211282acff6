"""The inputs of a run: each value cast from the text that it may arrive as, and refused where it does not parse."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

from ..base.errors import Refused
from ..base.visible import visible
from ..bot.layout import BOT_NAME
from . import run_id

CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
TIMEFRAME = re.compile(r"[1-9][0-9]{0,2}[mhdwM]")
PAIR = re.compile(r"[^\s/:,\-][^\s/:,]{0,29}/[^\s/:,]{1,30}(?::[^\s/:,]{1,30})?")
SPACE = re.compile(r"[a-z][a-z0-9_]{0,30}")
MEMORY = re.compile(r"[1-9][0-9]{0,5}[mg]")
MOMENT = re.compile(r"[0-9]{8}(?:T[0-9]{4})?")
SEPARATORS = re.compile(r"[\s,]+")
MOST_PAIRS, MOST_EPOCHS, MOST_JOBS, MOST_SEED = 1000, 100_000, 64, 2**32 - 1
MOST_TRADES, MOST_STARTUPS, LONGEST_STARTUP, MOST_VARIANCE = 10_000, 10, 100_000, 100.0
DEFAULT_EPOCHS, DEFAULT_LOSS, DEFAULT_SPACES = 100, "SharpeHyperOptLossDaily", ("default",)
DEFAULT_LEAST_TRADES, DEFAULT_TRADES = 10, 20  # Freqtrade's
DEFAULT_STARTUPS = (199, 399, 499, 999, 1999)  # likewise
DEFAULT_VARIANCE = 0.1  # percent: what was a signal with that is one without it, but at the very edge
DEFAULT_MEMORY = "2g"
SHOWN = 60

ONLY = {
    "backtest": ("wallet", "fee"),
    "hyperopt": ("wallet", "fee", "spaces", "epochs", "loss", "seed", "jobs"),
    "download": ("timeframes",),
    "lookahead_analysis": ("fee", "least_trades", "trades"),
    "recursive_analysis": ("startup_candles", "most_variance"),
}  # what one kind has, and another may not
TESTS = ("backtest", "hyperopt")


@dataclass(frozen=True)
class Inputs:
    """The inputs of a run; a value that is empty or None was not given.

    Attributes:
        kind: One of `run_id.KINDS`.
        strategy: The class of its strategy; empty where ``bot`` says it, and for a download.
        bot: The bot of which it takes everything that decides its trades, or the exchange.
        timerange: As Freqtrade wants it: ``20240101-20240201``, either end may be open.
        timeframe: The timeframe; empty for that of the strategy.
        timeframes: Of a download: the timeframes.
        pairs: The pairs; empty for those of the configuration.
        spaces: Of a hyperopt: the spaces.
        epochs: Of a hyperopt: the number of its epochs.
        loss: Of a hyperopt: the class of its loss function.
        seed: Of a hyperopt: its random state; None for one that is drawn.
        jobs: Of a hyperopt: the processes that search; None for what the host decides.
        wallet: What the simulated wallet has at first, in the stake currency; None for what the configuration says.
        fee: The fee for each order, a fraction; None for that of the exchange.
        least_trades: Of a look-ahead analysis: the trades below which it judges nothing; None for the default.
        trades: Of a look-ahead analysis: the trades that it looks at, where there are so many; None for the default.
        startup_candles: Of a recursive analysis: numbers of startup candles; empty for the default.
        most_variance: Of a recursive analysis: by how much an indicator may differ, in percent; None for the default.
        memory: The most memory that its container gets.
    """

    kind: str
    strategy: str = ""
    bot: str = ""
    timerange: str = ""
    timeframe: str = ""
    timeframes: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    spaces: tuple[str, ...] = ()
    epochs: int | None = None
    loss: str = ""
    seed: int | None = None
    jobs: int | None = None
    wallet: float | None = None
    fee: float | None = None
    least_trades: int | None = None
    trades: int | None = None
    startup_candles: tuple[int, ...] = ()
    most_variance: float | None = None
    memory: str = DEFAULT_MEMORY

    def to_json(self) -> dict[str, Any]:
        """Return the inputs that were given, by name."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value not in (None, "", ())
        }


def parsed(values: Mapping[str, Any]) -> Inputs:
    """Return the inputs that ``values`` mean, each of them text, or of its own type.

    Raises:
        Refused: One does not parse, is missing, or is none of its kind of run; the text says what is allowed.
    """
    given = {name: value for name, value in values.items() if value not in (None, "", [], ())}
    kind = str(given.get("kind", ""))
    if kind not in run_id.KINDS:
        raise Refused(f"kind is '{_shown(kind)}'; allowed: {', '.join(run_id.KINDS)}")
    unknown = sorted(set(given) - set(READERS))
    if unknown:
        raise Refused(f"'{_shown(unknown[0])}' is no input of a run; there are {', '.join(READERS)}")
    of_others = {name for names in ONLY.values() for name in names} - set(ONLY[kind])
    wrong = sorted(of_others & set(given))
    if wrong:
        raise Refused(f"{wrong[0]} is no input of a {kind}")
    inputs = Inputs(**{name: READERS[name](name, value) for name, value in given.items()})
    _refuse_unless_whole(inputs)
    return inputs


def _refuse_unless_whole(inputs: Inputs) -> None:
    """Refuse what lacks something, or says it twice."""
    if inputs.kind == "download":
        if not inputs.timeframes or not inputs.timerange:
            raise Refused("a download needs timeframes, like 5m,1h, and a timerange, like 20240101-20240201")
        if inputs.strategy or inputs.timeframe:
            raise Refused("a download has no strategy and no timeframe; its timeframes are called timeframes")
        if inputs.timerange.startswith("-"):
            raise Refused(f"the timerange of a download is {inputs.timerange!r}; it must say where it begins")
    elif bool(inputs.strategy) == bool(inputs.bot):
        raise Refused(f"a {inputs.kind} needs either a strategy or a bot")
    if inputs.kind in run_id.ANALYSES:
        _refuse_unless_analysis(inputs)


def _refuse_unless_analysis(inputs: Inputs) -> None:
    """Refuse an analysis of which Freqtrade would judge nothing, or something else."""
    begins, _, ends = inputs.timerange.partition("-")
    if not inputs.timerange:
        raise Refused(f"a {inputs.kind} needs a timerange, like 20240101-20240201")
    if inputs.kind == "recursive_analysis" and not (begins and ends):
        raise Refused(f"the timerange of a recursive_analysis is {inputs.timerange!r}; it must say where it begins and "
                      "ends: the last candle in it is calculated again")  # fmt: skip
    least, most = inputs.least_trades or DEFAULT_LEAST_TRADES, inputs.trades or DEFAULT_TRADES
    if inputs.kind == "lookahead_analysis" and most < least:
        raise Refused(f"trades is {most}, less than the {least} of least_trades")


def _shown(value: object) -> str:
    return visible(str(value), SHOWN)


def _wrong(name: str, value: object, allowed: str) -> Refused:
    return Refused(f"{name} is '{_shown(value)}'; allowed: {allowed}")


def _matching(pattern: re.Pattern[str], allowed: str) -> Callable[[str, Any], str]:
    def read(name: str, value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value.strip()):
            raise _wrong(name, value, allowed)
        return value.strip()

    return read


def _several(pattern: re.Pattern[str], allowed: str, most: int = MOST_PAIRS) -> Callable[[str, Any], tuple[str, ...]]:
    def read(name: str, value: Any) -> tuple[str, ...]:
        words = SEPARATORS.split(value.strip()) if isinstance(value, str) else list(value)
        for word in words:
            if not isinstance(word, str) or not pattern.fullmatch(word):
                raise _wrong(name, word, allowed)
        if len(words) > most or len(set(words)) != len(words):
            raise Refused(f"{name} has {len(words)} entries; allowed: at most {most}, none of them twice")
        return tuple(words)

    return read


def _whole(most: int) -> Callable[[str, Any], int]:
    def read(name: str, value: Any) -> int:
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,10}", str(value)) or not 1 <= int(value) <= most:
            raise _wrong(name, value, f"whole numbers from 1 to {most}")
        return int(value)

    return read


def _counts(most: int, largest: int) -> Callable[[str, Any], tuple[int, ...]]:
    read_one = _whole(largest)

    def read(name: str, value: Any) -> tuple[int, ...]:
        words = SEPARATORS.split(value.strip()) if isinstance(value, str) else value
        found = [read_one(name, word) for word in (words if isinstance(words, (list, tuple)) else [words])]
        if len(found) > most or len(set(found)) != len(found):
            raise Refused(f"{name} has {len(found)} entries; allowed: at most {most}, none of them twice")
        return tuple(sorted(found))

    return read


def _number(least: float, most: float, what: str) -> Callable[[str, Any], float]:
    def read(name: str, value: Any) -> float:
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not least <= number <= most:
            raise _wrong(name, value, what)
        return number

    return read


def timerange(name: str, value: Any) -> str:
    """Return a timerange, of which one end may be open.

    Raises:
        Refused: It is none, a date in it does not exist, or it ends before it begins.
    """
    allowed = "yyyymmdd-yyyymmdd, like 20240101-20240201; one end may be missing, and each may go on with Thhmm"
    begins, dash, ends = str(value).strip().partition("-")
    moments = [_moment(text) for text in (begins, ends) if text]
    if not dash or not moments or None in moments:
        raise _wrong(name, value, allowed)
    first, last = moments[0], moments[-1]
    if begins and ends and first is not None and last is not None and first >= last:
        raise _wrong(name, value, "a range that ends after it begins")
    return f"{begins}-{ends}"


def bounds(text: str) -> tuple[datetime | None, datetime | None]:
    """Return where a timerange begins and ends; None for an open end."""
    begins, _, ends = text.partition("-")
    return _moment(begins), _moment(ends)


def _moment(text: str) -> datetime | None:
    if not MOMENT.fullmatch(text):
        return None
    try:
        moment = datetime.strptime(text, "%Y%m%dT%H%M" if "T" in text else "%Y%m%d")  # noqa: DTZ007  of UTC
    except ValueError:
        return None
    return moment.replace(tzinfo=timezone.utc)


READERS: dict[str, Callable[[str, Any], Any]] = {
    "kind": lambda _name, value: value,
    "strategy": _matching(CLASS, "the name of a class"),
    "bot": _matching(BOT_NAME, "the name of a bot"),
    "timerange": timerange,
    "timeframe": _matching(TIMEFRAME, "a timeframe, like 5m, 1h or 1d"),
    "timeframes": _several(TIMEFRAME, "timeframes, like 5m,1h", 20),
    "pairs": _several(PAIR, "pairs, like BTC/USDT,ETH/USDT"),
    "spaces": _several(SPACE, "spaces, like buy,sell,roi", 20),
    "epochs": _whole(MOST_EPOCHS),
    "loss": _matching(CLASS, "the name of a class, like SharpeHyperOptLossDaily"),
    "seed": _whole(MOST_SEED),
    "jobs": _whole(MOST_JOBS),
    "wallet": _number(1e-8, 1e15, "an amount above 0"),
    "fee": _number(0.0, 0.5, "a fraction from 0 to 0.5, like 0.001"),
    "least_trades": _whole(MOST_TRADES),
    "trades": _whole(MOST_TRADES),
    "startup_candles": _counts(MOST_STARTUPS, LONGEST_STARTUP),
    "most_variance": _number(0.0, MOST_VARIANCE, "a number of percent from 0 to 100, like 0.1"),
    "memory": _matching(MEMORY, "a size, like 512m or 2g"),
}
