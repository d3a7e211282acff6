"""Dumps grow rarer with their age; the newest and the minimum stay, whatever the clock does."""

from __future__ import annotations

import os
import random
import secrets
from datetime import UTC, datetime, timedelta

from freqops.core.backup.retention import DAY, HOUR, MINUTE, Rule, kept

NOW = datetime(2026, 1, 31, 18, 30, 30, tzinfo=UTC)
HISTORIES = 10_000 if os.environ.get("FREQOPS_PROVE") == "1" else 1_000


def test_one_a_minute_then_one_an_hour_then_one_a_day() -> None:
    moments = [NOW - timedelta(seconds=30 * step) for step in range(2 * 60 * 24 * 40)]
    stays = kept(moments, Rule(), NOW)
    assert sum(NOW - moment <= 10 * MINUTE for moment in stays) == 21, "the youngest all stay"
    assert sum(10 * MINUTE < NOW - moment < 2 * HOUR for moment in stays) == 109
    assert sum(2 * HOUR < NOW - moment <= 2 * DAY for moment in stays) in (46, 47)
    assert sum(NOW - moment > 2 * DAY for moment in stays) in (28, 29)
    assert max(NOW - moment for moment in stays) <= 30 * DAY


def test_of_each_minute_the_last_stays() -> None:
    early, late = NOW - timedelta(seconds=1000), NOW - timedelta(seconds=992)
    assert early.minute == late.minute
    assert kept([early, late, NOW], Rule(), NOW) == {late, NOW}


def test_one_that_somebody_asked_for_outlives_the_next_of_the_same_minute() -> None:
    asked, round_ = NOW - timedelta(seconds=2), NOW - timedelta(seconds=1)
    assert kept([asked, round_], Rule(), NOW) == {asked, round_}


def test_the_newest_stays_however_old_it_is() -> None:
    old = [NOW - timedelta(days=400 + day) for day in range(3)]
    assert kept(old, Rule(), NOW) == {old[0]}
    assert kept(old, Rule(minimum=2), NOW) == set(old[:2])
    assert kept(old, Rule(minimum=0), NOW) == {old[0]}
    assert kept([], Rule(), NOW) == set()


def test_what_seems_to_be_from_the_future_stays_up_to_a_bound() -> None:
    ahead = [NOW + timedelta(days=1, seconds=step) for step in range(1000)]
    past = [NOW - MINUTE, NOW - 2 * MINUTE]
    assert kept([*ahead, *past], Rule(), NOW) == {*ahead[-Rule().most :], *past}


def test_no_history_of_rounds_and_clocks_goes_below_the_minimum() -> None:
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    print(f"FREQOPS_SEED={seed}")  # noqa: T201
    drawn = random.Random(seed)  # noqa: S311  a sample
    for _ in range(HISTORIES):
        _live_through(drawn)


def _live_through(drawn: random.Random) -> None:
    minute, hour, day = (timedelta(seconds=drawn.randrange(0, 10 ** drawn.randrange(1, 7))) for _ in range(3))
    rule = Rule(minute, hour, day, drawn.randrange(0, 5), timedelta(seconds=drawn.choice((0, 30, 600))))
    now, present = NOW, set[datetime]()
    for _ in range(drawn.randrange(1, 40)):
        now += timedelta(seconds=drawn.choice((15, 60, 3600, 86400, 40 * 86400, -60, -86400, -400 * 86400)))
        if drawn.random() < 0.8:
            present.add(max([now, *(moment + timedelta(seconds=1) for moment in present)]))
        stays = kept(present, rule, now)
        newest = sorted(present)[-max(1, rule.minimum) :]
        assert stays <= present
        assert stays.issuperset(newest), (rule, now, sorted(present))
        assert kept(stays, rule, now) == stays, "asked again, nothing more goes"
        present = stays
