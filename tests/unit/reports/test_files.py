"""Pages in a directory: their names, the one script file that they share, and what is written again."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from freqops.core.base.errors import Refused
from freqops.reports import drawn, files
from tests.support import run_documents as documents


def test_pages_of_a_directory_share_one_script_file(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "reports"
    first = files.write_page(folder, documents.run(3))
    second = files.write_comparison(folder, [documents.run(3), documents.run(4)])
    assert sorted(path.name for path in folder.iterdir()) == sorted([first.name, second.name, "plotly.min.js"])
    assert first.name == "research-1-backtest-20260102T030405Z-0a1b2c.html"
    assert (folder / "plotly.min.js").read_text() == drawn.library()
    assert all('src="plotly.min.js"' in path.read_text() for path in (first, second))
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_what_is_as_it_should_be_is_not_written_again(tmp_path: Path) -> None:
    files.write_page(tmp_path, documents.run(3))
    before = {path: path.stat() for path in tmp_path.iterdir()}
    files.write_page(tmp_path, documents.run(3))
    assert {path: path.stat().st_ino for path in tmp_path.iterdir()} == {
        path: status.st_ino for path, status in before.items()
    }


def test_a_script_file_of_another_release_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "plotly.min.js").write_text("alert(1)")
    files.write_page(tmp_path, documents.run(3))
    assert (tmp_path / "plotly.min.js").read_text() == drawn.library()


@pytest.mark.parametrize(
    ("host", "run"),
    [
        ("", "../../etc/x"), ("..", "x"), ("a", "a/b"), ("", ""), ("", ".hidden"), ("a", "x" * 500), (None, None),
        ("a", "hp:Class:1700000000:00001"), ("a\x00", "b"), ("a", "b\n"),
    ],
)  # fmt: skip
def test_a_name_that_is_none_of_a_file_becomes_another(tmp_path: Path, host: str | None, run: str | None) -> None:
    path = files.write_page(tmp_path / "reports", documents.run(0, host=host, id=run))
    assert path.parent == tmp_path / "reports"
    assert path.name.startswith("run-")
    assert len(path.name) == len("run-0123456789ab.html")
    assert [each.name for each in tmp_path.iterdir()] == ["reports"]


def test_different_runs_have_different_pages(tmp_path: Path) -> None:
    runs = [documents.run(0, id=name) for name in ("a/b", "a/c", "ab")]
    assert len({files.write_page(tmp_path, run) for run in runs}) == 3
    pairs = [(runs[0], runs[1]), (runs[1], runs[0]), (runs[0], runs[2])]
    assert len({files.write_comparison(tmp_path, pair) for pair in pairs}) == 3


def test_a_comparison_that_is_refused_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        files.write_comparison(tmp_path / "reports", [documents.run(0)])
    assert list(tmp_path.iterdir()) == []


def test_a_mailed_page_has_nothing_beside_it(tmp_path: Path) -> None:
    path = files.write_page(tmp_path, documents.run(3), self_contained=True)
    assert list(tmp_path.iterdir()) == [path]
    assert drawn.library() in path.read_text()
