"""A watch wakes whoever waits when the file changes, in whichever way, and for nothing else."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from freqops.hostctl.breaker import watch as watching
from freqops.hostctl.breaker.watch import Watch

NAME = "circuit_breaker.json"
LONG, SHORT = 60.0, 0.05


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    (tmp_path / NAME).write_text("{}")
    with Watch(NAME) as made:
        made.add(tmp_path)
        yield made


def moved(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("{}")
    other.rename(path)


def edited(path: Path) -> None:
    subprocess.run(["sed", "-i", "s/{}/[]/", str(path)], check=True)


CHANGES: dict[str, Callable[[Path], object]] = {
    "written": lambda path: path.write_text("[]"),
    "moved into place": moved,
    "edited": edited,
    "removed": lambda path: path.unlink(),
    "moved away": lambda path: path.rename(path.with_name("gone")),
    "made unreadable": lambda path: path.chmod(0),
    "touched": os.utime,
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_wakes_whoever_waits(watch: Watch, tmp_path: Path, name: str) -> None:
    CHANGES[name](tmp_path / NAME)
    while not watch.wait(LONG):
        pass
    while watch.wait(SHORT):  # a change may be told in parts
        pass
    assert not watch.blind


def test_whoever_waits_already_is_woken(watch: Watch, tmp_path: Path) -> None:
    woken = threading.Event()
    waiting = threading.Thread(target=lambda: woken.set() if watch.wait(LONG) else None)
    waiting.start()
    moved(tmp_path / NAME)
    waiting.join(LONG)
    assert woken.is_set() or watch.wait(LONG)  # the other file came first


def test_other_files_wake_nobody(watch: Watch, tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("")
    assert not watch.wait(LONG)
    assert not watch.wait(SHORT)


def test_several_directories_are_watched_and_one_that_is_new_again(watch: Watch, tmp_path: Path) -> None:
    second = tmp_path / "second"
    for _ in range(2):
        second.mkdir()
        watch.add(second)
        (second / NAME).write_text("{}")
        assert watch.wait(LONG)
        (second / NAME).unlink()
        second.rmdir()


def test_what_the_kernel_lost_count_of_may_have_been_the_file(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = watching.HEAD.pack(-1, watching.OVERFLOW, 0, 0)
    monkeypatch.setattr(os, "read", lambda *_: lost)
    assert watch._named()


def test_a_directory_that_is_not_there_is_looked_for_every_second(
    watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", SHORT)
    watch.add(tmp_path / "none")
    assert watch.blind
    assert not watch.wait(LONG)
    (tmp_path / "none").mkdir()
    watch.add(tmp_path / "none")
    assert not watch.blind


def test_a_kernel_without_watches_is_looked_at_every_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", SHORT)
    with Watch(NAME) as blind:
        os.close(blind._descriptor)
        blind._descriptor = -1
        blind.add(tmp_path)
        assert blind.blind
        assert not blind.wait(LONG)
