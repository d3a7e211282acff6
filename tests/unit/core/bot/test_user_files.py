"""The mount point of the files that a strategy reads: in a directory that the bot may write, so nothing is believed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from freqops.core.bot import user_files


def test_nothing_is_in_the_way_of_a_bot_that_wrote_nothing_there(tmp_path: Path) -> None:
    assert user_files.in_the_way(tmp_path / "var") == ""
    (tmp_path / "var").mkdir()
    assert user_files.in_the_way(tmp_path / "var") == ""
    (tmp_path / "var" / "user_files").mkdir()
    assert user_files.in_the_way(tmp_path / "var") == ""
    (tmp_path / "file").touch()
    assert user_files.in_the_way(tmp_path / "file") == ""


@pytest.mark.parametrize("kind", ["file", "link", "dangling", "fifo"])
def test_what_is_no_directory_is_in_the_way_and_never_followed(tmp_path: Path, kind: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    place = tmp_path / "user_files"
    made: dict[str, Callable[[], None]] = {
        "file": place.touch,
        "link": lambda: place.symlink_to(tmp_path / "elsewhere"),
        "dangling": lambda: place.symlink_to(tmp_path / "gone"),
        "fifo": lambda: os.mkfifo(place),
    }
    made[kind]()
    assert user_files.in_the_way(tmp_path) == (
        f"{place} is there and no directory, so user_files cannot be mounted there: move it away"
    )
    before = (tmp_path / "elsewhere").stat()
    assert user_files.make_mount_point(tmp_path, os.getuid() + 1) is False
    assert (tmp_path / "elsewhere").stat() == before


def test_a_mount_point_is_made_once_and_what_is_there_keeps_its_owner(tmp_path: Path) -> None:
    owner = os.getuid() if os.getuid() == os.getgid() else pytest.skip("this user has no group of the same number")
    assert [user_files.make_mount_point(tmp_path, owner) for _ in range(2)] == [True, False]
    place = tmp_path / "user_files"
    assert (place.stat().st_uid, place.stat().st_mode & 0o7777) == (owner, 0o755)
    place.chmod(0o700)
    assert user_files.make_mount_point(tmp_path, owner + 1) is False
    assert (place.stat().st_uid, place.stat().st_mode & 0o7777) == (owner, 0o700)


def test_var_itself_may_be_no_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "var").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="var"):
        user_files.make_mount_point(tmp_path / "var", os.getuid())
    assert list((tmp_path / "elsewhere").iterdir()) == []
