"""A holder looks at its own slot, and at that of others: it is heard in time, and knows when its run must end."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from freqops.core.runs import slots
from freqops.core.runs.slots import Lost
from freqops.hostctl.runs.holder import Kept, Watched
from tests.unit.slot_fields import SlotField

TTL = 900


@pytest.fixture
def host(tmp_path: Path) -> SlotField:
    return SlotField(tmp_path)


def of(host: SlotField, kind: type[Watched]) -> tuple[Watched, str]:
    acquired = host.acquire()
    return kind(host.directory, acquired.token, acquired.slot), acquired.token


def test_a_slot_of_ones_own_is_kept_six_times_in_its_time_to_live(host: SlotField) -> None:
    watch, token = of(host, Kept)
    heard = []
    for _ in range(2 * TTL):
        watch.look()
        heard.append(host.directory.held(token).heard.uptime)
        host.sleep(1)
    assert len(set(heard)) == 2 * slots.BEATS_IN_TTL


def test_a_holder_that_was_stopped_finds_its_heartbeat_late_and_writes_none(host: SlotField) -> None:
    watch, _ = of(host, Kept)
    host.sleep(TTL * slots.LATE)
    before = (host.running / host.files()[0]).read_bytes()
    with pytest.raises(Lost, match=r"no heartbeat was written for 450\.0 s"):
        watch.look()
    assert (host.running / host.files()[0]).read_bytes() == before


def test_a_full_disk_is_tried_again_until_it_is_too_late(host: SlotField, monkeypatch: pytest.MonkeyPatch) -> None:
    watch, token = of(host, Kept)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    host.sleep(TTL / 3)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fchmod", full)
        watch.look()
    watch.look()
    assert host.directory.held(token).silence(host.boot()) == 0
    monkeypatch.setattr(os, "fchmod", full)
    host.sleep(TTL / 3)
    watch.look()
    host.sleep(TTL / 3)
    with pytest.raises(Lost):
        watch.look()


@pytest.mark.parametrize("kind", [Kept, Watched])
def test_a_slot_that_was_taken_away_is_lost(host: SlotField, kind: type[Watched]) -> None:
    watch, _ = of(host, kind)
    (host.running / host.files()[0]).unlink()
    host.sleep(TTL / 3)
    with pytest.raises(Lost, match="is not held any more"):
        watch.look()


def test_a_slot_of_others_is_lost_when_they_are_not_heard(host: SlotField) -> None:
    watch, token = of(host, Watched)
    host.sleep(TTL / 3)
    host.directory.keep(token)
    host.sleep(TTL / 3)
    watch.look()
    host.sleep(TTL / 3)
    with pytest.raises(Lost, match="nothing was heard of the holder"):
        watch.look()


def torn(host: SlotField) -> bytes:
    """Tear the one lock file, and return what was in it."""
    path = host.running / host.files()[0]
    body = path.read_bytes()
    path.write_bytes(body[:20])
    return body


@pytest.mark.parametrize("kind", [Kept, Watched])
def test_a_slot_that_cannot_be_read_for_a_while_is_tried_again(host: SlotField, kind: type[Watched]) -> None:
    watch, token = of(host, kind)
    body = torn(host)
    host.sleep(TTL / 3)
    watch.look()
    (host.running / host.files()[0]).write_bytes(body)
    watch.look()
    assert host.directory.held(token) == watch.slot


def test_a_slot_of_others_that_cannot_be_read_is_lost_when_it_is_late(host: SlotField) -> None:
    watch, _ = of(host, Watched)
    torn(host)
    host.sleep(TTL * slots.LATE - 1)
    watch.look()
    host.sleep(1)
    with pytest.raises(Lost, match=r"nothing was heard of the slot for 450\.0 s: .*; if its run has ended: rm "):
        watch.look()
