"""The files that a deploy brings from the control node: which, and which of them it refuses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.preflight.fleet import DeclaredBot
from freqops.plays import brought_files

ROOT = Path(__file__).parents[3]


def write(root: Path, *names: str, text: str = "") -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def judged(inventory_dir: Path, **entry: Any) -> list[str]:
    bot = DeclaredBot("paper-1", 0, {"name": "alpha", "mode": "paper", "strategy": "S", **entry}, {})
    return [refusal.line for refusal in brought_files.judge(bot, str(inventory_dir), ROOT)]


# --- those of a strategy


def test_of_a_strategy_its_files_are_brought_and_those_of_directories_below(tmp_path: Path) -> None:
    wanted = ["S.json", "S.py", "helpers/__init__.py", "helpers/deep/levels.json", "helpers/levels.py"]
    hidden = [".hidden.py", ".git/x.py", "helpers/.cache/x.py", "__pycache__/S.py", "helpers/__pycache__/levels.py"]
    others = [
        "notes.md",
        "data/x.csv",
        "venv/pyvenv.cfg",
        "venv/lib/x.py",
        "helpers/env/pyvenv.cfg",
        "helpers/env/x.py",
    ]
    write(tmp_path, *wanted, *hidden, *others)
    assert list(brought_files.strategy_files(tmp_path)) == wanted
    assert brought_files.left_out(tmp_path) == dict.fromkeys(("helpers/env", "venv"), "a virtual environment")
    assert brought_files.strategy_texts(tmp_path / "nothing") == {}
    assert brought_files.left_out(tmp_path / "nothing") == {}


def test_a_link_to_a_file_is_followed_and_one_to_a_directory_is_not(tmp_path: Path) -> None:
    elsewhere = write(tmp_path / "elsewhere", "levels.py", text="x = 1")
    place = write(tmp_path / "mine", "S.py", "helpers/__init__.py")
    (place / "helpers" / "levels.py").symlink_to(elsewhere / "levels.py")
    (place / "helpers" / "more").symlink_to(elsewhere)
    (place / "loop").symlink_to(place)
    (place / "gone.py").symlink_to(elsewhere / "gone.py")
    texts = brought_files.strategy_texts(place)
    assert texts == {"S.py": "", "helpers/__init__.py": "", "helpers/levels.py": "x = 1"}
    assert brought_files.left_out(place) == {"helpers/more": "a link", "loop": "a link"}


def test_more_files_than_a_strategy_can_have_are_refused(tmp_path: Path) -> None:
    write(tmp_path, *(f"helpers/m{number}.py" for number in range(500)))
    assert len(brought_files.strategy_files(tmp_path)) == 500
    write(tmp_path, "S.py")
    with pytest.raises(Refused, match="has more than 500 files to bring; lead strategy_dir to a directory"):
        brought_files.strategy_files(tmp_path)


def test_larger_files_than_a_strategy_can_have_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "S.py", text="x" * 2**20)
    write(tmp_path, "deep/data.json", text="x" * 7 * 2**20)
    assert len(brought_files.strategy_files(tmp_path)) == 2
    write(tmp_path, "deep/more.json", text="x")
    with pytest.raises(Refused, match="have more than 8 MiB; lead strategy_dir to a directory"):
        brought_files.strategy_files(tmp_path)


@pytest.mark.parametrize("name", ["a\nb.py", "a\x1b[31m.py", os.fsdecode(b"\xff.py")])
def test_a_name_that_cannot_be_shown_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"helpers/{name}")
    with pytest.raises(Refused, match="give it a name of characters that are shown") as refused:
        brought_files.strategy_files(tmp_path)
    assert str(refused.value).isprintable()


def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, "S.py")
    (tmp_path / "b.py").write_bytes(b"\xff")
    with pytest.raises(Refused, match=r"b\.py is no text; write it in UTF-8"):
        brought_files.strategy_texts(tmp_path)


@pytest.mark.parametrize("name", ["S.py", "helpers"])
def test_what_may_not_be_read_is_refused_by_name(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root reads everything, so the error is made up here."""
    write(tmp_path, "S.py", "helpers/levels.py")
    opened, listed = Path.read_text, os.scandir

    def denied(path: Any) -> Any:
        if str(path) == str(tmp_path / name):
            raise PermissionError(13, "Permission denied", str(path))
        return path

    monkeypatch.setattr(Path, "read_text", lambda path, **more: opened(denied(path), **more))
    monkeypatch.setattr(os, "scandir", lambda path: listed(denied(path)))
    with pytest.raises(Refused, match=rf"{name} cannot be read: Permission denied; let this account read it"):
        brought_files.strategy_texts(tmp_path)


def test_what_cannot_be_brought_is_refused_for_its_bot_before_anything_is_touched(tmp_path: Path) -> None:
    assert judged(tmp_path) == []
    write(tmp_path, "mine/S.py")
    assert judged(tmp_path, strategy_dir="mine") == []
    (tmp_path / "mine" / "S.py").write_bytes(b"\xff")
    [line] = judged(tmp_path, strategy_dir="mine")
    assert line == f"paper-1 alpha: strategy_dir: {tmp_path}/mine/S.py is no text; write it in UTF-8"


# --- those that a strategy reads


def test_all_files_that_a_strategy_reads_are_brought_as_they_are(tmp_path: Path) -> None:
    contents = {"deep/model.bin": b"\xff\0\r\n", "levels.csv": b"BTC,1\r\n", "pyvenv.cfg": b"no environment"}
    for name, content in {**contents, ".hidden": b"", ".git/x": b"", "__pycache__/x.pyc": b""}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "again.csv").symlink_to("levels.csv")
    assert brought_files.user_contents(tmp_path) == {**contents, "again.csv": contents["levels.csv"]}


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda at: (at / "out.csv").symlink_to("/etc/hostname"), r"out\.csv is a link that leads out of .*; put the"),
        (lambda at: (at / "gone.csv").symlink_to(at / "gone"), r"gone\.csv is no file that could be brought; take it"),
        (lambda at: (at / "more").symlink_to(at / "deep"), r"more is a link to a directory; put the directory itself"),
        (lambda at: (at / "etc").symlink_to("/etc"), "etc is a link to a directory; put the directory itself"),
        (lambda at: os.mkfifo(at / "deep" / "fifo"), "fifo is no file that could be brought; take it away"),
        (lambda at: write(at, "a\nb"), "give it a name of characters that are shown"),
        (lambda at: write(at, *(f"deep/{number}" for number in range(500))), "more than 500 files to bring; take out"),
        (lambda at: write(at, "large", text="x" * 16 * 2**20), "have more than 16 MiB; take out what its strategy"),
    ],
)
def test_what_cannot_be_read_by_a_strategy_is_refused(tmp_path: Path, make: Any, why: str) -> None:
    write(tmp_path, "levels.csv", "deep/levels.csv", text="x")
    assert judged(tmp_path.parent, user_files=tmp_path.name) == []
    make(tmp_path)
    with pytest.raises(Refused, match=why):
        brought_files.user_contents(tmp_path)
    [line] = judged(tmp_path.parent, user_files=tmp_path.name)
    assert line.startswith("paper-1 alpha: user_files: ")


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.parent])
def test_a_directory_without_files_is_refused(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "read")
    [line] = judged(tmp_path, user_files="read")
    assert line == (
        f"paper-1 alpha: user_files: no files in {tmp_path}/read; "
        "lead user_files to a directory that has some, or leave it out"
    )


def test_the_files_that_a_bot_reads_are_among_its_files(tmp_path: Path) -> None:
    write(tmp_path, "mine/S.py", "mine/helpers/levels.py", "read/levels.csv")
    entry = {"name": "a", "strategy_dir": "mine", "user_files": "read"}
    found = brought_files.of_bot(entry, str(tmp_path), ROOT)
    assert found == [tmp_path / name for name in ("mine/S.py", "mine/helpers/levels.py", "read/levels.csv")]
