"""The run gate: whether a run or a live start may begin, with the reasons of the runbook where it may not.

The rule is pure: whoever asks has read the state, and hands it over as values. State that is missing or could not be
read forbids, wherever it is needed for the answer. Every input may only forbid, and all that forbids is named.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Callable, Protocol

from ..bot import limits
from ..bot.limits import Limits

RUNS = ("backtest", "hyperopt", "download", "maintenance")
LIVE = "live"
KINDS = (*RUNS, LIVE)
FREE_OF_BREAKER = ("maintenance",)  # what the breaker waits for, a repair or a backup, must be possible meanwhile
BREAKER, DRAWDOWN, TOO_MANY = "circuit_breaker_active", "recent_drawdown_exceeded", "too_many_active_{}s"
NOT_READ = "it was not read"


@dataclass(frozen=True)
class Unknown:
    """State that is missing or could not be read.

    Attributes:
        why: Why it is not known, in words for an operator.
    """

    why: str = NOT_READ


class BreakerState(Protocol):
    """The operator breaker as it was read; one that cannot be read is active, and its reason says so."""

    @property
    def active(self) -> bool:
        """Whether the breaker forbids runs."""

    @property
    def reason(self) -> str:
        """The reason why it does."""


@dataclass(frozen=True)
class Slots:
    """The run slots of one kind.

    Attributes:
        active: Slots that are taken.
        most: Slots that there are; None where nothing limits them.
    """

    active: int
    most: int | None


@dataclass(frozen=True)
class LiveFigures:
    """The open trades and exposure of a live bot.

    Attributes:
        open_trades: Its open trades.
        exposure: For each market the share of the wallet's total stake that is in it.
    """

    open_trades: int
    exposure: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """A run or a live start, and all that is known of the state that decides.

    Attributes:
        kind: One of `KINDS`.
        strategy: The class of its strategy; empty where it has none, like a download.
        breaker: The operator breaker.
        override: Whether an override that lets runs begin in spite of the breaker is in force now.
        max_backtest_drawdown: The fraction from which on a drawdown forbids a backtest; None switches the guard off.
        drawdowns: The drawdowns of the runs that count, as `registry.Registry.drawdowns` gives them; None in it is a
            finished run of which no drawdown is known.
        limits: The limits of the bot that is to start live.
        live: What it has open.
        slots: The run slots of this kind.
    """

    kind: str
    strategy: str = ""
    breaker: BreakerState | Unknown = field(default_factory=Unknown)
    override: bool = False
    max_backtest_drawdown: float | None = None
    drawdowns: Sequence[float | None] | Unknown = field(default_factory=Unknown)
    limits: Limits | Unknown = field(default_factory=Unknown)
    live: LiveFigures | Unknown = field(default_factory=Unknown)
    slots: Slots | Unknown = field(default_factory=Unknown)


@dataclass(frozen=True)
class Verdict:
    """The answer of the run gate.

    Attributes:
        reasons: All that forbids it, in the order of the runbook's checks; empty where it may begin.
        remarks: What there is to say of it all the same.
    """

    reasons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the run may begin."""
        return not self.reasons


def judge(question: Question) -> Verdict:
    """Return whether a run or a live start may begin.

    Raises:
        ValueError: The kind is none of `KINDS`.
    """
    return _judged(question, (_breaker, _drawdown, _live, _slots))


def judge_breaker(question: Question) -> Verdict:
    """Return whether the operator breaker lets a run or a live start begin; nothing else in the question is looked at.

    Raises:
        ValueError: The kind is none of `KINDS`.
    """
    return _judged(question, (_breaker,))


def _judged(question: Question, checks: Sequence[Callable[[Question], Iterator[str]]]) -> Verdict:
    if question.kind not in KINDS:
        raise ValueError(f"{question.kind!r} is no kind of run; there are {', '.join(KINDS)}")
    reasons: list[str] = []
    remarks: list[str] = []
    for check in checks:
        for finding in check(question):
            (remarks if isinstance(finding, _Remark) else reasons).append(str(finding))
    return Verdict(tuple(reasons), tuple(remarks))


class _Remark(str):
    """A finding that forbids nothing."""

    __slots__ = ()


def _breaker(question: Question) -> Iterator[str]:
    state = question.breaker
    if question.kind in FREE_OF_BREAKER:
        return
    if isinstance(state, Unknown):
        reason = f"{BREAKER}: it is not known whether it is active ({state.why})"
    elif state.active:
        reason = f"{BREAKER}: {state.reason}"
    else:
        return
    if question.override and question.kind != LIVE:
        yield _Remark(f"an override lets runs begin in spite of {reason}")
    else:
        yield reason


def _drawdown(question: Question) -> Iterator[str]:
    most, found = question.max_backtest_drawdown, question.drawdowns
    if question.kind != "backtest" or most is None:
        return
    if isinstance(found, Unknown):
        yield f"{DRAWDOWN}: the registry cannot be read ({found.why})"
    elif not found:
        yield _Remark(f"the registry has no finished run of {question.strategy}, so no drawdown of it is looked at")
    elif any(value is None or math.isnan(value) for value in found):
        yield f"{DRAWDOWN}: a finished run of {question.strategy} in the registry has no max_drawdown_account"
    else:
        worst = max(abs(value) for value in found if value is not None)
        if worst >= most:
            yield f"{DRAWDOWN}: {worst:.6g} (from {most:.6g} on)"


def _live(question: Question) -> Iterator[str]:
    if question.kind != LIVE:
        return
    declared, figures = question.limits, question.live
    if isinstance(declared, Unknown):
        yield f"{limits.CONCURRENT}: the limits cannot be read ({declared.why})"
        yield f"{limits.EXPOSURE}: the limits cannot be read ({declared.why})"
        return
    if declared.max_concurrent_trades is not None:
        yield from _concurrent(figures, declared.max_concurrent_trades)
    if declared.max_market_exposure is not None:
        yield from _exposure(figures, declared.max_market_exposure)


def _concurrent(figures: LiveFigures | Unknown, most: int) -> Iterator[str]:
    if isinstance(figures, Unknown):
        yield f"{limits.CONCURRENT}: its open trades are not known ({figures.why})"
    elif figures.open_trades < 0:
        yield f"{limits.CONCURRENT}: {figures.open_trades} is no number of open trades"
    else:
        yield from _if_any(limits.concurrent_exceeded(figures.open_trades, most))


def _exposure(figures: LiveFigures | Unknown, most: float) -> Iterator[str]:
    if isinstance(figures, Unknown):
        yield f"{limits.EXPOSURE}: its exposure is not known ({figures.why})"
        return
    for market, share in sorted(figures.exposure.items()):
        yield from _if_any(limits.exposure_exceeded(market, share if share >= 0 else math.nan, most))


def _slots(question: Question) -> Iterator[str]:
    if question.kind == LIVE:
        return
    slots, word = question.slots, TOO_MANY.format(question.kind)
    if isinstance(slots, Unknown):
        yield f"{word}: its run slots cannot be read ({slots.why})"
    elif slots.most is not None and not 0 <= slots.active < slots.most:
        yield f"{word}: {slots.active}/{slots.most}"


def _if_any(reason: str) -> Iterator[str]:
    yield from [reason] if reason else []
