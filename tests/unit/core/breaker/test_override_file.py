"""An override permits for a day at most, and what is not certainly one permits nothing."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.clock import iso
from freqops.core.breaker import override_file
from tests.unit.fakes import START

ME = os.getuid()
HOUR = START + timedelta(hours=1)
GOOD = override_file.document("ann@desk", "the report", HOUR)


def read(tmp_path: Path, document: Any, now: Any = START) -> override_file.Override:
    path = tmp_path / "override.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return override_file.read(path, now, owner=ME)


def test_it_is_in_force_until_its_end(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD)
    assert (found.in_force, found.who, found.reason, found.until, found.readable) == (
        *(True, "ann@desk", "the report", HOUR),
        True,
    )
    assert found.why == f"runs may start in spite of the breaker until {iso(HOUR)}, by ann@desk: the report"
    over = read(tmp_path, GOOD, HOUR)
    assert (over.in_force, over.readable) == (False, True)
    assert "lapsed" in over.why


@pytest.mark.parametrize(("ahead", "permitted"), [(timedelta(hours=24), True), (timedelta(hours=24, seconds=1), False)])
def test_its_end_is_at_most_a_day_ahead(tmp_path: Path, ahead: timedelta, permitted: bool) -> None:
    found = read(tmp_path, override_file.document("ann", "why", START + ahead))
    assert (found.in_force, found.readable) == (permitted, permitted)
    assert permitted or "is 24.0 h ahead, more than 24 h" in found.why


def test_a_clock_that_was_set_back_makes_no_longer_one(tmp_path: Path) -> None:
    late = override_file.document("ann", "why", START + timedelta(hours=23, minutes=30))
    assert read(tmp_path, late).in_force
    assert not read(tmp_path, late, START - timedelta(hours=1)).in_force


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        *(("", "it is empty"), ("{", "it is not JSON"), ([], "it is not an object"), ({}, "it is not an object")),
        ({**GOOD, "active": True}, "it is not an object of until_iso, who and reason"),
        ({**GOOD, "until_iso": None}, "until_iso is null, not text"),
        ({**GOOD, "until_iso": "tomorrow"}, "'tomorrow' is not a moment"),
        ({**GOOD, "who": " "}, 'who is " ", not text'),
        ({**GOOD, "reason": 1}, "reason is 1, not text"),
        (json.dumps(GOOD).replace("{", '{"who": "bob", '), "it says 'who' twice"),
    ],
)
def test_what_is_not_understood_permits_nothing(tmp_path: Path, document: Any, fault: str) -> None:
    found = read(tmp_path, document)
    assert (found.in_force, found.readable, found.until) == (False, False, None)
    assert fault in found.why


def test_a_missing_one_and_one_of_somebody_else_permit_nothing(tmp_path: Path) -> None:
    missing = override_file.read(tmp_path / "override.json", START, owner=ME)
    assert (missing.in_force, missing.readable) == (False, True)
    read(tmp_path, GOOD)
    stranger = override_file.read(tmp_path / "override.json", START, owner=ME + 1)
    assert (stranger.in_force, stranger.readable) == (False, False)
    (tmp_path / "link").symlink_to("override.json")
    assert not override_file.read(tmp_path / "link", START, owner=ME).in_force
