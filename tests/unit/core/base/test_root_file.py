"""A directory in which others can put a file is refused; for the files themselves see test_breaker_file.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from freqops.core.base import root_file
from freqops.core.base.root_file import Untrusted


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "directory"
    path.mkdir(mode=0o755)
    return path


def test_a_directory_of_this_user_is_its_own(path: Path) -> None:
    assert root_file.is_own_directory(path)
    root_file.check_directory(path, os.geteuid())


def test_a_directory_of_root_is_as_good_as_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert root_file.is_own_directory(Path("/"))


def test_none_is_not_there(tmp_path: Path) -> None:
    assert not root_file.is_own_directory(tmp_path / "nothing")
    with pytest.raises(Untrusted, match=r"^its directory cannot be read: "):
        root_file.check_directory(tmp_path / "nothing", os.geteuid())


def test_a_directory_of_another_user_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == root_file.ROOT_UID:
        os.chown(path, 1234, -1)
    other = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: other + 1)
    with pytest.raises(Untrusted, match=f"belongs to user {other}, not to user {other + 1}: chown {other + 1}: {path}"):
        root_file.is_own_directory(path)
    with pytest.raises(Untrusted, match=f"its directory belongs to user {other}, not to user {other + 1}"):
        root_file.check_directory(path, other + 1)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("a link", "is a link, not a directory: move .* away"),
        ("a file", "is a plain file, not a directory: move .* away"),
        ("a FIFO", "is a FIFO, not a directory: move .* away"),
        ("writable by its group", r"can be written by others \(mode 0775\): chmod go-w "),
        ("writable by all", r"can be written by others \(mode 1777\): chmod go-w "),
    ],
)
def test_what_is_not_this_users_own_directory_is_refused(path: Path, kind: str, why: str) -> None:
    if kind.startswith("writable"):
        path.chmod({"writable by its group": 0o775, "writable by all": 0o1777}[kind])
    else:
        path.rmdir()
        (path.parent / "elsewhere").mkdir()
        if kind == "a link":
            path.symlink_to("elsewhere")
        elif kind == "a file":
            path.touch()
        else:
            os.mkfifo(path)
    with pytest.raises(Untrusted, match=f"^{path} {why}"):
        root_file.is_own_directory(path)
    if kind != "a link":  # which is followed: the directory that it leads to is the one that is judged
        with pytest.raises(Untrusted, match=f"^its directory {why}"):
            root_file.check_directory(path, os.geteuid())
