"""Of any fleet, however sick, every bot that is reported proven really is, and every other one is named."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from typing import Any

import pytest

from tests.halt_model.fleets import AILMENTS, HEALTHY, Fleet, fleet, untrue_later
from tests.halt_model.host import ModelHost
from tests.halt_model.protocol import NOT_PROVEN, PROVEN

# A tenth in every run; the whole takes minutes and is asked for.
FLEETS = 1_000 if os.environ.get("FREQOPS_PROVE") == "1" else 100
WELL = ("HALTED, PROVEN", "FLAT, PROVEN")


def judge(host: ModelHost, drawn: Fleet) -> list[str]:
    """Return what is wrong with the answer for a fleet."""
    assert drawn.crew is not None
    rows: dict[str, dict[str, Any]] = {row["bot"]: row for row in drawn.answer["bots"]}
    wrong = [*host.wrong, *untrue_later(host, drawn)]
    if set(rows) != set(drawn.ailments):
        wrong.append(f"rows for {sorted(rows)}")
    all_proven = all(row["proven"] for row in rows.values())
    if drawn.crew.status != (PROVEN if all_proven else NOT_PROVEN) or drawn.answer["proven"] != all_proven:
        wrong.append(f"exit status {drawn.crew.status}, {drawn.answer['proven']}")
    for name, row in rows.items():
        if row["proven"] != (row["verdict"] in WELL):
            wrong.append(f"{name}: {row['verdict']}, proven {row['proven']}")
        if not row["proven"] and not row["detail"]:
            wrong.append(f"{name}: nothing is said of what is missing")
        if drawn.ailments[name] == HEALTHY and not row["proven"]:
            wrong.append(f"{name} is healthy: {row['verdict']} {row['detail']}")
    return wrong


def test_every_bot_that_is_reported_proven_really_is(capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    seen: Counter[str] = Counter()
    for number in range(FLEETS):
        host = ModelHost()
        try:
            drawn = fleet(host, seed, number)
            wrong = judge(host, drawn)
        finally:
            host.close()
        assert wrong == [], f"FREQOPS_SEED={seed}, fleet {number}, level {drawn.level}: {drawn.ailments}"
        rows = {row["bot"]: row for row in drawn.answer["bots"]}
        seen["bots"] += len(rows)
        seen["proven"] += sum(row["proven"] for row in rows.values())
        seen["whole fleets proven"] += drawn.crew is not None and drawn.crew.status == PROVEN
        seen.update(drawn.ailments.values())
    with capsys.disabled():
        print(f"\nfleets of stub bots: {FLEETS}, seed {seed}; {dict(seen.most_common())}")  # noqa: T201
    assert seen["proven"] > 0
    assert seen["proven"] < seen["bots"], "not one bot was sick"
    assert 0 < seen["whole fleets proven"] < FLEETS
    assert [ailment for ailment in AILMENTS if seen[ailment] < 3] == [], "each at each level"
