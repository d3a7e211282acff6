"""The note that a bot moved away: what it forbids, and that a spoilt one forbids as much."""

from __future__ import annotations

from pathlib import Path

import pytest

from freqops.core.base.kinds import Malformed
from freqops.core.halt import moved
from freqops.core.halt.moved import Moved

NOTE = Moved("prod-2", "20260102T030405Z-migrate_host-9f3c21", "2026-01-02T03:04:05Z")


def test_a_bot_without_a_note_is_resumed(tmp_path: Path) -> None:
    assert moved.load(tmp_path, "alpha") is None
    assert moved.why_not_resumed(tmp_path, "alpha") == ""


def test_a_note_says_where_the_bot_is_and_how_it_comes_back(tmp_path: Path) -> None:
    moved.write(tmp_path, "alpha", NOTE)
    assert moved.load(tmp_path, "alpha") == NOTE
    why = moved.why_not_resumed(tmp_path, "alpha")
    assert "moved to prod-2 at 2026-01-02T03:04:05Z" in why
    assert "action=undo" in why
    assert moved.elsewhere(tmp_path, "alpha").endswith(": its account is in the hands of that host")
    assert moved.elsewhere(tmp_path, "beta") == ""
    assert moved.why_not_resumed(tmp_path, "beta") == ""
    assert moved.place(tmp_path, "alpha").stat().st_mode & 0o777 == 0o600


def test_a_note_that_was_taken_back_is_gone_and_taking_it_back_twice_is_no_fault(tmp_path: Path) -> None:
    moved.take_back(tmp_path, "alpha")
    moved.write(tmp_path, "alpha", NOTE)
    moved.take_back(tmp_path, "alpha")
    assert moved.why_not_resumed(tmp_path, "alpha") == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"version": 2, "to": "prod-2", "incident": "one", "at": "2026-01-02T03:04:05Z"}',
        '{"version": 1, "to": "prod-2", "incident": "one"}',
        '{"version": 1, "to": "prod-2", "incident": "one", "at": "yesterday"}',
        '{"version": 1, "to": "prod-2", "incident": "..", "at": "2026-01-02T03:04:05Z"}',
        '{"version": 1, "to": "prod-2", "incident": "one", "at": "2026-01-02T03:04:05Z", "to": "paper-1"}',
    ],
)
def test_a_spoilt_note_forbids_a_resume_too(tmp_path: Path, text: str) -> None:
    place = moved.place(tmp_path, "alpha")
    place.parent.mkdir()
    place.write_text(text)
    with pytest.raises(Malformed):
        moved.load(tmp_path, "alpha")
    assert "is not known" in moved.why_not_resumed(tmp_path, "alpha")
    assert "is not known" in moved.elsewhere(tmp_path, "alpha")


def test_a_link_in_the_place_of_a_note_forbids_a_resume_too(tmp_path: Path) -> None:
    moved.write(tmp_path, "beta", NOTE)
    moved.place(tmp_path, "alpha").symlink_to(moved.place(tmp_path, "beta"))
    assert "is not known" in moved.why_not_resumed(tmp_path, "alpha")
