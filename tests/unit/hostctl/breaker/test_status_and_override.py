"""How the breaker stands, in an exit status; overrides, which lapse; and files that guard does not follow."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.base.exit_status import BREAKER_ACTIVE, BREAKER_UNREADABLE, NOT_PROVEN, PROVEN
from freqops.core.breaker import breaker_file, override_file, places
from freqops.hostctl.breaker import switching
from tests.unit.hostctl.breaker.guarded import ME, GuardedHost


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GuardedHost:
    made = GuardedHost(tmp_path, monkeypatch)
    made.lay_inactive()
    return made


def evidence(host: GuardedHost) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(host.root.glob("incidents/*/*-breaker_*.json"))]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('{"active": false}', PROVEN), ('{"active": true}', BREAKER_ACTIVE), ("{", BREAKER_UNREADABLE),
        (None, BREAKER_UNREADABLE), ('{"active": true, "until_iso": "2026-01-01T00:00:00Z"}', PROVEN),
    ],
)  # fmt: skip
def test_status_ends_with_what_the_file_says(host: GuardedHost, text: str | None, status: int) -> None:
    host.file.unlink()
    if text is not None:
        host.write(host.file, text)
    host.round()
    done = switching.status(host.order("status"), host.clock)
    assert done.exit == status
    said = {PROVEN: "inactive", BREAKER_ACTIVE: "active", BREAKER_UNREADABLE: "unreadable"}[status]
    assert done.to_json()["file"] == said
    assert all(row.proven for row in done.answer.rows)
    assert str(host.file) in done.answer.detail[0]


def test_inactive_is_not_0_while_a_bot_is_still_held_or_nobody_answers(host: GuardedHost) -> None:
    assert switching.status(host.order("status"), host.clock).exit == NOT_PROVEN
    host.round()
    assert switching.status(host.order("status"), host.clock).exit == PROVEN
    switching.enable(host.order("enable"), host.clock)
    host.lives = False
    host.write(host.file, '{"active": false}')
    assert switching.status(host.order("status"), host.clock).exit == NOT_PROVEN


def test_an_override_has_an_end_stands_in_every_status_and_lapses(host: GuardedHost) -> None:
    host.round()
    end = host.clock.utcnow() + timedelta(seconds=8)
    done = switching.override(host.order("override", end=end), host.clock)
    assert (done.exit, done.answer.changed) == (PROVEN, True)
    assert [each["command"] for each in evidence(host)] == ["breaker_override"]
    shown = switching.status(host.order("status"), host.clock)
    assert shown.answer.override == (
        "runs may start in spite of the breaker until 2026-01-02T03:04:13Z, by ann@desk: outage"
    )
    assert shown.exit == PROVEN
    host.clock.sleep(8)
    assert switching.status(host.order("status"), host.clock).answer.override == ""
    place = places.override(host.root)
    assert not override_file.read(place, host.clock.utcnow(), owner=ME).in_force


def test_an_override_is_withdrawn(host: GuardedHost) -> None:
    end = host.clock.utcnow() + timedelta(hours=1)
    switching.override(host.order("override", end=end), host.clock)
    done = switching.override(host.order("override", withdraw=True), host.clock)
    assert (done.exit, done.answer.changed, done.answer.override) == (PROVEN, True, "")
    assert not places.override(host.root).exists()
    again = switching.override(host.order("override", withdraw=True), host.clock)
    assert (again.exit, again.answer.changed) == (PROVEN, False)


def test_a_file_that_guard_does_not_follow_holds_no_bot_and_that_is_said(host: GuardedHost, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "breaker.json"
    with pytest.raises(Refused, match="make it, root's alone"):
        switching.enable(host.order("enable", other=other), host.clock)
    other.parent.mkdir(mode=0o755)
    done = switching.enable(host.order("enable", other=other), host.clock)
    assert (done.exit, done.answer.rows) == (PROVEN, [])
    assert breaker_file.read(other, host.clock.utcnow(), owner=ME).active
    assert f"is not the breaker of this host, {host.file}: it holds no bot" in done.answer.detail[-1]
    assert switching.status(host.order("status", other=other), host.clock).exit == BREAKER_ACTIVE
    assert not breaker_file.read(host.file, host.clock.utcnow(), owner=ME).active


def test_a_host_without_bots_has_a_breaker_for_its_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = GuardedHost(tmp_path, monkeypatch, bots=())
    done = switching.enable(host.order("enable"), host.clock)
    assert (done.exit, done.answer.rows, done.answer.changed, done.answer.file) == (PROVEN, [], True, "active")
    assert switching.disable(host.order("disable"), host.clock).answer.file == "inactive"
    assert host.file.parent.stat().st_mode & 0o022 == 0
    assert host.file.is_file()
