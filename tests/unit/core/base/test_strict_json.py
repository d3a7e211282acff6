"""JSON that decides is read strictly: a plain file, bounded, that says each thing once."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from freqops.core.base import strict_json
from freqops.core.base.strict_json import Missing, Unreadable

MOST = 64


def test_what_is_plain_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text('{"a": [1, 2.5, null, true, "x"]}')
    assert strict_json.load(tmp_path / "file", MOST) == {"a": [1, 2.5, None, True, "x"]}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "empty"),
        (b"{", "not JSON"),
        (b"\xff", "UTF-8"),
        (b"\0", "not JSON"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": {"b": 1, "b": 1}}', "twice"),
        (b'{"a": NaN}', "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b" " * (MOST + 1), "more than 64"),
        (b'{"a": 1}' + b" " * MOST, "more than 64"),
    ],
)
def test_anything_else_is_unreadable(tmp_path: Path, text: bytes, why: str) -> None:
    (tmp_path / "file").write_bytes(text)
    with pytest.raises(Unreadable, match=why):
        strict_json.load(tmp_path / "file", MOST)


def test_as_deep_as_no_parser_goes_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        strict_json.parse(b"[" * 100_000)


def test_what_is_no_plain_file_is_neither_followed_nor_waited_for(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("{}")
    (tmp_path / "link").symlink_to("elsewhere")
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for name in ("link", "directory", "pipe", "socket", "nothing", "elsewhere/below"):
            with pytest.raises(Unreadable):
                strict_json.load(tmp_path / name, MOST)
    with pytest.raises(Unreadable, match="not a plain file"):
        strict_json.load(Path("/dev/zero"), MOST)


def test_only_where_nothing_is_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Missing, match=r"^it is missing$"):
        strict_json.load(tmp_path / "nothing", MOST)
    (tmp_path / "link").symlink_to("nothing")
    (tmp_path / "file").write_text("")
    for name in ("link", "file", "file/below"):
        with pytest.raises(Unreadable) as raised:
            strict_json.load(tmp_path / name, MOST)
        assert not isinstance(raised.value, Missing)
