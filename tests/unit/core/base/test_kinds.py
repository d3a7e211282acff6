"""Values in what others wrote: which are of a kind, and that an odd one is never taken."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.base import kinds

NAN, INFINITE, HUGE = float("nan"), float("inf"), 10**400


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (kinds.text, ["", "a"], [None, 1, True, ["a"], {}]),
        (kinds.truth, [True, False], [None, 0, 1, "yes", "true"]),
        (kinds.number, [0, -1, 1.5], [None, True, "1", NAN, INFINITE, -INFINITE, HUGE, -HUGE]),
        (kinds.count, [0, 7], [None, True, -1, 1.0, 1.5, HUGE, NAN]),
        (kinds.seconds, [None, 0, 1.5], [True, -0.1, "1", NAN, INFINITE, HUGE]),
        (kinds.item, [None, "a", True, 1.5], [[], {}, NAN, HUGE]),
        (kinds.flat, [{}, {"a": 1, "b": None}], [None, [], {"a": []}, {"a": {}}, {"a": NAN}]),
        (kinds.list_of(kinds.text), [[], ["a"]], [None, "a", {}, [1], ["a", None]]),
        (kinds.or_none(kinds.text), [None, "a"], [1]),
        (kinds.having(pid=kinds.count), [{"pid": 1}, {"pid": 1, "more": []}], [None, {}, {"pid": "1"}, []]),
        (kinds.having(age=kinds.seconds), [{"age": None}], [{}]),
    ],
)
def test_a_value_is_of_its_kind_or_not(kind: kinds.Kind, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if not kind(value)] == []
    assert [value for value in bad if kind(value)] == []


def test_what_is_odd_is_named_in_a_few_visible_words() -> None:
    with pytest.raises(kinds.Malformed) as caught:
        kinds.value({"level": "\x1b[2J" * 1000}, "level", kinds.count)
    assert str(caught.value).startswith(r"level is '\x1b[2J")
    assert len(str(caught.value)) < 150
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("document", "said"),
    [([], "is no object"), (None, "is no object"), ({}, "has no bot"), ({"bot": 7}, "bot is '7'")],
)
def test_a_row_has_what_each_must_have(document: object, said: str) -> None:
    with pytest.raises(kinds.Malformed, match=said):
        kinds.checked(document, {"bot": kinds.text}, ("bot",))


def test_a_name_that_is_not_known_is_left_out() -> None:
    assert kinds.checked({"bot": "a", "more": 1}, {"bot": kinds.text, "mode": kinds.text}, ("bot",)) == {"bot": "a"}


def test_two_rows_for_one_bot_are_refused() -> None:
    kinds.refuse_twice(["a", "b"])
    with pytest.raises(kinds.Malformed, match="2 rows for a"):
        kinds.refuse_twice(["a", "b", "a"])
