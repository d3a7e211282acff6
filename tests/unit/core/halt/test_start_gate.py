"""The decision of the start gate."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from freqops.core.halt import holds, start_gate

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def hold(level: int) -> holds.Hold:
    return holds.Hold("halt", level, "why", "ann@host", "one", 0, "")


def write(conf: Path, held: holds.Holds, state: Any) -> None:
    conf.mkdir(exist_ok=True)
    (conf / "holds.json").write_text(json.dumps(held.to_json()))
    (conf / "state.json").write_text(json.dumps(state))


def test_the_gate_opens_where_nothing_holds(tmp_path: Path) -> None:
    write(tmp_path, holds.Holds(), {"initial_state": "running"})
    assert start_gate.verdict(tmp_path) is None


@pytest.mark.parametrize("state", ["paused", "stopped"])
def test_at_level_1_a_bot_may_start_into_rest(tmp_path: Path, state: str) -> None:
    write(tmp_path, holds.Holds().raised(hold(1), NOW), {"initial_state": state})
    assert start_gate.verdict(tmp_path) is None


@pytest.mark.parametrize("state", [{"initial_state": "running"}, {}, [], None, {"initial_state": None}])
def test_at_level_1_it_may_not_start_into_anything_else(tmp_path: Path, state: Any) -> None:
    write(tmp_path, holds.Holds().raised(hold(1), NOW), state)
    assert "held at level 1" in (start_gate.verdict(tmp_path) or "")
    (tmp_path / "state.json").unlink()
    assert "held at level 1" in (start_gate.verdict(tmp_path) or "")


def test_at_level_3_it_says_why(tmp_path: Path) -> None:
    write(tmp_path, holds.Holds().raised(hold(3), NOW), {"initial_state": "paused"})
    assert start_gate.verdict(tmp_path) == "held at level 3: why (one)"


@pytest.mark.parametrize("content", [None, b"", b"{", b"[" * 60000, b'{"version": 1}'])
def test_unreadable_holds_are_level_3(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "holds.json").write_bytes(content)
    assert "this counts as level 3" in (start_gate.verdict(tmp_path) or "")
