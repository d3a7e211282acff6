"""The runs of the registry: how one ends, which are listed, what hangs on them, and what the drawdown guard counts."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.clock import iso
from freqops.core.base.errors import Refused
from freqops.core.results.archive_file import ResultUnreadable
from freqops.core.results.artifacts import Artifact
from freqops.core.results.hyperopt_file import Epoch
from freqops.core.runs import registry, registry_migration, run_gate
from freqops.core.runs.registry import Registry
from freqops.core.runs.run_gate import Question, Slots
from freqops.core.runs.run_records import Adopted, Begun, Filters, Page
from freqops.core.runs.run_rows import DRAWDOWN
from tests.unit.fakes import FakeClock

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DAY = timedelta(days=1)
ARTIFACTS = (Artifact("a.zip", "user_data/runs/one/output/a.zip", "a" * 64), Artifact("log", "x/log", "b" * 64))


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Registry]:
    path = registry.place(tmp_path)
    registry_migration.prepare(path, FakeClock(), os.getuid())
    with registry.opened(path, write=True, owner=os.getuid()) as present:
        yield present


def epochs(number: int) -> list[Epoch]:
    return [Epoch(each, 10.0 / each, True, each, 0.01, {"x": each}, {"sharpe": 1.0}) for each in range(1, number + 1)]


def test_an_end_says_all_that_a_run_left_as_one(kept: Registry) -> None:
    begun = {"actor": "ann", "seed": 7, "command_json": "[]", "overridden": "the load"}
    kept.begin_run(Begun("one", "hyperopt", AT, "Mine", begun))
    more = {"duration_s": 86400.0, "peak_memory_bytes": 2**33, "end_reason": "done", "gap_profit_share": -0.5}
    kept.end_run("one", "finished", AT + DAY, {"loss": 1.0}, more=more, artifacts=ARTIFACTS, epochs=epochs(3))
    row = kept.run("one")
    assert row is not None
    assert {name: row[name] for name in {**begun, **more}} == {**begun, **more}
    assert (row["status"], row["source"], row["finished_utc"]) == ("finished", "run", iso(AT + DAY))
    assert kept.run_rows().metrics("one") == {"loss": 1.0}
    assert tuple(kept.run_rows().artifacts("one")) == ARTIFACTS
    assert list(kept.run_rows().epochs("one")) == epochs(3)
    assert [each.number for each in kept.run_rows().epochs("one", 2)] == [2, 3], "those with the smallest loss"


def broken() -> Iterator[Epoch]:
    yield from epochs(2)
    raise ResultUnreadable("line 3: it is cut off")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"epochs": broken()}, ResultUnreadable),
        ({"epochs": [*epochs(2), *epochs(1)]}, Refused),
        ({"artifacts": [*ARTIFACTS, ARTIFACTS[0]]}, Refused),
        ({"artifacts": [Artifact("x", "x", "short")]}, Refused),
        ({"more": {"nothing": 1}}, Refused),
        ({"more": {"status": "finished"}}, Refused),
        ({"more": {"source": "indexed"}}, Refused),
        ({"more": {"seed": 1.5}}, Refused),
        ({"more": {"duration_s": "long"}}, Refused),
        ({"more": {"config_sha256": "x"}}, Refused),
    ],
)
def test_an_end_of_which_one_part_is_not_taken_is_not_taken_at_all(
    kept: Registry, given: dict[str, Any], error: type[Exception]
) -> None:
    kept.begin_run(Begun("one", "hyperopt", AT, "Mine"))
    with pytest.raises(error):
        kept.end_run("one", "finished", AT + DAY, {"loss": 1.0}, **given)
    row = kept.run("one")
    assert row is not None
    assert (row["status"], row["finished_utc"]) == ("started", None)
    assert [kept.rows()[name] for name in ("metrics", "artifacts", "epochs")] == [0, 0, 0]
    kept.end_run("one", "finished", AT + DAY, {"loss": 1.0})


def test_a_loss_that_is_not_known_is_kept_as_such(kept: Registry) -> None:
    kept.begin_run(Begun("one", "hyperopt", AT, "Mine"))
    kept.end_run("one", "stopped", AT, {}, epochs=[Epoch(1, math.nan, False, 0, math.nan), *epochs(3)[1:]])
    found = list(kept.run_rows().epochs("one"))
    assert math.isnan(found[0].loss)
    assert math.isnan(found[0].profit)
    assert [each.number for each in kept.run_rows().epochs("one", 1)] == [3]


def adopted(run: str, day: int, drawdown: float, **more: Any) -> Adopted:
    begins = AT + day * DAY
    given: dict[str, Any] = {"strategy": "Mine", "kind": "backtest", "status": "finished", **more}
    return Adopted(run, given["kind"], given["status"], given["strategy"], begins, begins + DAY / 2,
                   {"host": "h"}, {DRAWDOWN: drawdown}, ARTIFACTS)  # fmt: skip


def test_what_is_adopted_again_is_unchanged_or_as_it_is_now(kept: Registry) -> None:
    assert kept.adopt_run(adopted("one", 1, 0.1)) is True
    assert kept.adopt_run(adopted("one", 1, 0.1)) is False
    assert kept.adopt_run(adopted("one", 1, 0.2)) is True
    assert kept.run_rows().metrics("one") == {DRAWDOWN: 0.2}
    assert kept.rows()["runs"] == 1
    kept.begin_run(Begun("two", "backtest", AT))
    with pytest.raises(Refused, match="that freqops began"):
        kept.adopt_run(adopted("two", 1, 0.1))
    with pytest.raises(Refused, match="has no max_drawdown_account from 0 to 1"):
        kept.adopt_run(adopted("one", 1, 33.0))
    assert kept.run_rows().metrics("one") == {DRAWDOWN: 0.2}, "it is as it was"


def ended(kept: Registry, run: str, day: int, drawdown: float, strategy: str = "Mine") -> None:
    kept.begin_run(Begun(run, "backtest", AT + day * DAY, strategy))
    kept.end_run(run, "finished", AT + day * DAY + DAY / 2, {DRAWDOWN: drawdown})


def judged(kept: Registry, strategy: str, count: int) -> list[str]:
    """Return why the run gate forbids a backtest of a strategy, from a drawdown of 20 % on."""

    class Off:
        active, reason = False, ""

    found = kept.drawdowns(strategy, count)
    return list(run_gate.judge(Question("backtest", strategy, Off(), False, 0.2, found, slots=Slots(0, None))).reasons)


def test_the_drawdown_guard_counts_what_was_indexed_and_what_was_run_by_their_execution(kept: Registry) -> None:
    ended(kept, "one", 1, 0.30)
    assert judged(kept, "Mine", 1) == ["recent_drawdown_exceeded: 0.3 (from 0.2 on)"]
    kept.adopt_run(adopted("a" * 40, 2, 0.01))
    assert kept.drawdowns("Mine", 2) == [0.01, 0.30]
    assert judged(kept, "Mine", 1) == [], "the indexed one ran later"
    assert judged(kept, "Mine", 2) == ["recent_drawdown_exceeded: 0.3 (from 0.2 on)"]
    kept.adopt_run(adopted("b" * 40, 3, 0.25))
    assert judged(kept, "Mine", 1) == ["recent_drawdown_exceeded: 0.25 (from 0.2 on)"]
    ended(kept, "two", 4, 0.02)
    assert kept.drawdowns("Mine", 4) == [0.02, 0.25, 0.01, 0.30]
    assert judged(kept, "Mine", 1) == []
    kept.adopt_run(adopted("c" * 40, 0, 0.9))
    assert judged(kept, "Mine", 1) == [], "taken last, executed first"
    kept.adopt_run(adopted("d" * 40, 9, 0.9, strategy="Other"))
    kept.adopt_run(adopted("hp:Mine:1", 9, 0.9, kind="hyperopt", status="unknown"))
    assert judged(kept, "Mine", 1) == [], "another strategy, and no backtest"
    assert judged(kept, "Other", 1) == ["recent_drawdown_exceeded: 0.9 (from 0.2 on)"]


def test_what_is_listed_is_what_is_wanted_the_latest_execution_first(kept: Registry) -> None:
    for day in (3, 1, 2):
        ended(kept, f"of-{day}", day, 0.01)
    kept.adopt_run(adopted("a" * 40, 9, 0.1, strategy="Other"))
    kept.begin_run(Begun("goes-on", "hyperopt", AT + 5 * DAY, "Mine", {"bot": "alpha"}))

    def ids(page: Page = Page(), **filters: str) -> list[str]:  # noqa: B008  frozen
        rows, total = kept.runs(Filters(**filters), page)
        assert total == len(kept.runs(Filters(**filters), Page(1, 100))[0])
        return [row["id"] for row in rows]

    assert ids() == ["a" * 40, "goes-on", "of-3", "of-2", "of-1"]
    assert ids(strategy="Mine", kind="backtest") == ["of-3", "of-2", "of-1"]
    assert ids(status="started") == ids(bot="alpha") == ids(kind="hyperopt") == ["goes-on"]
    assert ids(since=iso(AT + 2 * DAY), until=iso(AT + 3 * DAY)) == ["of-3", "of-2"]
    assert [ids(Page(number, 2)) for number in (1, 2, 3, 4)] == [["a" * 40, "goes-on"], ["of-3", "of-2"], ["of-1"], []]
    [row] = kept.runs(Filters(strategy="Other"), Page())[0]
    assert row["metrics"] == {DRAWDOWN: 0.1}


def test_a_run_is_removed_with_all_that_hangs_on_it(kept: Registry) -> None:
    kept.begin_run(Begun("one", "hyperopt", AT, "Mine"))
    with pytest.raises(Refused, match="goes on"):
        kept.remove_run("one")
    kept.end_run("one", "finished", AT, {"loss": 1.0}, artifacts=ARTIFACTS, epochs=epochs(3))
    kept.remove_run("one")
    assert sum(kept.rows().values()) == 0
    with pytest.raises(Refused, match="has no run one"):
        kept.remove_run("one")
