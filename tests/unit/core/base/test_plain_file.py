"""A plain file is read whole and bounded, and whatever stands or comes in its place is not."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import plain_file
from freqops.core.base.errors import Refused
from freqops.core.base.plain_file import NotRead

MOST = 64


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


def swapped(monkeypatch: pytest.MonkeyPatch, path: Path, put: Callable[[], object]) -> None:
    """Put something else in the place of ``path``, after it was looked at and before it is opened."""
    opened = os.open

    def late(name: Any, flags: int, *arguments: Any, **how: Any) -> int:
        if name == path:
            path.unlink()
            put()
        return opened(name, flags, *arguments, **how)

    monkeypatch.setattr(os, "open", late)


def test_up_to_its_bound_it_is_read(path: Path) -> None:
    for size in (0, 1, MOST):
        path.write_bytes(b"x" * size)
        assert plain_file.read(path, MOST) == b"x" * size
    path.write_bytes(b"x" * (MOST + 1))
    with pytest.raises(NotRead, match=r"^it has 65 bytes, more than 64$"):
        plain_file.read(path, MOST)


def test_from_a_directory_on_it_is_read(path: Path) -> None:
    directory = os.open(path.parent, os.O_PATH)
    try:
        assert plain_file.read(Path(path.name), MOST, directory=directory) == b"content"
    finally:
        os.close(directory)


def test_what_the_disk_gives_in_pieces_is_read_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = io.FileIO.read

    class Pieces(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return whole(self, min(2, size or 0))

    monkeypatch.setattr(os, "fdopen", lambda descriptor, *_, **__: Pieces(descriptor))
    assert plain_file.read(path, MOST) == b"content"


@pytest.mark.parametrize("name", ["nothing", "nothing/below"])
def test_where_nothing_is_it_is_not_found(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        plain_file.read(tmp_path / name, MOST)


@pytest.mark.parametrize("name", ["file/below", "a\0b", "x" * 300])
def test_a_place_where_none_can_be_is_not_read(path: Path, name: str) -> None:
    with pytest.raises(NotRead, match=r"^it cannot be read: "):
        plain_file.read(path.parent / name, MOST)


def test_a_link_that_took_its_place_meanwhile_is_not_followed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path.parent / "elsewhere").write_bytes(b"of others")
    swapped(monkeypatch, path, lambda: path.symlink_to("elsewhere"))
    with pytest.raises(NotRead, match=r"^it cannot be read: "):
        plain_file.read(path, MOST)


def test_what_took_its_place_meanwhile_is_judged_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(found: os.stat_result) -> None:
        if found.st_size != len(b"content"):
            raise Refused("of others")

    assert plain_file.read(path, MOST, judge) == b"content"
    swapped(monkeypatch, path, lambda: path.write_bytes(b"another content"))
    with pytest.raises(Refused, match="of others"):
        plain_file.read(path, MOST, judge)


def test_what_is_not_wanted_is_not_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(_found: os.stat_result) -> None:
        raise Refused("not wanted")

    monkeypatch.setattr(os, "open", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(Refused, match="not wanted"):
        plain_file.read(path, MOST, judge)
