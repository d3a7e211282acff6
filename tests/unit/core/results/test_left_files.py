"""Which files of results belong together."""

from __future__ import annotations

import pytest

from freqops.core.results import left_files
from freqops.core.results.left_files import Left
from tests.unit.core.results import left

ONE, TWO = "backtest-result-2026-01-01_10-00-00", "backtest-result-2026-01-01_10-00-01"


@pytest.mark.parametrize("release", left.RELEASES)
def test_each_release(release: str) -> None:
    place = left.FIXTURES / release
    found, odd = left_files.backtests(path.name for path in (place / "backtest_results").iterdir())
    assert [each.result for each in found] == [path.name for path in left.backtests(release)]
    beside = {"2024.11": (".meta.json", "_market_change.feather")}.get(release, (".meta.json",))
    for each in found:
        assert each.others == tuple(f"{each.result.rpartition('.')[0]}{end}" for end in beside)
    assert odd == []
    names = [path.name for path in (place / "hyperopt_results").iterdir()]
    assert left_files.hyperopts(names) == ([Left(left.hyperopt(release).name)], [])


def test_what_belongs_to_a_result_is_none_of_its_own() -> None:
    names = [f"{ONE}.zip", f"{ONE}.meta.json", f"{ONE}.json", f"{ONE}_config.json", f"{ONE}_Mine.json", f"{TWO}.json"]
    found, odd = left_files.backtests([*names, f"{TWO}_signals.pkl", f"{TWO}.meta.json"])
    assert found == [
        Left(f"{ONE}.zip", (f"{ONE}.json", f"{ONE}.meta.json", f"{ONE}_Mine.json", f"{ONE}_config.json")),
        Left(f"{TWO}.json", (f"{TWO}.meta.json", f"{TWO}_signals.pkl")),
    ]
    assert odd == []


def test_what_lacks_its_half_or_has_no_name_is_said_and_no_pointer_is_looked_at() -> None:
    names = [".last_result.json", ".prune-x.zip", f"{ONE}.meta.json", "a\nb.zip", "notes.txt", "x" * 300 + ".zip"]
    found, odd = left_files.backtests(names)
    assert found == []
    assert [each.rpartition(": ")[2] for each in odd] == [
        "no run gives a file such a name", "no run gives a file such a name", "its result is missing",
    ]  # fmt: skip
    assert left_files.foreign(["notes.txt", ".x", f"{ONE}.zip", left_files.CACHE], [Left(f"{ONE}.zip")]) == [
        "notes.txt"
    ]
    assert left_files.hyperopts([".x.fthypt", "x.fthypt", "x.pkl"]) == ([Left("x.fthypt")], [])
