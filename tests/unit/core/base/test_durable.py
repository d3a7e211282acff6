"""A file is the old one or the new one; a lock is waited for no longer than said."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from tests.unit.fakes import FakeClock


def test_a_reader_meets_the_old_content_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = {bytes([65 + n]) * 40_000 for n in range(4)}
    path.write_bytes(b"A" * 40_000)
    seen: set[bytes] = set()
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(40):
        for content in contents:
            durable.write_atomic(path, content, 0o644)
    over.set()
    reader.join(5)
    assert seen <= contents
    assert seen


@pytest.mark.parametrize("failing", ["os.fsync", "os.fchmod", "pathlib.Path.replace"])
def test_a_failing_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(failing, fail)
    with pytest.raises(OSError, match="No space"):
        durable.write_atomic(path, b"new", 0o644)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_its_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def recorded_fsync(descriptor: int) -> None:
        steps.append("sync directory" if Path(f"/proc/self/fd/{descriptor}").is_dir() else "sync file")
        fsync(descriptor)

    def recorded_replace(self: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "replace", recorded_replace)
    durable.write_atomic(tmp_path / "file", b"new", 0o640)
    assert steps == ["sync file", "rename", "sync directory"]
    assert (tmp_path / "file").stat().st_mode & 0o7777 == 0o640


def test_a_mode_is_independent_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        durable.write_json(tmp_path / "file", {"b": 1, "a": 2}, 0o444, (os.getuid(), os.getgid()))
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o7777 == 0o444
    assert (tmp_path / "file").read_text() == '{\n  "a": 2,\n  "b": 1\n}\n'


def test_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        durable.write_atomic(tmp_path / "nowhere" / "file", b"", 0o644)


def test_a_second_holder_waits_as_long_as_said_and_no_longer(tmp_path: Path) -> None:
    clock = FakeClock()
    with durable.locked(tmp_path / "lock", 1.0, clock) as first:
        assert first
        with durable.locked(tmp_path / "lock", 1.0, clock) as second:
            assert not second
        assert 1.0 <= clock.now < 1.0 + 2 * durable.POLL
        with durable.locked(tmp_path / "lock", 0, clock) as third:
            assert not third
    with durable.locked(tmp_path / "lock", 0, clock) as fourth:
        assert fourth


def test_a_lock_is_given_back_although_a_child_before_its_exec_still_has_the_file_open(tmp_path: Path) -> None:
    clock = FakeClock()
    with durable.locked(tmp_path / "lock", 0, clock) as first:
        assert first
        opened = [each for each in Path("/proc/self/fd").iterdir() if _is(each, tmp_path / "lock")]
        assert len(opened) == 1
        of_the_child = os.dup(int(opened[0].name))
    try:
        with durable.locked(tmp_path / "lock", 0, clock) as second:
            assert second
    finally:
        os.close(of_the_child)


def _is(descriptor: Path, path: Path) -> bool:
    try:
        return descriptor.readlink() == path
    except OSError:
        return False


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    clock = FakeClock()
    with pytest.raises(KeyError), durable.locked(tmp_path / "lock", 0, clock):
        raise KeyError
    pid = os.fork()
    if pid == 0:
        handle = os.open(tmp_path / "lock", os.O_RDWR)
        fcntl.flock(handle, fcntl.LOCK_EX)
        os._exit(0)
    os.waitpid(pid, 0)
    with durable.locked(tmp_path / "lock", 0, clock) as held:
        assert held


def test_a_lock_that_cannot_be_opened_is_not_held(tmp_path: Path) -> None:
    with durable.locked(tmp_path / "nowhere" / "lock", 5, FakeClock()) as held:
        assert not held


def test_read_json_of_what_is_no_json(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert durable.read_json(path) is None
    for content in (b"", b"{", b"\xff\xfe", b"[" * 100_000):
        path.write_bytes(content)
        assert durable.read_json(path) is None
    path.write_bytes(b'{"a": 1}')
    assert durable.read_json(path) == {"a": 1}
