"""What is called unheld without parsing is what the rules call unheld, and what they write of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base import durable
from freqops.core.halt import holds
from freqops.core.halt.checksum import with_checksum
from freqops.core.halt.unheld import AFTER, BEFORE, unheld

HOLD = holds.Hold("halt", 1, "why", "ann", "one", 1, "2026-01-02T03:04:05Z")


def written(path: Path, held: holds.Holds) -> str:
    durable.write_atomic(path, with_checksum(durable.as_json(held.to_json())), 0o444)
    return str(path)


@pytest.mark.parametrize("seq", [0, 1, 9, 10, 2**63])
def test_an_empty_book_is_unheld_whatever_came_before(tmp_path: Path, seq: int) -> None:
    assert unheld(written(tmp_path / "holds.json", holds.Holds(seq)))


def test_no_flipped_bit_is_unheld(tmp_path: Path) -> None:
    path = tmp_path / "holds.json"
    data = Path(written(path, holds.Holds(7))).read_bytes()
    for place, byte in enumerate(data):
        for bit in range(8):
            path.chmod(0o644)
            path.write_bytes(data[:place] + bytes([byte ^ 1 << bit]) + data[place + 1 :])
            assert not unheld(str(path)), (place, bit)


def test_a_held_or_missing_one_is_not(tmp_path: Path) -> None:
    assert not unheld(written(tmp_path / "holds.json", holds.Holds(1, (HOLD,))))
    assert not unheld(str(tmp_path / "missing.json"))


@given(
    st.one_of(
        st.binary(max_size=80),
        st.builds(lambda seq: BEFORE + seq + AFTER, st.one_of(st.binary(max_size=30), st.from_regex(rb"[0-9]*\n?"))),
        st.builds(lambda seq: with_checksum(BEFORE + seq + AFTER), st.binary(max_size=30)),
        st.builds(lambda cut, more: (BEFORE + b"7" + AFTER)[:cut] + more, st.integers(0, 60), st.binary(max_size=3)),
    )
)
def test_no_bytes_are_unheld_that_the_rules_would_not_read_as_such(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "unheld.json"
    path.write_bytes(data)
    if unheld(str(path)):
        assert holds.load(path).level == 0
