"""A dump counts where its manifest can be read and its files are there; whether they are sound is read byte by byte."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from freqops.core.backup.manifest import DATABASE, MANIFEST
from freqops.core.backup.store import Store, moment_of, stamp_of
from tests.unit.core.backup.dumped import BEGAN, lay


def _as_a_pipe(path: Path) -> None:
    (path / DATABASE).unlink()
    os.mkfifo(path / DATABASE)


LATER = BEGAN + timedelta(minutes=1)


def test_the_dumps_are_those_that_are_whole_the_oldest_first(tmp_path: Path) -> None:
    lay(tmp_path, LATER)
    lay(tmp_path)
    store = Store(tmp_path)
    assert [dump.stamp for dump in store.dumps()] == ["20260131T180000Z", "20260131T180100Z"]
    assert store.not_counted() == []
    newest = store.newest_sound()
    assert newest is not None
    assert newest.stamp == "20260131T180100Z"
    assert not store.damaged(newest)


def test_no_directory_is_no_dump(tmp_path: Path) -> None:
    store = Store(tmp_path / "none")
    assert (store.dumps(), store.not_counted(), store.newest_sound()) == ([], [], None)
    assert store.free_stamp(BEGAN) == "20260131T180000Z"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: (path / MANIFEST).unlink(), "manifest.json: it is missing"),
        (lambda path: (path / MANIFEST).write_text("{"), "manifest.json: it is not JSON"),
        (lambda path: (path / DATABASE).unlink(), "database: it is missing"),
        (lambda path: (path / DATABASE).write_bytes(b""), "database: it has 0 bytes, and had 12"),
        (
            lambda path: [(path / DATABASE).unlink(), (path / DATABASE).symlink_to("/dev/null")],
            "database: it is a link",
        ),
        (_as_a_pipe, "database: it is a FIFO"),
        (lambda path: path.rename(path.with_name(f".{path.name}.partial")), "it was not finished"),
        (lambda path: path.rename(path.with_name("20260131T180000")), "its name is not that of a dump"),
        (lambda path: path.rename(path.with_name("20260131T180060Z")), "its name is not that of a dump"),
    ],
)
def test_what_is_not_whole_does_not_count_and_is_named(
    tmp_path: Path, spoil: Callable[[Path], object], why: str
) -> None:
    spoil(lay(tmp_path))
    [line] = Store(tmp_path).not_counted()
    assert why in line
    assert Store(tmp_path).dumps() == []


def test_a_link_to_a_dump_is_none(tmp_path: Path) -> None:
    lay(tmp_path / "elsewhere")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "20260131T180000Z").symlink_to(tmp_path / "elsewhere" / "20260131T180000Z")
    assert Store(tmp_path / "here").not_counted() == ["20260131T180000Z: it is no directory"]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: (path / DATABASE).write_bytes(b"what it hel."), "/database: its bytes are not those"),
        (lambda path: (path / DATABASE).unlink(), "/database: it is missing"),
        (lambda path: (path / "more").write_bytes(b""), "/more: the manifest does not name it"),
        (lambda path: (path / "more").symlink_to("/etc"), "/more: the manifest does not name it"),
        (lambda path: (path / MANIFEST).write_text("{}"), "/manifest.json: a row has no format"),
        (
            lambda path: (path / MANIFEST).write_text((path / MANIFEST).read_text().replace("alpha", "beta")),
            "/manifest.json: it says something else than before",
        ),
    ],
)
def test_what_is_damaged_is_named(tmp_path: Path, spoil: Callable[[Path], object], why: str) -> None:
    path, store = lay(tmp_path), Store(tmp_path)
    [dump] = store.dumps()
    spoil(path)
    [line] = store.damaged(dump)
    assert line.startswith(dump.stamp + why)


def test_the_newest_sound_one_is_not_the_newest(tmp_path: Path) -> None:
    first, second = lay(tmp_path), lay(tmp_path, LATER)
    (second / DATABASE).write_bytes(b"what it hel.")
    store = Store(tmp_path)
    assert store.dumps()[-1].path == second, "it counts by its size"
    sound = store.newest_sound()
    assert sound is not None
    assert sound.path == first
    assert store.newest_sound(before=sound) is None


def test_a_name_is_never_taken_twice_and_never_before_another(tmp_path: Path) -> None:
    lay(tmp_path)
    store = Store(tmp_path)
    assert store.free_stamp(BEGAN) == "20260131T180001Z", "two in one second"
    assert store.free_stamp(BEGAN - timedelta(days=1)) == "20260131T180001Z", "the clock was set back"
    (tmp_path / ".20260131T180001Z.partial").mkdir()
    assert store.free_stamp(BEGAN) == "20260131T180002Z", "one that another process makes"
    assert store.free_stamp(LATER) == "20260131T180100Z"


def test_a_name_says_its_moment() -> None:
    assert moment_of(stamp_of(BEGAN)) == BEGAN.replace(microsecond=0)
    assert moment_of("20260131T1800Z") is None
