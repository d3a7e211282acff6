"""How old the last passed drill is, and what its report says."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.halt import halt_drill
from tests.unit.fakes import START

EXERCISE = {
    "exercise": "level 1", "expected": "proven", "said": "HALTED, PROVEN", "acknowledged_s": 0.5, "proven_s": 6.0,
    "seconds": None, "passed": True,
}  # fmt: skip


def paper(name: str, days: float | None, undrilled: float | None = None) -> dict[str, Any]:
    return {"bot": name, "mode": "paper", "drill_days": days, "undrilled_days": undrilled}


@pytest.mark.parametrize(
    ("bots", "overdue", "words"),
    [
        ([], False, ""),
        ([{"bot": "gamma", "mode": "live", "drill_days": None}], False, ""),
        ([paper("alpha", None)], True, "NO DRILL has ever passed here"),
        ([paper("alpha", None, 35.1)], True, "NO DRILL has ever passed here"),
        ([paper("alpha", None, 5.0), paper("beta", None)], True, "NO DRILL has ever passed here"),
        (
            [paper("alpha", None, 5.0), paper("beta", None, 0.0)],
            False,
            "no drill has passed here yet, and 30 days are left for it; drill.yml rehearses the halt",
        ),
        ([paper("alpha", 35.0)], False, "last drill passed 35 days ago, by alpha"),
        ([paper("alpha", 35.1)], True, "NO DRILL has passed here for 35 days"),
        ([paper("alpha", 90.0), paper("beta", 2.0)], False, "last drill passed 2 days ago, by beta"),
    ],
)
def test_beyond_35_days_a_host_has_to_be_drilled(bots: list[dict[str, Any]], overdue: bool, words: str) -> None:
    assert halt_drill.overdue(bots)[0] == overdue
    assert halt_drill.overdue(bots)[1].startswith(words)
    assert bool(halt_drill.overdue(bots)[1]) == bool(words)


def test_what_passed_is_found_again(tmp_path: Path) -> None:
    halt_drill.note_passed(tmp_path, "one", START)
    assert halt_drill.days_since(tmp_path, START + timedelta(days=3)) == 3.0
    assert halt_drill.days_since(tmp_path, START - timedelta(hours=3)) == 0.0


def test_a_new_bot_has_its_time_until_it_passed(tmp_path: Path) -> None:
    assert halt_drill.days_undrilled(tmp_path, START) is None
    halt_drill.note_deployed(tmp_path, START)
    assert halt_drill.days_since(tmp_path, START) is None
    assert halt_drill.days_undrilled(tmp_path, START + timedelta(days=3)) == 3.0
    assert halt_drill.days_undrilled(tmp_path, START - timedelta(days=3)) is None, "a clock was wrong"
    halt_drill.note_passed(tmp_path, "one", START)
    assert halt_drill.days_undrilled(tmp_path, START) is None


def test_what_passed_in_the_future_has_not_passed(tmp_path: Path) -> None:
    """A clock was wrong, then or now; it must not stay green for as long."""
    halt_drill.note_passed(tmp_path, "one", START)
    assert halt_drill.days_since(tmp_path, START - timedelta(days=3)) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"passed_at": "lately"}), json.dumps({"passed_at": 5})])
def test_what_cannot_be_read_has_not_passed(tmp_path: Path, text: str) -> None:
    (tmp_path / halt_drill.FILE).write_text(text)
    assert halt_drill.days_since(tmp_path, START) is None


def test_the_page_has_a_row_for_each_exercise_and_nobody_writes_into_it() -> None:
    bad = {"bot": "beta", "exercises": [], "passed": False, "detail": ["it said `\n# PASSED`"]}
    good = {"bot": "alpha", "exercises": [EXERCISE], "passed": True, "detail": []}
    page = halt_drill.page("one", "why", "ann@control", [("paper-1", good), ("paper-1", bad)], START)
    assert "**NOT PASSED**" in page
    assert "HALTED, PROVEN" in page
    assert [line for line in page.splitlines() if line.startswith("# ")] == ["# Drill one"]
    assert "**PASSED**" in halt_drill.page("one", "why", "ann@control", [("paper-1", good)], START)
    assert "**NOT PASSED**" in halt_drill.page("one", "why", "ann@control", [], START)
