"""An installed file is held against the one of which it is a copy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from freqops.core.deploy import installed


@pytest.mark.parametrize(
    ("one", "other", "line"),
    [("a\nb\n", "a\nc\n", 2), ("a\n", "a\nb\n", 2), ("", "a", 1), ("a", "a\n", 2), ("a\nb", "a", 2)],
)
def test_the_first_line_that_differs_is_named(one: str, other: str, line: int) -> None:
    assert installed.first_difference(one, other) == installed.first_difference(other, one) == line


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    wanted = tmp_path / "wanted"
    wanted.write_text("a")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(wanted)
    for name in ("pipe", "link", "nothing"):
        [said] = installed.differences(tmp_path / name, wanted, "the one")
        assert said == f"{name} is gone, or cannot be read; the next deploy puts back the one"
        assert "cannot be compared" in installed.differences(wanted, tmp_path / name, "the one")[0]
    assert installed.differences(wanted, wanted, "the one") == []
