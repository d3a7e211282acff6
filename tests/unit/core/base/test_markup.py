"""HTML of elements: what is no markup is escaped, wherever it stands."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.base.markup import Markup, element, escaped, joined


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("<script>", "&lt;script&gt;"),
        ("&lt;", "&amp;lt;"),
        ("\" onload='x'", "&quot; onload=&#x27;x&#x27;"),
        ("a\nb\r\u202e\u2028\u200b\x00\x1b", r"a\nb\r\u202e\u2028\u200b\x00\x1b"),
        ("\ud800", r"\ud800"),
        ({"<b>": 1}, "{&quot;&lt;b&gt;&quot;: 1}"),
        (7, "7"),
    ],
)
def test_the_text_of_others_is_escaped_in_content_and_attributes(given: Any, shown: str) -> None:
    assert element("td", given, title=given) == f'<td title="{shown}">{shown}</td>'
    assert escaped(given) == shown


def test_markup_is_taken_as_it_is_and_made_by_no_sum() -> None:
    inner = element("b", "x")
    assert element("p", inner, " & ") == "<p><b>x</b> &amp; </p>"
    assert joined([inner, "<"], ", ") == "<b>x</b>, &lt;"
    assert escaped(inner + "<i>") == "&lt;b&gt;x&lt;/b&gt;&lt;i&gt;"
    assert isinstance(joined([]), Markup)


def test_attributes_have_their_names_and_those_without_a_value_are_not_there() -> None:
    assert element("meta", http_equiv="x", class_="y", id=None, name="z") == '<meta http-equiv="x" class="y" name="z">'


def test_a_long_text_is_cut_and_its_length_said() -> None:
    assert element("p", "<" * 100_000) == f"<p>{'&lt;' * 10_000}… (100000 characters)</p>"
