"""The one writer of breaker files loses nothing, believes nobody's directory, and says when it was not alone."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.errors import Refused
from freqops.core.base.mandate import Mandate
from freqops.core.breaker import places
from freqops.hostctl.breaker import writer
from freqops.hostctl.breaker.writer import Switch
from tests.unit.fakes import FakeClock

ME = os.getuid()
WHY = Mandate("one", "outage", "ann@desk")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(writer, "OWNER", ME)
    place = places.host_breaker(tmp_path)
    place.parent.mkdir(parents=True)
    return place


def put(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o644)


def active(path: Path) -> bool:
    return Switch(path).read(FakeClock().utcnow()).active


@pytest.mark.parametrize("act", ["enable", "disable"])
def test_what_cannot_be_read_is_kept_beside(path: Path, act: str) -> None:
    put(path, '{"active": fal')
    clock, switch = FakeClock(), Switch(path)
    written = writer.enable(switch, None, WHY, clock) if act == "enable" else writer.disable(switch, WHY, clock)
    assert (written.changed, written.error) == (True, None)
    assert active(path) is (act == "enable")
    assert json.loads(path.read_text())["reason"] == "outage"
    [kept] = path.parent.glob("circuit_breaker.json.unreadable-20260102T030405Z-*")
    assert kept.read_text() == '{"active": fal'
    assert f"kept as {kept}" in written.notes[0]


def test_what_is_kept_never_takes_another_ones_place(path: Path) -> None:
    for _ in range(3):
        put(path, "{")
        writer.enable(Switch(path), None, WHY, FakeClock())
    assert len(list(path.parent.glob("*.unreadable-*"))) == 3


@pytest.mark.parametrize("kind", ["link", "fifo"])
def test_what_is_no_file_is_replaced_and_not_followed(path: Path, kind: str) -> None:
    other = path.with_name("other")
    other.write_text("untouched")
    path.symlink_to(other) if kind == "link" else os.mkfifo(path)
    writer.enable(Switch(path), None, WHY, FakeClock())
    assert path.is_file()
    assert not path.is_symlink()
    assert other.read_text() == "untouched"
    assert len(list(path.parent.glob("*.unreadable-*"))) == 1


def test_a_directory_is_left_where_it_is(path: Path) -> None:
    """Moved away, it would leave nothing for a moment, and for one bot that means inactive."""
    path.mkdir()
    with pytest.raises(Refused, match="is a directory: move it away"):
        writer.disable(Switch(path), WHY, FakeClock())
    assert path.is_dir()


def test_a_directory_of_others_is_refused_before_anything_is_written(path: Path) -> None:
    path.parent.chmod(0o777)
    with pytest.raises(Refused, match=r"would not be believed: its directory can be written by others .*chmod go-w"):
        writer.enable(Switch(path), None, WHY, FakeClock())
    assert list(path.parent.iterdir()) == []


def test_a_file_that_others_may_write_is_replaced(path: Path) -> None:
    put(path, '{"active": false, "reason": "outage", "until_iso": null}')
    path.chmod(0o666)
    assert active(path)
    written = writer.disable(Switch(path), WHY, FakeClock())
    assert written.changed
    assert not active(path)
    assert path.stat().st_mode & 0o7777 == 0o600


def test_two_writers_wait_for_each_other(path: Path) -> None:
    clock = FakeClock()
    put(path, '{"active": false}')
    with places.lock_of(path).open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Refused, match=r"another command has been writing .* for 10 s"):
            writer.enable(Switch(path), None, WHY, clock)
        with pytest.raises(Refused, match=r"another command has been writing .* for 10 s"):
            writer.disable(Switch(path), WHY, clock)
    assert path.read_text() == '{"active": false}'


def test_a_disk_without_room_for_a_lock_keeps_nobody_from_trying(path: Path) -> None:
    places.lock_of(path).mkdir()
    assert writer.enable(Switch(path), None, WHY, FakeClock()).error is None
    assert active(path)


def test_what_is_read_back_must_be_what_was_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrote = durable.write_atomic

    def meddled(place: Path, *arguments: Any) -> None:
        wrote(place, *arguments)
        if place == path:
            put(path, '{"active": false}')

    monkeypatch.setattr(durable, "write_atomic", meddled)
    written = writer.enable(Switch(path), None, WHY, FakeClock())
    assert written.changed
    assert "something else was read back" in (written.error or "")


def test_what_may_not_last_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = durable.sync_directory

    def failing(directory: Path) -> None:
        if path.exists():
            raise OSError(errno.EIO, "Input/output error")
        synced(directory)

    monkeypatch.setattr(durable, "sync_directory", failing)
    written = writer.enable(Switch(path), None, WHY, FakeClock())
    assert written.changed
    assert "may not survive a loss of power: Input/output error" in (written.error or "")
    assert active(path)


def test_a_full_disk_leaves_what_was_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(path, '{"active": true}')

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        writer.disable(Switch(path), WHY, FakeClock())
    assert path.read_text() == '{"active": true}'


def test_that_nobody_could_be_written_down_delays_nothing(path: Path) -> None:
    places.setting_of(path).mkdir()
    written = writer.enable(Switch(path), None, WHY, FakeClock())
    assert (written.changed, written.error) == (True, None)
    assert "who set it was not written down" in written.notes[0]
    assert Switch(path).said(FakeClock().utcnow()).who == "by hand"


def test_the_directories_of_a_host_are_made_and_no_others(tmp_path: Path, path: Path) -> None:
    tree = tmp_path / "tree"
    with pytest.raises(Refused, match="make it, root's alone"):
        writer.enable(Switch(places.host_breaker(tree)), None, WHY, FakeClock())
    tree.mkdir()
    writer.enable(Switch(places.host_breaker(tree)), None, WHY, FakeClock())
    modes = [place.stat().st_mode & 0o7777 for place in (tree / "user_data", tree / "user_data" / "state")]
    assert modes == [0o755, 0o700]
    with pytest.raises(Refused, match="make it, root's alone"):
        writer.enable(Switch(tree / "user_data" / "elsewhere" / "circuit_breaker.json"), None, WHY, FakeClock())
    for short in (Path("/nowhere.d/f.json"), Path("/nowhere.d/a/f.json")):
        with pytest.raises(Refused, match="make it, root's alone"):
            writer.enable(Switch(short), None, WHY, FakeClock())


def test_a_host_without_a_file_gets_an_inactive_one_and_a_bot_none(path: Path) -> None:
    """A missing file trips a host, and no bot."""
    alone = path.with_name("of-one-bot.json")
    assert not writer.disable(Switch(alone, "alpha"), WHY, FakeClock()).changed
    assert not alone.exists()
    assert writer.disable(Switch(path), WHY, FakeClock()).changed
    assert json.loads(path.read_text()) == {"active": False, "reason": "outage", "until_iso": None}
