"""What others say, on its way to people: nothing in it is obeyed by a terminal, and nothing in it hides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base.visible import LINE, ROOM, all_visible, page, visible

UNSEEN = {
    "\x00": r"\x00", "\x07": r"\x07", "\x08": r"\x08", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\x1b": r"\x1b",
    "\x7f": r"\x7f", "\x85": r"\x85", "\x9b": r"\x9b", "\xa0": r"\xa0", "\xad": r"\xad", "\u034f": r"\u034f",
    "\u061c": r"\u061c", "\u115f": r"\u115f", "\u200b": r"\u200b", "\u200d": r"\u200d", "\u200e": r"\u200e",
    "\u2028": r"\u2028", "\u2029": r"\u2029", "\u202a": r"\u202a", "\u202e": r"\u202e", "\u2066": r"\u2066",
    "\u2069": r"\u2069", "\u2800": r"\u2800", "\u3164": r"\u3164", "\ud800": r"\ud800",
    "\ufeff": r"\ufeff", "\uffa0": r"\uffa0", "\U000e0041": r"\U000e0041",
}  # fmt: skip
EVIL = "".join(UNSEEN)


@pytest.mark.parametrize(("char", "shown"), UNSEEN.items(), ids=[repr(char) for char in UNSEEN])
def test_what_cannot_be_seen_is_escaped(char: str, shown: str) -> None:
    assert visible(f"a{char}b") == f"a{shown}b"


@pytest.mark.parametrize("text", ["", "HALTED, PROVEN", "größer als 5 €", "\u4f60\u597d", "\U0001f600", "a\\b `c` |d|"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert visible(text) == text


@given(st.text(st.characters(exclude_categories=()), max_size=80), st.integers(1, 60))
def test_nothing_unseen_is_left_and_what_is_visible_stays(text: str, limit: int) -> None:
    shown = visible(text, limit)
    assert shown.isprintable()
    assert not set(shown) & set(EVIL)
    shown.encode()
    assert len(shown) <= limit + ROOM
    assert visible(shown, limit) == shown


@pytest.mark.parametrize("char", ["x", "\u202e"])
def test_what_is_very_long_is_cut_and_says_so(char: str) -> None:
    shown = visible(char * 1_000_000)
    assert len(shown) <= LINE + ROOM
    assert shown.endswith("… (1000000 characters)")
    assert len(visible(char * 20_000, None)) >= 20_000


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=30), min_size=1, max_size=5))
def test_a_page_has_as_many_lines_as_it_was_given(lines: list[str]) -> None:
    assert page(lines).split("\n") == [visible(line) for line in lines]
    assert len(page(lines).splitlines()) <= len(lines)


def test_every_text_of_a_document_is_made_visible() -> None:
    document = {"a\x1b": ["\n", {"b": "\u202e"}, ("\r",)], "n": 1.5, "t": True, "none": None}
    shown = {"a\\x1b": ["\\n", {"b": "\\u202e"}, ["\\r"]], "n": 1.5, "t": True, "none": None}
    assert all_visible(document) == shown
