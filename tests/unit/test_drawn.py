"""Of the longest files some run; all that is asked for by somebody who works on them, and all in `make prove`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.drawn import draw

LONG = ("test_long.py", "test_longer.py", "test_longest.py")
ALL = ("test_short.py", *LONG, *LONG)


@dataclass
class Item:
    path: Path


@dataclass
class Config:
    """A run of pytest, as far as it is told what is left out."""

    gone: list[Any] = field(default_factory=list)

    @property
    def hook(self) -> Config:
        return self

    def pytest_deselected(self, items: list[Any]) -> None:
        self.gone += items


def left(names: tuple[str, ...], most: int = 1, never: tuple[str, ...] = ()) -> list[str]:
    """Return the names of the files whose tests are left; none may be lost unsaid."""
    config, items = Config(), [Item(Path("molecule") / name) for name in names]
    run: list[Any] = list(items)
    draw(config, run, LONG, most, never)  # type: ignore[arg-type]
    assert len(run) + len(config.gone) == len(items)
    return [item.path.name for item in run]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FREQOPS_PROVE", "FREQOPS_SEED"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("most", [1, 2])
def test_some_are_drawn_whole_and_the_others_run(most: int) -> None:
    for _ in range(20):
        found = left(ALL, most)
        assert found[0] == "test_short.py"
        assert len(found) == 1 + 2 * most
        assert len(set(found)) == 1 + most


def test_each_is_drawn_by_some_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    for seed in range(20):
        monkeypatch.setenv("FREQOPS_SEED", str(seed))
        assert left(ALL) == left(ALL), "a seed draws the same again"
        seen |= set(left(ALL))
    assert seen == set(ALL)


def test_what_is_never_drawn_runs_where_it_is_asked_for_alone() -> None:
    never = ("test_endless.py",)
    assert "test_endless.py" not in left((*ALL, *never), never=never)
    assert len(left((*LONG, *never), never=never)) == 1, "the whole scenario"
    assert left(never, never=never) == ["test_endless.py"]


def test_what_was_left_out_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    found = left(ALL)
    said = capsys.readouterr().out
    assert [name for name in LONG if name in said] == [name for name in LONG if name not in found]


def test_all_run_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert left(("test_longer.py",)) == ["test_longer.py"]
    assert left(("test_longer.py", "test_longest.py")) == ["test_longer.py", "test_longest.py"]
    monkeypatch.setenv("FREQOPS_PROVE", "1")
    assert left(ALL) == list(ALL)


def test_a_scenario_of_long_files_alone_is_drawn_from_as_a_whole() -> None:
    assert len(left(LONG)) == 1
