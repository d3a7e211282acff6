"""The run gate: the runbook's reasons, all of them; closed where state is not known; and no input opens it but one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.bot.limits import Limits
from freqops.core.runs.run_gate import (
    FREE_OF_BREAKER,
    KINDS,
    LIVE,
    RUNS,
    LiveFigures,
    Question,
    Slots,
    Unknown,
    judge,
    judge_breaker,
)  # fmt: skip


@dataclass(frozen=True)
class Breaker:
    active: bool
    reason: str = "feed is wrong"


BROKEN = [kind for kind in KINDS if kind not in FREE_OF_BREAKER]  # which the breaker keeps from beginning
OFF, ON = Breaker(active=False), Breaker(active=True)
FREE = Slots(0, 2)
OPEN = {  # for each kind a question that nothing forbids
    **{kind: Question(kind, "Mine", OFF, slots=FREE) for kind in RUNS},
    LIVE: Question(LIVE, "Mine", OFF, limits=Limits(5, 0.25), live=LiveFigures(4, {"BTC/USDT": 0.25})),
}
GUARDED = replace(OPEN["backtest"], max_backtest_drawdown=0.2, drawdowns=[0.1])


@pytest.mark.parametrize("kind", KINDS)
def test_where_all_is_known_and_nothing_forbids_it_may_begin(kind: str) -> None:
    assert judge(OPEN[kind]).allowed
    assert judge(OPEN[kind]).remarks == ()


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_is_known_nothing_may_begin(kind: str) -> None:
    found = judge(Question(kind, max_backtest_drawdown=0.2))
    assert found.reasons[0].startswith("circuit_breaker_active: it is not known") == (kind in BROKEN)
    assert len(found.reasons) == {"backtest": 3, LIVE: 3, "maintenance": 1}.get(kind, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_each_input_that_is_not_known_forbids_alone(kind: str) -> None:
    needed = {"breaker": "circuit_breaker_active"} if kind in BROKEN else {}
    needed |= (
        {"limits": "live_concurrent_trades_exceeded", "live": "live_concurrent_trades_exceeded"} if kind == LIVE else {}
    )
    needed |= {"slots": f"too_many_active_{kind}s"} if kind != LIVE else {}
    for name, word in needed.items():
        found = judge(replace(OPEN[kind], **{name: Unknown("the disk fails")}))  # type: ignore[arg-type]
        assert found.reasons[0].startswith(f"{word}: ")
        assert "the disk fails" in found.reasons[0]


@pytest.mark.parametrize("kind", BROKEN)
def test_the_breaker(kind: str) -> None:
    assert judge(replace(OPEN[kind], breaker=ON)).reasons == ("circuit_breaker_active: feed is wrong",)


def test_the_breaker_alone_is_asked_as_it_is_in_the_whole() -> None:
    for kind in KINDS:
        assert judge_breaker(Question(kind, breaker=OFF)).allowed
        assert judge_breaker(Question(kind)).allowed == judge_breaker(Question(kind, breaker=ON)).allowed
        assert judge_breaker(Question(kind, breaker=ON)) == judge(replace(OPEN[kind], breaker=ON))
        assert judge_breaker(Question(kind, breaker=ON, override=True)) == judge(
            replace(OPEN[kind], breaker=ON, override=True)
        )


def test_maintenance_alone_may_begin_while_the_breaker_is_active() -> None:
    assert [kind for kind in KINDS if judge(replace(OPEN[kind], breaker=ON)).allowed] == ["maintenance"]


def test_an_override_lets_runs_begin_and_no_live_bot_and_says_so() -> None:
    for kind in (kind for kind in RUNS if kind in BROKEN):
        found = judge(replace(OPEN[kind], breaker=ON, override=True))
        assert found.allowed
        assert found.remarks == ("an override lets runs begin in spite of circuit_breaker_active: feed is wrong",)
    assert not judge(replace(OPEN[LIVE], breaker=ON, override=True)).allowed


@pytest.mark.parametrize(
    ("drawdowns", "reason"),
    [
        ([0.1999], None),
        ([0.2], "recent_drawdown_exceeded: 0.2 (from 0.2 on)"),
        ([0.1, 0.33, 0.05], "recent_drawdown_exceeded: 0.33 (from 0.2 on)"),
        ([-0.33], "recent_drawdown_exceeded: 0.33 (from 0.2 on)"),
        ([33.0], "recent_drawdown_exceeded: 33 (from 0.2 on)"),
        ([0.1, None], "recent_drawdown_exceeded: a finished run of Mine in the registry has no max_drawdown_account"),
        (
            [float("nan")],
            "recent_drawdown_exceeded: a finished run of Mine in the registry has no max_drawdown_account",
        ),
        (Unknown("no such file"), "recent_drawdown_exceeded: the registry cannot be read (no such file)"),
    ],
)
def test_the_drawdown_of_recent_runs(drawdowns: Any, reason: str | None) -> None:
    assert judge(replace(GUARDED, drawdowns=drawdowns)).reasons == (() if reason is None else (reason,))


def test_a_registry_without_a_run_of_the_strategy_allows_and_says_so() -> None:
    found = judge(replace(GUARDED, drawdowns=[]))
    assert found.allowed
    assert found.remarks == ("the registry has no finished run of Mine, so no drawdown of it is looked at",)


def test_the_drawdown_forbids_backtests_alone_and_only_where_a_threshold_is_declared() -> None:
    deep = {"max_backtest_drawdown": 0.2, "drawdowns": [0.9]}
    assert [kind for kind in KINDS if not judge(replace(OPEN[kind], **deep)).allowed] == ["backtest"]  # type: ignore[arg-type]
    assert judge(replace(GUARDED, max_backtest_drawdown=None, drawdowns=Unknown())).allowed


@pytest.mark.parametrize(
    ("figures", "reasons"),
    [
        (LiveFigures(5), ("live_concurrent_trades_exceeded: 5/5",)),
        (LiveFigures(-1), ("live_concurrent_trades_exceeded: -1 is no number of open trades",)),
        (LiveFigures(0, {"A": 0.25, "B": 0.251}), ("per_market_exposure_exceeded:B:0.251>0.25",)),
        (LiveFigures(0, {"A": float("nan")}), ("per_market_exposure_exceeded:A:nan>0.25",)),
        (LiveFigures(0, {"A": -0.1}), ("per_market_exposure_exceeded:A:nan>0.25",)),
        (
            LiveFigures(6, {"B": 1.05, "A": 0.9}),
            (
                "live_concurrent_trades_exceeded: 6/5",
                "per_market_exposure_exceeded:A:0.9>0.25",
                "per_market_exposure_exceeded:B:1.05>0.25",
            ),
        ),
    ],
)
def test_a_live_start(figures: LiveFigures, reasons: tuple[str, ...]) -> None:
    assert judge(replace(OPEN[LIVE], live=figures)).reasons == reasons


def test_without_declared_limits_no_figures_are_needed() -> None:
    assert judge(replace(OPEN[LIVE], limits=Limits(), live=Unknown())).allowed


@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize(
    ("slots", "of"), [(Slots(2, 2), "2/2"), (Slots(3, 2), "3/2"), (Slots(0, 0), "0/0"), (Slots(-1, 2), "-1/2")]
)
def test_the_slots(kind: str, slots: Slots, of: str) -> None:
    assert judge(replace(OPEN[kind], slots=slots)).reasons == (f"too_many_active_{kind}s: {of}",)
    assert judge(replace(OPEN[kind], slots=Slots(100, None))).allowed


def test_all_that_forbids_is_named_in_the_order_of_the_runbook() -> None:
    found = judge(replace(GUARDED, breaker=ON, drawdowns=[0.9], slots=Slots(2, 2)))
    assert [reason.partition(":")[0] for reason in found.reasons] == [
        "circuit_breaker_active",
        "recent_drawdown_exceeded",
        "too_many_active_backtests",
    ]


def test_an_unknown_kind_is_no_kind_without_rules() -> None:
    with pytest.raises(ValueError, match="no kind of run"):
        judge(Question("plot"))


UNKNOWN = st.builds(Unknown, st.text(max_size=5))
SHARES = st.floats(0, 2) | st.just(float("nan"))
QUESTIONS = st.builds(
    Question,
    kind=st.sampled_from(KINDS),
    strategy=st.just("Mine"),
    breaker=UNKNOWN | st.sampled_from([OFF, ON]),
    override=st.booleans(),
    max_backtest_drawdown=st.none() | st.floats(0.01, 1),
    drawdowns=UNKNOWN | st.lists(st.none() | SHARES, max_size=3),
    limits=UNKNOWN | st.builds(Limits, st.none() | st.integers(1, 5), st.none() | st.floats(0.01, 1)),
    live=UNKNOWN | st.builds(LiveFigures, st.integers(0, 6), st.dictionaries(st.sampled_from("AB"), SHARES)),
    slots=UNKNOWN | st.builds(Slots, st.integers(0, 4), st.none() | st.integers(0, 4)),
)


def stricter(question: Question) -> Iterator[Question]:
    """Yield questions of which one input forbids more than that of ``question``."""
    for name in ("breaker", "drawdowns", "limits", "live", "slots"):
        yield replace(question, **{name: Unknown()})  # type: ignore[arg-type]
    yield replace(question, breaker=ON)
    yield replace(question, override=False)
    lower = None if question.max_backtest_drawdown is None else question.max_backtest_drawdown / 2
    yield replace(question, max_backtest_drawdown=lower)
    if not isinstance(question.drawdowns, Unknown):
        yield from (replace(question, drawdowns=[*question.drawdowns, more]) for more in (0.0, 0.5, None))
    if isinstance(question.limits, Limits):
        yield replace(question, limits=Limits(1, 0.001))
    if isinstance(question.live, LiveFigures):
        yield replace(question, live=replace(question.live, open_trades=question.live.open_trades + 1))
        yield replace(question, live=replace(question.live, exposure={**question.live.exposure, "C": 1.5}))
    if isinstance(question.slots, Slots):
        yield replace(question, slots=replace(question.slots, active=question.slots.active + 1))
        yield replace(question, slots=replace(question.slots, most=0))


@given(QUESTIONS)
def test_what_forbids_more_never_turns_no_into_yes(question: Question) -> None:
    if not judge(question).allowed:
        for other in stricter(question):
            assert not judge(other).allowed, other


@given(QUESTIONS)
def test_a_yes_is_one_in_which_nothing_that_counts_is_unknown(question: Question) -> None:
    """The rules once more, said the other way round: what must be so where it may begin."""
    if not judge(question).allowed:
        return
    live = question.kind == LIVE
    assert question.breaker == OFF or (question.override and not live) or question.kind == "maintenance"
    if question.kind == "backtest" and question.max_backtest_drawdown is not None:
        assert not isinstance(question.drawdowns, Unknown)
        assert all(value is not None and value < question.max_backtest_drawdown for value in question.drawdowns)
    if live:
        assert isinstance(question.limits, Limits)
        if question.limits.declared:
            assert isinstance(question.live, LiveFigures)
            most, share = question.limits.max_concurrent_trades, question.limits.max_market_exposure
            assert most is None or question.live.open_trades < most
            assert share is None or all(each <= share * 1.000001 for each in question.live.exposure.values())
    else:
        assert isinstance(question.slots, Slots)
        assert question.slots.most is None or question.slots.active < question.slots.most
