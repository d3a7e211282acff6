"""The answer of a vacuum, as lines."""

from __future__ import annotations

from typing import Any

from freqops.core.maintenance import vacuum_answer

MEBIBYTE = 1024 * 1024


def figures(size: int, wasted: int | None) -> dict[str, Any]:
    table = {"name": "trades", "size": size, "wasted": wasted, "rows": 7}
    return {"size": 2 * size, "log": 0, "oldest": 5, "measured_by": "pgstattuple", "free": 0, "wasted": wasted,
            "tables": [table]}  # fmt: skip


ROW: dict[str, Any] = {
    "bot": "alpha", "outcome": "vacuumed in full", "proven": True, "changed": True, "level": 1,
    "database": "postgresql+psycopg2://freqops-postgres:5432/alpha_paper",
    "before": figures(4 * MEBIBYTE, 2 * MEBIBYTE),
    "after": figures(MEBIBYTE, 0), "acts": [{"what": "trades", "done": True, "said": "", "seconds": 0.5}],
    "detail": ["read back"],
}  # fmt: skip


def test_figures_stand_before_and_after_for_the_whole_and_each_table() -> None:
    whole, tables = "\n".join(vacuum_answer.lines([ROW], full=True)).split("\n\n")
    assert whole.splitlines()[2].split("  ")[0] == "alpha"
    assert "alpha_paper" in whole
    assert "8.0 MiB -> 2.0 MiB" in whole
    assert "2.0 MiB -> 0.0 MiB" in whole
    assert "5 -> 5" in whole
    assert tables.splitlines()[2].split() == [
        *("alpha", "trades", "4.0", "MiB", "->", "1.0", "MiB", "2.0", "MiB", "->", "0.0", "MiB", "7", "->", "7", "0.5")
    ]
    assert tables.splitlines()[3] == "alpha: read back"


def test_online_no_table_was_locked() -> None:
    assert list(vacuum_answer.lines([ROW], full=False))[-2].endswith("7 -> 7  -")


def test_what_is_not_known_and_what_was_refused_have_no_figures() -> None:
    unknown = {**ROW, "before": figures(1, None), "after": figures(1, 0)}
    assert any("unknown -> 0.0 MiB" in line for line in vacuum_answer.lines([unknown], full=False))
    gone = {**ROW, "after": {**figures(1, 0), "tables": []}}
    assert any(" trades  4.0 MiB" in line for line in vacuum_answer.lines([gone], full=False))
    refused = {**ROW, "before": None, "after": None, "acts": [], "database": "", "outcome": "refused", "proven": False}
    lines = list(vacuum_answer.lines([refused], full=True))
    assert lines[2].split() == ["alpha", "refused", "NO", "1", "-", "-", "-", "-", "-"]
    assert lines[3:] == ["alpha: read back"]
