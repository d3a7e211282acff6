"""A configuration as Freqtrade reads it: comments, a comma at the end; everything else is refused at its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base.errors import Refused
from scripts import commented_json

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc/*,{}", max_size=5), inner, max_size=4),
)  # fmt: skip


def test_comments_of_both_kinds_and_a_comma_at_the_end_are_read() -> None:
    text = """
// first
{ /* a "quoted
   word" */ "a": 1, // not "b": 2,
  "url": "https://x/*y*/z", "list": [1, 2.5e1, -0, ], "escaped": "\\"\\u20ac//", "e": {}, "n": null, "t": true,
}
// last"""
    expected = {
        "a": 1,
        "url": "https://x/*y*/z",
        "list": [1, 25.0, 0],
        "escaped": '"€//',
        "e": {},
        "n": None,
        "t": True,
    }
    assert commented_json.parse(text, "config.json") == expected


@given(st.dictionaries(st.text("abc", max_size=3), VALUES, max_size=4), st.sampled_from([None, 1]))
def test_plain_json_is_what_it_is_for_python(value: dict[str, Any], indent: int | None) -> None:
    assert commented_json.parse(json.dumps(value, indent=indent), "config.json") == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "1: no value where one is needed"),
        ("[1]", "1: it is no object"),
        ("\n\n3", "3: it is no object"),
        ('{\n"a": 1,\n"b": {"c": 1,\n"c": 2}}', "4: it says 'c' twice, on line 3, too"),
        ('{"a": 1\n"b": 2}', "2: neither a comma nor } behind a value"),
        ('{"a": [1 2]}', "1: neither a comma nor ] behind a value"),
        ('{"a" 1}', "1: no colon behind the name 'a'"),
        ("{a: 1}", "1: no name in double quotes"),
        ("{,}", "1: no name in double quotes"),
        ('{"a": [,]}', "1: no value where one is needed"),
        ('{"a": [1,,]}', "1: no value where one is needed"),
        ('{"a": }', "1: no value where one is needed"),
        ('{"a": 1} {}', "1: something stands behind the end"),
        ('{"a": 1', "1: neither a comma nor }"),
        ('{"a": "1', "1: a text or a comment without its end"),
        ('{"a": "1\n"}', "1: a text or a comment without its end"),
        ('{\n/* "a": 1}', "2: a text or a comment without its end"),
        ("{'a': 1}", "1: a text or a comment without its end"),
        ('{"a": "\\x"}', "1: a text with an escape that is none"),
        ('{"a": "\\ud800"}', "1: a text with an escape that is none"),
        ('{"a": NaN}', "1: neither a number nor"),
        ('{"a": -Infinity}', "1: neither a number nor"),
        ('{"a": 1e999}', "1: neither a number nor"),
        ('{"a": 01}', "1: neither a number nor"),
        ('{"a": True}', "1: neither a number nor"),
        (f'{{"a": {"9" * 5000}}}', "1: neither a number nor"),
        ('{"a": ' + "[" * 100 + "]" * 100 + "}", "1: it is nested more than 64 times"),
    ],
)
def test_what_is_no_configuration_is_refused_at_its_line(text: str, why: str) -> None:
    with pytest.raises(Refused) as refusal:
        commented_json.parse(text, "config.json")
    assert str(refusal.value).startswith(f"config.json:{why}")


def test_what_stands_there_is_never_said() -> None:
    for text in ('{"key": "hunter22" "b": 1}', '{"key": hunter22}', '{"key": "hunter22\\x"}', '{"key": hunter22$}'):
        with pytest.raises(Refused) as refusal:
            commented_json.parse(text, "config.json")
        assert "hunter22" not in str(refusal.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    latin, long = tmp_path / "latin.json", tmp_path / "long.json"
    latin.write_bytes(b'{"a": "\xe9"}')
    long.write_text(" " * (commented_json.LONGEST + 1))
    found = []
    for path in (tmp_path / "absent.json", tmp_path, latin, long):
        with pytest.raises(Refused) as refusal:
            commented_json.load(path)
        found.append(str(refusal.value).removeprefix(str(tmp_path)))
    assert found == [
        "/absent.json cannot be read: No such file or directory",
        " cannot be read: Is a directory",
        "/latin.json is no text in UTF-8",
        "/long.json is longer than 1048576 bytes; is it a configuration?",
    ]
