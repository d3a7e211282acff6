"""A directory that holds exactly what it should."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from freqops.core.deploy import tree

WANTED = {"config.json": "{}", "strategies/S.py": "code"}


def test_it_is_made_so_and_then_differs_no_more(tmp_path: Path) -> None:
    assert tree.differing(tmp_path, WANTED) == sorted(WANTED)
    tree.write(tmp_path, WANTED, sorted(WANTED))
    assert tree.differing(tmp_path, WANTED) == []
    assert (tmp_path / "strategies/S.py").stat().st_mode & 0o777 == 0o444


def test_what_is_no_text_is_written_and_compared_byte_by_byte(tmp_path: Path) -> None:
    wanted = {"user_files/levels.bin": b"\xff\0\r\n", "user_files/text.csv": b"a,b\r\n"}
    tree.write(tmp_path, wanted, tree.differing(tmp_path, wanted))
    assert {name: (tmp_path / name).read_bytes() for name in wanted} == wanted
    assert tree.differing(tmp_path, wanted) == []
    assert tree.differing(tmp_path, {**wanted, "user_files/levels.bin": b"\xff\0\n"}) == ["user_files/levels.bin"]


def test_what_somebody_changed_or_put_there_is_found(tmp_path: Path) -> None:
    tree.write(tmp_path, WANTED, sorted(WANTED))
    (tmp_path / "strategies/S.py").chmod(0o644)
    (tmp_path / "strategies/S.py").write_text("other code")
    (tmp_path / "strategies/S.json").write_text("{}")
    (tmp_path / "validated").touch()
    (tmp_path / "link").symlink_to("/nowhere")
    assert tree.differing(tmp_path, WANTED) == ["strategies/S.py"]
    found = tree.foreign(tmp_path, WANTED, ("validated",))
    assert found == ["link", "strategies/S.json"]
    tree.remove(tmp_path, [*found, "gone already"])
    assert tree.foreign(tmp_path, WANTED, ("validated",)) == []


def test_its_directories_come_before_what_is_in_them() -> None:
    files = ["bot.json", "python/freqops/core/halt/holds.py", "python/freqops/__init__.py", "strategies/S.py"]
    assert tree.directories(files) == [
        "python",
        "python/freqops",
        "python/freqops/core",
        "python/freqops/core/halt",
        "strategies",
    ]


def test_a_text_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff")
    assert [tree.text(tmp_path / name) for name in ("bytes", "gone", ".")] == [None, None, None]


def test_a_directory_is_made_and_mended_once(tmp_path: Path) -> None:
    if os.getuid() not in {0, os.getgid()}:
        pytest.skip("this user has no group of the same number, so a directory cannot be given to both")
    place, owner = tmp_path / "a" / "b", os.getuid()
    assert not tree.is_own_directory(place, owner)
    assert [tree.own_directory(place, owner), tree.own_directory(place, owner)] == [True, False]
    place.chmod(0o777)
    assert not tree.is_own_directory(place, owner)
    assert tree.own_directory(place, owner) is True
    assert place.stat().st_mode & 0o7777 == 0o755
    assert tree.is_own_directory(place, owner)
