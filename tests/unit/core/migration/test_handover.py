"""What is handed over: every field is checked where it arrives, and no byte of the file is lost between pieces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base.errors import Refused
from freqops.core.base.kinds import Malformed
from freqops.core.halt.holds import Hold, Holds
from freqops.core.migration import handover
from freqops.core.migration.handover import Handover
from tests.unit.hostctl.backup.dumped import Field

HOLDS = Holds(2, (Hold("halt", 1, "a person said so", "ann", "two", 2, "2026-01-02T03:04:05Z"),))


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a host hands over, as it arrives."""
    field = Field(tmp_path, monkeypatch)
    manifest = json.loads((field.home / "dumps" / "rolling" / field.stamp / "manifest.json").read_text())
    return {
        "version": 1, "host": "paper-1", "bot": "alpha", "stamp": field.stamp, "incident": "one", "manifest": manifest,
        "holds": HOLDS.to_json(), "orders": [{"client_id": "x", "id": "7"}],
    }  # fmt: skip


def test_what_arrives_is_what_was_handed_over(document: dict[str, Any]) -> None:
    given_over = Handover.read(document)
    assert given_over.to_json() == document
    assert given_over.holds == HOLDS
    assert given_over.size == document["manifest"]["files"][0]["size"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", 2), ("host", "a b"), ("host", ""), ("bot", "../alpha"), ("bot", "beta"), ("stamp", "../etc"),
        ("incident", "../../etc"), ("manifest", {}), ("holds", {}), ("holds", {"version": 1, "seq": 0, "holds": [{}]}),
        ("orders", [{}]), ("orders", ["x"]), ("more", 1),
    ],
)  # fmt: skip
def test_what_is_not_exactly_that_is_refused(document: dict[str, Any], name: str, value: object) -> None:
    with pytest.raises(Malformed):
        Handover.read({**document, name: value})


def test_a_manifest_with_another_file_is_refused(document: dict[str, Any]) -> None:
    more = {"path": "conf/holds.json", "size": 1, "sha256": "0" * 64}
    document["manifest"]["files"].append(more)
    with pytest.raises(Malformed, match="more files"):
        Handover.read(document)


@given(size=st.integers(0, 5 * handover.PIECE))
def test_the_pieces_are_the_whole_file_each_after_the_other(size: int) -> None:
    pieces = list(handover.pieces(size))
    assert [offset for offset, _ in pieces] == [number * handover.PIECE for number in range(len(pieces))]
    assert sum(length for _, length in pieces) == size


@given(data=st.binary(max_size=300))
def test_a_piece_comes_through(data: bytes) -> None:
    assert handover.unpacked(handover.packed(data), len(data)) == data


@pytest.mark.parametrize("text", [None, 7, "no base64!", "YWJj\n", "YWJj", ""])
def test_what_is_no_piece_of_this_length_is_refused(text: object) -> None:
    with pytest.raises(Refused):
        handover.unpacked(text, 4)
