"""The page of a security check: what does not pass stands first, and text of others is text."""

from __future__ import annotations

import pytest

from freqops.core.security import items
from freqops.core.security.row import ATTESTED, OK, RED, UNKNOWN, Row
from freqops.reports import security_page
from tests.unit.test_output import EVIL

MOMENT = "2026-06-01T12:00:00Z"


def test_a_page_of_what_passes_says_who_stands_for_what() -> None:
    said = Row(items.TWO_FACTORS, "alpha", ATTESTED, "a key of hardware (ann, until 2026-07-01)")
    page = security_page.page({"one": [Row(items.CLOCK, "", OK, "near"), said]}, MOMENT, [])
    assert "2 items, all as it must be" in page
    assert "What somebody stands for" in page
    assert "Not as it must be" not in page
    for item in items.ITEMS:
        assert item.name in page


@pytest.mark.parametrize("verdict", [RED, UNKNOWN])
def test_what_does_not_pass_stands_first_with_its_cure(verdict: str) -> None:
    page = security_page.page({"one": [Row(items.CLOCK, "", verdict, "far")]}, MOMENT, ["two: gone"])
    assert "1 item, 2 things not as it must be" in page
    assert page.index("Not as it must be") < page.index("Every item, and what was seen")
    assert "chronyc tracking" in page
    assert "two: gone" in page


def test_text_of_others_is_text() -> None:
    page = security_page.page({EVIL: [Row(items.CLOCK, "", RED, f"<script>{EVIL}")]}, MOMENT, [f"<b>{EVIL}"])
    assert "<script>" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "default-src 'none'" in page
    page.encode()
