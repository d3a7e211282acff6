"""Which snapshot is meant: what a choice may be, and what a beginning of an id means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from freqops.core.backup import snapshot_choice
from freqops.core.backup.manifest import File
from freqops.core.backup.snapshot import Snapshot
from freqops.core.base.errors import Refused
from freqops.core.bot.database_contents import SQLITE, Recorded
from tests.unit.core.backup.dumped import BEGAN, manifest

NUMBERS = ["ab" * 32, "abababab" + "cd" * 28, "12345678" + "0" * 56]


@pytest.mark.parametrize("text", ["latest", "12345678", "ab" * 32, "2026-01-31T18:00:00Z", "2026-01-31 18:00"])
def test_a_choice_is_understood(text: str) -> None:
    assert snapshot_choice.understood(text) == text


@pytest.mark.parametrize("text", ["", "Latest", "1234567", "ab" * 33, "2026-01-31", "../x", "12345678\n", "١٢٣٤٥٦٧٨"])
def test_what_is_no_choice_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(Refused, match="is none of 'latest', the id of a snapshot or at least 8 digits"):
        snapshot_choice.understood(text)


def test_a_beginning_means_one_id_or_is_refused() -> None:
    assert snapshot_choice.named(NUMBERS, "12345678") == NUMBERS[2]
    assert snapshot_choice.named(NUMBERS, "ababababc") == NUMBERS[1]
    with pytest.raises(Refused, match=f"2 of its 3 snapshots begin with abababab: {NUMBERS[0]}, {NUMBERS[1]}"):
        snapshot_choice.named(NUMBERS, "abababab")
    with pytest.raises(Refused, match="0 of its 3 snapshots begin with 00000000"):
        snapshot_choice.named(NUMBERS, "00000000")


def test_latest_and_a_moment_mean_no_id() -> None:
    assert snapshot_choice.named(NUMBERS, "latest") is None
    assert snapshot_choice.until("latest") is None
    assert snapshot_choice.until("2026-01-31T18:00:00Z") == datetime(2026, 1, 31, 18, tzinfo=UTC)


def test_a_snapshot_of_a_bot_that_never_ran_is_not_chosen() -> None:
    ran = manifest(File("database", 3, "0" * 64))
    never = replace(ran, contents=Recorded(SQLITE, {}))
    found = Snapshot("paper-1", BEGAN, BEGAN, ("trades",), {"alpha": ran, "beta": never}, (), {}, (), ())
    assert snapshot_choice.unfit(found, "alpha", "paper-1") == ""
    assert "has no table: of a bot that never ran" in snapshot_choice.unfit(found, "beta", "paper-1")
