"""Whoever has a file open is found, by whatever name it called it."""

from __future__ import annotations

import os
from pathlib import Path

from freqops.core.takeover import open_file


def test_a_file_that_is_open_has_its_holder(tmp_path: Path) -> None:
    path, link = tmp_path / "t.sqlite", tmp_path / "link"
    path.write_text("")
    os.link(path, link)
    wanted = open_file.identity(os.getpid(), str(path))
    assert wanted is not None
    assert os.getpid() not in open_file.holders(wanted)
    with link.open():
        assert "pytest" in open_file.holders(wanted)[os.getpid()]


def test_a_file_that_is_not_there_has_no_identity(tmp_path: Path) -> None:
    assert open_file.identity(os.getpid(), str(tmp_path / "nothing")) is None


def test_a_process_that_ends_while_it_is_looked_at_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "self").mkdir()
    assert open_file.holders((1, 2), tmp_path) == {}
